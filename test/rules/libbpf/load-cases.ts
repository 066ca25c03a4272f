import { readFileSync } from "node:fs";
import { BtfBuilder } from "../../../src/btf/builder.ts";
import { encodeBtf } from "../../../src/btf/encode.ts";
import { parseBtfExt } from "../../../src/btf/ext.ts";
import type { ExtTable } from "../../../src/btf/ext-model.ts";
import { nameText } from "../../../src/btf/names.ts";
import { typesOfKind } from "../../../src/btf/of-kind.ts";
import { parseBtf } from "../../../src/btf/parse.ts";
import { parseElf } from "../../../src/elf/parse.ts";
import { sectionNamed } from "../../../src/elf/symbols.ts";
import { EXIT, type Insn, move } from "../../object.ts";
import { withExt } from "../program-info/objects.ts";
import { type Vector, vector } from "./btf-cases.ts";
import { type Changes, drawObject, LOAD_REST, type Types } from "./draft.ts";

const corpus = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../../corpus/c/${name}.bpfel.o`, import.meta.url)));

/** The object with an INT of more bits than its bytes hold, which no kernel takes. */
function withWideInt(object: Uint8Array): Uint8Array {
  const bytes = object.slice();
  const section = sectionNamed(parseElf(bytes), ".BTF");
  if (section === undefined) throw new Error("no BTF");
  const btf = parseBtf(section.bytes);
  const [first] = [...typesOfKind(btf, "int")];
  if (first === undefined) throw new Error("no INT");
  const builder = new BtfBuilder(btf);
  builder.replace(first[0], { ...first[1], bits: 99 });
  bytes.set(encodeBtf(builder.finish()), section.offset);
  return bytes;
}

const structOps = corpus("struct_ops");

/** An object with a map of such sizes, and one entry. */
function sized(type: number, keySize: number, valueSize: number): Uint8Array {
  return drawObject({
    maps: ({ number }) => [
      {
        name: "M",
        fields: [
          ["type", number(type)],
          ["key_size", number(keySize)],
          ["value_size", number(valueSize)],
          ["max_entries", number(1)],
        ],
      },
    ],
  });
}

const loops = corpus("bounded_loops");

/** The object without the records that one table has of `.text`, whose functions are called. */
function withoutText(table: "funcInfo" | "lineInfo"): Uint8Array {
  const section = sectionNamed(parseElf(loops), ".BTF.ext");
  if (section === undefined) throw new Error("no .BTF.ext");
  const ext = parseBtfExt(section.bytes);
  const text = sectionNamed(parseElf(loops), ".BTF");
  const btf = text && parseBtf(text.bytes);
  const less = <R>(found: ExtTable<R> | undefined): ExtTable<R> | undefined =>
    found && {
      ...found,
      sections: found.sections.filter(({ secNameOff }) => btf === undefined || nameText(btf, secNameOff) !== ".text"),
    };
  return withExt(loops, { ...ext, [table]: table === "funcInfo" ? less(ext.funcInfo) : less(ext.lineInfo) });
}

const ADDRESS_OF_FUNCTION: Insn = [0x18, 0x42, 0, 0];
const CALL: Insn = [0x85, 0x10, 0, 1];
const code = (...insns: readonly Insn[]): Uint8Array => drawObject({ insns, relocations: [] });

/** The object with a type that has such a tag. */
const tagged = (type: (types: Types) => number, tag = "exception_callback:none"): Changes => ({
  types: (types) => void types.graph.declTag(tag, type(types)),
});

/** An extern of `.kconfig` with this name, weak or not. */
const named = (name: string, type: (types: Types) => number, binding = 1): Changes => ({
  types: (types) => void types.graph.datasec(".kconfig", 0, [[types.graph.variable(name, type(types), 2), 0, 4]]),
  symbols: [{ name, binding }],
});
const [WEAK, BOOL] = [2, 4];
const number = ({ u32 }: Types): number => u32;
const truth = ({ graph }: Types): number => graph.int("bool", 1, BOOL);
const letters = ({ graph, u32 }: Types): number => graph.array(graph.int("char", 1), u32, 4);
const byte = ({ graph }: Types): number => graph.int("char", 1);
const tristate = ({ graph }: Types): number => graph.enum("libbpf_tristate", [["TRI_NO", 0]]);

/** A hidden function of `.text`, and global FUNCs with these names: "" for an offset behind the strings. */
const hiding = (...names: readonly string[]): Changes => ({
  sections: [{ name: ".text", insns: [move(0, 0), EXIT] }],
  symbols: [{ name: "helper", section: ".text", size: 16, type: 2, visibility: 2 }],
  types({ graph, u32 }) {
    const type = graph.proto(u32, []);
    for (const name of names) {
      if (name === "") graph.add({ kind: "func", nameOff: 0xffff, type, linkage: 1 });
      else graph.func(name, type);
    }
  },
});

/** What is refused when the object is loaded: the kernel must know its struct. */
export const LOAD_CASES: Readonly<Record<string, Vector>> = {
  "LP-02": { broken: [sized(1, 0, 4), sized(27, 4, 4)], kept: [sized(2, 4, 4), sized(5, 4, 4)] },
  "LC-06": { broken: [sized(26, 4, 4), sized(26, 0, 0)], kept: [sized(2, 4, 4)] },
  "LC-07": vector([hiding("", "helper"), hiding("")], [hiding("helper", ""), hiding("other", "helper")]),
  "LF-10": vector(
    [named("x", number), named("x", number, WEAK), named("LINUX_X", number), named("LINUX_HAS_BPF_COOKIES", truth)],
    [
      named("LINUX_KERNEL_VERSION", number),
      named("LINUX_X", number, WEAK),
      named("LINUX_", byte, WEAK),
      named("CONFIG_NO_SUCH", number, WEAK),
    ],
  ),
  "LF-11": vector(
    [
      named("LINUX_KERNEL_VERSION", truth),
      named("LINUX_KERNEL_VERSION", letters),
      named("LINUX_KERNEL_VERSION", byte),
      named("LINUX_KERNEL_VERSION", ({ graph }) => graph.int("short", 2)),
      named("LINUX_HAS_BPF_COOKIE", tristate),
      named("LINUX_HAS_SYSCALL_WRAPPER", letters),
      named("LINUX_X", letters, WEAK),
    ],
    [
      named("LINUX_KERNEL_VERSION", ({ graph }) => graph.ref("typedef", graph.int("wide", 8), "T")),
      named("LINUX_HAS_BPF_COOKIE", truth),
      named("LINUX_HAS_BPF_COOKIE", byte),
      named("LINUX_HAS_SYSCALL_WRAPPER", number),
      named("LINUX_X", truth, WEAK),
    ],
  ),
  "LN-02": { broken: [code(ADDRESS_OF_FUNCTION, LOAD_REST, move(0, 0), EXIT)], kept: [loops] },
  "LN-03": { broken: [code(CALL, EXIT, move(0, 0), EXIT)], kept: [code(move(0, 0), EXIT), loops] },
  "LN-04": { broken: [withoutText("funcInfo")], kept: [loops] },
  "LN-05": { broken: [withoutText("lineInfo")], kept: [loops] },
  "LN-06": vector(
    [tagged(({ u32 }) => u32), tagged(({ graph, u32 }) => graph.func("shy", graph.proto(u32, []), 0)), tagged(() => 0)],
    [tagged(({ graph, u32 }) => graph.func("other", graph.proto(u32, []))), tagged(({ u32 }) => u32, "exception")],
  ),
  "LP-01": { broken: [withWideInt(structOps)], kept: [structOps, withWideInt(corpus("aliases"))] },
};
