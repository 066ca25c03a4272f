import { type Btf, typeById, typesWithIds } from "../btf/model.ts";
import { sizeOf, skipModifiers } from "../btf/walk.ts";

/** Bytes of an array map's key. */
const KEY_SIZE = 4;
/** Newtypes that are looked through. */
const MAX_LAYERS = 32;

function isIntKey(btf: Btf, id: number): boolean {
  const type = typeById(btf, skipModifiers(btf, id));
  return type?.kind === "int" && type.size === KEY_SIZE && type.bits === KEY_SIZE * 8;
}

/** The one member that a newtype is; undefined for any other type. */
function inside(btf: Btf, id: number): number | undefined {
  const type = typeById(btf, skipModifiers(btf, id));
  if (type?.kind !== "struct") return undefined;
  const sized = type.members.filter((member) => sizeOf(btf, member.type) !== 0);
  return sized.length === 1 && sized[0]?.bitOffset === 0 ? sized[0].type : undefined;
}

/**
 * The INT that can stand for a key which the kernel wants to be a 32-bit INT (`array_map_check_btf`, `bpf_local_storage_map_check_btf`):
 * what a newtype holds, or for an ENUM any INT of its size. Undefined if the key is one already, or cannot be.
 */
export function intForKey(btf: Btf, keyId: number): number | undefined {
  if (isIntKey(btf, keyId) || sizeOf(btf, keyId) !== KEY_SIZE) return undefined;
  let id: number | undefined = keyId;
  for (let layer = 0; layer < MAX_LAYERS && id !== undefined; layer++) {
    if (isIntKey(btf, id)) return id;
    if (typeById(btf, skipModifiers(btf, id))?.kind === "enum") {
      for (const [int] of typesWithIds(btf)) if (typeById(btf, int)?.kind === "int" && isIntKey(btf, int)) return int;
      return undefined;
    }
    id = inside(btf, id);
  }
  return undefined;
}
