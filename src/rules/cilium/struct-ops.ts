import type { LoaderRule } from "../loader.ts";
import type { Collected, ReadSection } from "./collect.ts";
import { content } from "./contents.ts";
import { MAP_TYPE } from "./map-spec.ts";
import type { Maps } from "./maps.ts";
import type { Program } from "./programs.ts";
import { ciliumRule, refuse, within } from "./rule.ts";
import type { Spec } from "./spec.ts";
import { as, goType, newType, type Part, type Type } from "./types.ts";

const hasBtf = ciliumRule(
  "CS-01",
  "An object with struct_ops has BTF.",
  "elfCode.associateStructOpsRelocs",
  "struct_ops section .struct_ops.link: missing BTF",
);
const isVar = ciliumRule(
  "CS-02",
  "What the DATASEC of struct_ops holds is a VAR.",
  "elfCode.createStructOpsMap",
  "vsi: expect var, got T",
);
const isStruct = ciliumRule(
  "CS-03",
  "A variable of struct_ops is a STRUCT.",
  "elfCode.createStructOpsMap",
  "var V: expect struct, got T",
);
const inside = ciliumRule(
  "CS-04",
  "A variable of struct_ops ends with the section, or before.",
  "elfCode.createStructOpsMap",
  "V exceeds section",
);
const once = ciliumRule(
  "CS-05",
  "A variable of struct_ops is called as no other map.",
  "elfCode.createStructOpsMap",
  "struct_ops map V: already exists",
);
const programThere = ciliumRule(
  "CS-06",
  "A function that struct_ops refers to is a program, not in .text.",
  "structOpsSetAttachTo",
  "program P not found",
);
const programKind = ciliumRule(
  "CS-07",
  "A program that struct_ops refers to is in a section for them.",
  "structOpsSetAttachTo",
  "program P is not StructOps",
);

export const structOpsRules: readonly LoaderRule[] = [hasBtf, isVar, isStruct, inside, once, programThere, programKind];

const LINK = 1 << 13;

function createMap({ type, offset }: Part, bytes: Uint8Array, maps: Maps): Type {
  const variable = as(type, "Var");
  if (variable?.ref === undefined) refuse(isVar, `vsi: expect var, got ${goType(type)}`);
  const { name } = variable;
  const struct = as(variable.ref, "Struct");
  const at = { map: name };
  if (struct === undefined) refuse(isStruct, `var ${name}: expect struct, got ${goType(variable.ref)}`, at);
  if (offset + struct.size > bytes.length) refuse(inside, `${name} exceeds section`, at);
  if (maps.has(name)) refuse(once, `struct_ops map ${name}: already exists`, at);
  maps.set(name, {
    name,
    type: MAP_TYPE.structOps,
    keySize: 4,
    valueSize: struct.size,
    maxEntries: 1,
    flags: LINK,
    mapExtra: 0n,
    pinning: 0,
    key: newType("Int", 0, "", 4),
    value: struct,
    inner: undefined,
    contents: new Map(),
  });
  return struct;
}

function checkMembers(
  { relocations }: ReadSection,
  base: number,
  struct: Type,
  programs: ReadonlyMap<string, Program>,
): void {
  for (const { offset } of struct.parts) {
    const symbol = relocations.get((base + (offset >>> 3)) >>> 0);
    if (symbol === undefined) continue;
    const at = { program: symbol.name };
    const program = programs.get(symbol.name);
    if (program === undefined || program.section === ".text") {
      refuse(programThere, `program ${symbol.name} not found`, at);
    }
    if (!/^\??struct_ops(\.s)?(\/|$)/.test(program.section)) {
      refuse(programKind, `program ${symbol.name} is not StructOps`, at);
    }
  }
}

/** The maps of `.struct_ops.link`. Errors: CS-01 to CS-07, CB-25, CB-26, those of types. */
export function loadStructOps(
  { elf, sections }: Collected,
  spec: Spec | undefined,
  maps: Maps,
  programs: ReadonlyMap<string, Program>,
): void {
  for (const of of sections.values()) {
    if (of.kind !== "structOps") continue;
    const { name } = of.section;
    const bytes = within("failed to read section data", () => content(elf, of.section));
    if (spec === undefined) refuse(hasBtf, `struct_ops section ${name}: missing BTF`);
    const datasec = within(`datasec ${name}`, () => spec.named("Datasec", name));
    for (const part of datasec.parts) checkMembers(of, part.offset, createMap(part, bytes, maps), programs);
  }
}
