import { type Btf, type BtfComposite, typeById } from "../btf/model.ts";
import { nameText } from "../btf/names.ts";
import { sizeOf, skipModifiers } from "../btf/walk.ts";

/** A definition struct and what was peeled off around it, outermost first. */
export interface Unwrapped {
  readonly structId: number;
  readonly struct: BtfComposite;
  readonly wrappers: readonly number[];
}

/** Deepest nesting that is looked through; real wrappers have two or three layers. */
const MAX_LAYERS = 32;

/** Whether a struct is a map definition: libbpf takes its fields from a member called `type`. Where that is an INT, it is a `bpf_map_def`. */
function isDefinition(btf: Btf, struct: BtfComposite): boolean {
  return struct.members.some(({ nameOff, type }) => {
    return nameText(btf, nameOff) === "type" && typeById(btf, skipModifiers(btf, type))?.kind !== "int";
  });
}

/**
 * The definition behind a map variable's type. Newtypes are peeled while a record holds exactly one member of non-zero size, which
 * begins at offset 0 (`HashMap.__0` → `UnsafeCell.value` → definition); zero-sized siblings (PhantomData) and padding (`align(64)`) do
 * not count, names do not matter.
 *
 * Undefined when no struct with a member `type` lies behind it. A struct that is none and has no single such member is returned by
 * `outermost` callers as it is: libbpf (`parse_btf_map_def`) will name the field that it does not know.
 */
export function unwrapDefinition(btf: Btf, typeId: number): Unwrapped | undefined {
  const wrappers: number[] = [];
  let id = skipModifiers(btf, typeId);
  for (let layer = 0; layer < MAX_LAYERS; layer++) {
    const type = typeById(btf, id);
    // A UNION may wrap too: `MaybeUninit` is one, of `()` and the value.
    if (type?.kind !== "struct" && type?.kind !== "union") return undefined;
    if (type.kind === "struct" && isDefinition(btf, type)) return { structId: id, struct: type, wrappers };
    const sized = type.members.filter((member) => sizeOf(btf, member.type) !== 0);
    const [only] = sized;
    if (sized.length !== 1 || only === undefined || only.bitOffset !== 0) return undefined;
    wrappers.push(id);
    id = skipModifiers(btf, only.type);
  }
  return undefined;
}
