import { type Btf, type BtfMember, type BtfType, typeById } from "../../btf/model.ts";
import { nameText } from "../../btf/names.ts";
import { typesOfKind } from "../../btf/of-kind.ts";
import { type ElfRelocation, type ElfView, SHN_LORESERVE } from "../../elf/model.ts";
import type { LoaderRule } from "../loader.ts";
import { type Collected, type CollectedProgram, sectionName } from "./collect.ts";
import { fallOnPlace, followed } from "./follow.ts";
import { programAt } from "./programs.ts";
import { ENOTSUP, FORMAT, LibbpfRefusal, libbpfRule, RELOC } from "./rule.ts";
import type { LibbpfVersion } from "./sanitise.ts";

const INSN_SIZE = 8;
/** Links of typedefs and modifiers that libbpf follows. */
const MAX_DEPTH = 32;

const init = "init_struct_ops_maps";
const relos = "bpf_object__collect_st_ops_relos";
const described = libbpfRule(
  "LO-01",
  "A section of struct_ops has a DATASEC.",
  init,
  "struct_ops init: DATASEC S not found",
);
const resolved = libbpfRule(
  "LO-02",
  "A variable of struct_ops has a type.",
  init,
  "struct_ops init: Cannot resolve var type_id N in DATASEC S",
);
const named = libbpfRule(
  "LO-03",
  "A variable of struct_ops has a type with a name.",
  init,
  "struct_ops init: anonymous type is not supported",
  { errno: ENOTSUP },
);
const struct = libbpfRule("LO-04", "A variable of struct_ops is a struct.", init, "struct_ops init: T is not a struct");
const inside = libbpfRule(
  "LO-05",
  "A variable of struct_ops lies within its section.",
  init,
  "struct_ops init: var V is beyond the end of DATASEC S",
);
const inMap = libbpfRule(
  "LO-06",
  "What fills struct_ops lies in a variable.",
  relos,
  "struct_ops reloc: cannot find map at rel->r_offset N",
);
const inSection = libbpfRule(
  "LO-07",
  "What fills struct_ops lies in a section.",
  relos,
  "struct_ops reloc M: rel->r_offset N shdr_idx N unsupported non-static function",
  { errno: RELOC },
);
const whole = libbpfRule(
  "LO-08",
  "What fills struct_ops begins at an instruction.",
  relos,
  "struct_ops reloc M: invalid target program offset N",
  { errno: FORMAT },
);
const member = libbpfRule(
  "LO-09",
  "What fills struct_ops stands where a member begins.",
  relos,
  "struct_ops reloc M: cannot find member at moff N",
);
const pointer = libbpfRule(
  "LO-10",
  "What is filled is a pointer to a function.",
  relos,
  "struct_ops reloc M: cannot relocate non func ptr F",
);
const program = libbpfRule(
  "LO-11",
  "What fills struct_ops is a program.",
  relos,
  "struct_ops reloc M: cannot find prog at shdr_idx N to relocate func ptr F",
);
const ownKind = libbpfRule(
  "LO-12",
  "What fills struct_ops is a program of that type.",
  relos,
  "struct_ops reloc M: prog P is not struct_ops BPF program",
);
const onePlace = libbpfRule(
  "LO-13",
  "A program fills the same member of the same struct everywhere.",
  relos,
  "struct_ops reloc M: cannot use prog P in sec S with type 27 attach_btf_id N expected_attach_type N for func ptr F",
  { until: "1.1" },
);

export const structOpsRules: readonly LoaderRule[] = [
  described,
  resolved,
  named,
  struct,
  inside,
  inMap,
  inSection,
  whole,
  member,
  pointer,
  program,
  ownKind,
  onePlace,
];

/** A variable of struct_ops; bytes within its section, the id of its struct. */
export interface StructOps {
  readonly name: string;
  readonly section: number;
  readonly offset: number;
  readonly size: number;
  readonly typeId: number;
  /** Not created unless user space wants it: the first one of a section whose name begins with "?", and libbpf forgets it of the others. */
  readonly isOptional: boolean;
}

/** The sections of struct_ops that libbpf reads: 1.1 knows but one. */
export function structOpsSections({ uses }: Collected, version: LibbpfVersion): readonly number[] {
  const sections = [...uses].filter(([, use]) => use === "structOps").map(([section]) => section);
  return version === "1.1" ? sections.slice(-1) : sections;
}

/** The type behind a variable, its typedefs and modifiers (`btf__resolve_type`); undefined for void and what has no size. */
function resolve(btf: Btf, id: number): readonly [id: number, type: BtfType] | undefined {
  let at = id;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const type = typeById(btf, at);
    if (type === undefined || type.kind === "fwd") return undefined;
    switch (type.kind) {
      case "var":
      case "typedef":
      case "volatile":
      case "const":
      case "restrict":
      case "typeTag":
        at = type.type;
        break;
      default:
        return [at, type];
    }
  }
  return undefined;
}

