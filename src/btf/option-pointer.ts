import { unescapeName } from "./escape.ts";
import { type Btf, type BtfType, typeById } from "./model.ts";
import { nameText } from "./names.ts";
import { sizeOf } from "./walk.ts";

/** Bytes of a pointer of BPF programs. */
const POINTER_SIZE = 8;
/** `Option<NonNull<T>>` has one record around the pointer, a newtype of it one more; nobody nests them deeper. */
const MAX_WRAPPERS = 8;

/** The only member of a record that has a size, if it fills the record. */
function soleMember(btf: Btf, type: BtfType | undefined): number | undefined {
  if (type?.kind !== "struct" || type.size !== POINTER_SIZE) return undefined;
  const [member, ...more] = type.members.filter((each) => sizeOf(btf, each.type) !== 0);
  return member === undefined || more.length > 0 || member.bitOffset !== 0 || member.bitfieldSize !== 0
    ? undefined
    : member.type;
}

/** The PTR that a record holds and nothing else, through newtypes such as NonNull; its id. */
function pointerIn(btf: Btf, id: number): number | undefined {
  let at: number | undefined = id;
  for (let depth = 0; at !== undefined && depth < MAX_WRAPPERS; depth++) {
    const type: BtfType | undefined = typeById(btf, at);
    if (type?.kind === "ptr") return at;
    at = soleMember(btf, type);
  }
  return undefined;
}

/**
 * The PTR that an `Option` of a pointer is, by id; undefined for every other type.
 *
 * rustc promises the layout (the "null pointer optimization"): 8 bytes that are null for `None`. LLVM writes it as an enum with payload
 * whose tag lies on the pointer: no enum with a tag of its own has the two at one place.
 */
export function optionPointer(btf: Btf, id: number): number | undefined {
  const record = typeById(btf, id);
  if (record?.kind !== "struct") return undefined;
  const name = nameText(btf, record.nameOff);
  if (!name.startsWith("Option") || !unescapeName(name).startsWith("Option<")) return undefined;
  const union = typeById(btf, record.members.length === 1 ? (soleMember(btf, record) ?? 0) : 0);
  if (union?.kind !== "union" || union.members.length !== 3) return undefined;
  const [tag, none, some] = union.members;
  if (tag === undefined || none === undefined || some === undefined) return undefined;
  const isTag =
    typeById(btf, tag.type)?.kind === "int" && tag.bitOffset === 0 && sizeOf(btf, tag.type) === POINTER_SIZE;
  const empty = typeById(btf, none.type);
  if (!isTag || empty?.kind !== "struct" || empty.members.length > 0) return undefined;
  return typeById(btf, some.type)?.kind === "struct" ? pointerIn(btf, some.type) : undefined;
}
