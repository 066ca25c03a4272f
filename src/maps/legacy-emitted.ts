import { type Btf, typeById } from "../btf/model.ts";
import { nameText } from "../btf/names.ts";
import { sizeOf, skipModifiers } from "../btf/walk.ts";
import { MAPS_SECTION } from "./sites.ts";
import { unwrapDefinition } from "./unwrap.ts";

/** Deepest nesting that is looked through. */
const MAX_LAYERS = 32;
/** Numbers of the shortest `bpf_map_def`, and bytes of each. */
const NUMBERS = 5;
const NUMBER_SIZE = 4;

/** Whether a type is a `bpf_map_def`, or wraps one: five numbers or more and nothing else. */
function isLegacy(btf: Btf, typeId: number): boolean {
  let id = skipModifiers(btf, typeId);
  for (let layer = 0; layer < MAX_LAYERS; layer++) {
    const type = typeById(btf, id);
    if (type?.kind !== "struct" && type?.kind !== "union") return false;
    const sized = type.members.filter((member) => sizeOf(btf, member.type) !== 0);
    const [only] = sized;
    if (sized.length !== 1 || only === undefined) return sized.length >= NUMBERS && sized.every(isNumber(btf));
    id = skipModifiers(btf, only.type);
  }
  return false;
}

function isNumber(btf: Btf): (member: { readonly type: number }) => boolean {
  return ({ type }) => {
    const int = typeById(btf, skipModifiers(btf, type));
    return int?.kind === "int" && int.size === NUMBER_SIZE;
  };
}

function* mapVariables(btf: Btf): Generator<readonly [name: string, typeId: number]> {
  for (const type of btf.types) {
    if (type.kind !== "datasec" || nameText(btf, type.nameOff) !== MAPS_SECTION) continue;
    for (const entry of type.entries) {
      const variable = typeById(btf, entry.type);
      if (variable?.kind === "var") yield [nameText(btf, variable.nameOff), variable.type];
    }
  }
}

/**
 * Maps of `.maps` whose definitions a repair has made of legacy ones, and that new BTF would give their old types again: `made` is what
 * debug info gives, `old` what the object has.
 */
export function forgottenMaps(made: Btf, old: () => Btf): readonly string[] {
  const legacy = new Set([...mapVariables(made)].filter(([, id]) => isLegacy(made, id)).map(([name]) => name));
  if (legacy.size === 0) return [];
  const before = old();
  return [...mapVariables(before)].flatMap(([name, id]) =>
    legacy.has(name) && unwrapDefinition(before, id) !== undefined ? [name] : [],
  );
}