function* variablesOf(btf: Btf, section: number, name: string, room: number): Generator<StructOps> {
  const [datasec] = [...typesOfKind(btf, "datasec")].filter(([, { nameOff }]) => nameText(btf, nameOff) === name);
  if (datasec === undefined) throw new LibbpfRefusal(described, `struct_ops init: DATASEC ${name} not found`);
  const plain = name.replace(/^\?/, "");
  for (const [index, { type: id, offset }] of datasec[1].entries.entries()) {
    const variable = typeById(btf, id);
    const map = variable === undefined ? "" : nameText(btf, variable.nameOff);
    const at = { map, typeId: id };
    const found = resolve(btf, id);
    if (found === undefined) {
      throw new LibbpfRefusal(
        resolved,
        `struct_ops init: Cannot resolve var type_id ${id} in DATASEC ${index === 0 ? name : plain}`,
        at,
      );
    }
    const [typeId, type] = found;
    const typeName = nameText(btf, type.nameOff);
    if (typeName === "") throw new LibbpfRefusal(named, undefined, at);
    if (type.kind !== "struct") throw new LibbpfRefusal(struct, `struct_ops init: ${typeName} is not a struct`, at);
    // A sum of 32 bits.
    if ((offset + type.size) >>> 0 > room) {
      throw new LibbpfRefusal(inside, `struct_ops init: var ${map} is beyond the end of DATASEC ${plain}`, at);
    }
    if (offset > room) fallOnPlace(id);
    yield { name: map, section, offset, size: type.size, typeId, isOptional: index === 0 && plain !== name };
  }
}

/** The variables of struct_ops, section by section (libbpf `bpf_object_init_struct_ops`). Throws a `LibbpfRefusal`. */
export function collectStructOps(
  btf: Btf,
  elf: ElfView,
  collected: Collected,
  version: LibbpfVersion,
): readonly StructOps[] {
  const read = new Set(structOpsSections(collected, version));
  return elf.sections
    .filter(({ index }) => read.has(index))
    .flatMap(({ index, name, size }) => [...variablesOf(btf, index, name, size)]);
}

function isFunctionPointer(btf: Btf, id: number): boolean {
  const type = followed(btf, id);
  return type?.kind === "ptr" && followed(btf, type.type)?.kind === "funcProto";
}

/** Whether libbpf takes programs of this section for those of struct_ops. */
function isOfStructOps(name: string, version: LibbpfVersion): boolean {
  const plain = name.startsWith("?") ? name.slice(1) : name;
  const kinds = version === "1.1" ? ["struct_ops"] : ["struct_ops", "struct_ops.s"];
  return kinds.some((kind) => plain === kind || plain.startsWith(`${kind}/`));
}

/** Where 1.1 saw each program first. */
export type Filled = Map<CollectedProgram, { readonly typeId: number; readonly index: number }>;

/** All that the relocations of struct_ops are judged by. */
export interface OpsLinked {
  readonly version: LibbpfVersion;
  readonly elf: ElfView;
  readonly collected: Collected;
  readonly btf: Btf;
  readonly variables: readonly StructOps[];
  readonly filled: Filled;
}

/** One initialiser of struct_ops (libbpf `bpf_object__collect_st_ops_relos`). Throws a `LibbpfRefusal`. */
export function checkOpsSlot(linked: OpsLinked, relocation: ElfRelocation): void {
  const { version, elf, collected, btf, variables } = linked;
  const target = elf.symbols[relocation.symbol];
  if (target === undefined) return;
  const { offset } = relocation;
  const variable = variables.find(
    (each) =>
      (version === "1.1" || each.section === relocation.target) &&
      each.offset <= offset &&
      offset - each.offset < each.size,
  );
  if (variable === undefined) {
    throw new LibbpfRefusal(inMap, `struct_ops reloc: cannot find map at rel->r_offset ${offset}`);
  }
  const fail: (rule: LoaderRule, text: string, of?: CollectedProgram) => never = (rule, text, of) => {
    const at = { map: variable.name, ...(of === undefined ? {} : { program: of.name }) };
    throw new LibbpfRefusal(rule, `struct_ops reloc ${variable.name}: ${text}`, at);
  };
  const { section, value } = target;
  if (section >= SHN_LORESERVE) {
    fail(inSection, `rel->r_offset ${offset} shdr_idx ${section} unsupported non-static function`);
  }
  if (value % INSN_SIZE !== 0) fail(whole, `invalid target program offset ${value}`);
  const type = typeById(btf, variable.typeId);
  const members: readonly BtfMember[] = type?.kind === "struct" ? type.members : [];
  const into = offset - variable.offset;
  const index = members.findIndex(({ bitOffset }) => bitOffset === into * 8);
  const found = members[index];
  if (found === undefined) fail(member, `cannot find member at moff ${into}`);
  const name = nameText(btf, found.nameOff);
  if (!isFunctionPointer(btf, found.type)) fail(pointer, `cannot relocate non func ptr ${name}`);
  const filling = programAt(collected.programs, section, value);
  if (filling === undefined) {
    fail(program, `cannot find prog at shdr_idx ${section} to relocate func ptr ${name}`);
  }
  const home = sectionName(elf, filling.section);
  if (!isOfStructOps(home, version)) fail(ownKind, `prog ${filling.name} is not struct_ops BPF program`, filling);
  if (version !== "1.1") return;
  const before = linked.filled.get(filling) ?? { typeId: variable.typeId, index };
  linked.filled.set(filling, before);
  if (before.typeId !== variable.typeId || before.index !== index) {
    const text = `cannot use prog ${filling.name} in sec ${home} with type 27 attach_btf_id ${before.typeId} expected_attach_type ${before.index} for func ptr ${name}`;
    fail(onePlace, text, filling);
  }
}
