import { expect, test } from "vitest";
import { parseElf } from "../../../src/elf/parse.ts";
import { allRules } from "../../../src/rules/index.ts";
import type { JudgeAnswer } from "../../../src/rules/rule.ts";
import type { Graph } from "../../graph.ts";
import { aya06, runAya } from "../../judges/aya.ts";
import { bpftool, bpftoolLink } from "../../judges/bpftool.ts";
import { cilium, runCilium } from "../../judges/cilium.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { libbpf17, runLibbpf } from "../../judges/libbpf.ts";
import { answer } from "../../judges/run.ts";
import { define, type Field, u32 } from "../../maps/define.ts";
import { legacyObject } from "../../maps/legacy.ts";
import type { ObjectSection } from "../../object.ts";
import type { CodeParts } from "../func/assembled.ts";
import { describedObject, objectState } from "../func/described.ts";

/** What findings on an object with one thing wrong say of judges, asked of the judges: who refuses it, when, with which errno and words. */

const LICENSE: ObjectSection = { name: "license", bytes: new TextEncoder().encode("GPL\0") };
const HASH: readonly Field[] = [
  ["type", 1],
  ["key", u32],
  ["value", u32],
  ["max_entries", 8],
];

interface Options {
  readonly parts?: Partial<CodeParts>;
  readonly types?: (graph: Graph) => unknown;
  readonly linkage?: number;
  /** Whether there is a map M, with its VAR in a DATASEC. */
  readonly hasMap?: boolean;
  readonly undescribed?: true;
}

/** A program that loads, with what a row puts in its way. */
function object({ parts = {}, types, hasMap = false, linkage = 1, undescribed }: Options): Uint8Array {
  const { code = { socket: { main: "r0 = 0; exit" } }, sections = [], symbols = [] } = parts;
  const own = hasMap && !symbols.some(({ name }) => name === "M") ? [{ name: "M", section: ".maps", size: 32 }] : [];
  const map =
    hasMap && !sections.some(({ name }) => name === ".maps") ? [{ name: ".maps", bytes: new Uint8Array(32) }] : [];
  const all = [...sections, ...map, ...(sections.some(({ name }) => name === "license") ? [] : [LICENSE])];
  return describedObject(
    { code, sections: all, symbols: [...symbols, ...own] },
    {
      hasLines: true,
      protos(graph) {
        const proto = graph.proto(graph.int("int", 4, 1), []);
        if (hasMap) graph.datasec(".maps", 32, [[graph.variable("M", define(graph, HASH), linkage), 0, 32]]);
        types?.(graph);
        const names = Object.values(code).flatMap((functions) => Object.keys(functions));
        return Object.fromEntries(names.flatMap((name) => (undescribed && name === "f" ? [] : [[name, proto]])));
      },
    },
  );
}

/** The object with another number in the header of a section. */
function changed(bytes: Uint8Array, name: string, field: "info" | "link", value: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const index = parseElf(bytes).sections.findIndex((section) => section.name === name);
  view.setUint32(Number(view.getBigUint64(40, true)) + index * 64 + (field === "info" ? 44 : 40), value, true);
  return bytes;
}

const CALLS: Partial<CodeParts> = { code: { socket: { main: "call missing; exit" } }, symbols: [{ name: "missing" }] };
const pointer = (offset: number, symbol: string) => ({ offset, type: 2, symbol });
const DATUM = { name: "datum", section: ".rodata", size: 8 };
const RODATA: ObjectSection = { name: ".rodata", bytes: new Uint8Array(8), flags: 2 };
const initialised = new Uint8Array(32).fill(1, 0, 1);

/** A definition whose first member points to data. */
const pointing = (bytes: Uint8Array): Uint8Array =>
  object({
    hasMap: true,
    parts: { sections: [{ name: ".maps", bytes, relocations: [pointer(0, "datum")] }, RODATA], symbols: [DATUM] },
  });

const ROWS: readonly (readonly [rule: string, about: string, make: () => Uint8Array])[] = [
  [
    "elf/static-program",
    "",
    () => object({ parts: { symbols: [{ name: "main", section: "socket", size: 16, binding: 0 }] } }),
  ],
  ["elf/extern-without-btf", "", () => object({ parts: CALLS })],
  [
    "elf/extern-without-section",
    "",
    () => object({ parts: CALLS, types: (graph) => graph.func("missing", graph.proto(0, []), 2) }),
  ],
  [
    "elf/license-incompatible",
    "",
    () =>
      object({
        parts: {
          code: { "kprobe/x": { main: "call 35; r0 = 0; exit" } },
          sections: [{ name: "license", bytes: new TextEncoder().encode("MIT\0") }],
        },
      }),
  ],
  ["elf/maps-relocations", "to data", () => pointing(new Uint8Array(32))],
  ["elf/maps-relocations", "to data, from its second byte", () => pointing(initialised)],
  [
    "elf/maps-initialised",
    "",
    () => object({ hasMap: true, parts: { sections: [{ name: ".maps", bytes: initialised }] } }),
  ],
  [
    "map/private",
    "by its symbol",
    () =>
      object({ hasMap: true, linkage: 0, parts: { symbols: [{ name: "M", section: ".maps", size: 32, binding: 0 }] } }),
  ],
  [
    "elf/map-immediate",
    "",
    () => object({ hasMap: true, parts: { code: { socket: { main: "r1 = M+32 ll; r0 = 0; exit" } } } }),
  ],
  ["elf/legacy-maps", "", () => legacyObject([{ name: "COUNTS", words: [1, 4, 16, 1024, 0] }])],
  [
    "elf/dangling-info",
    "to nothing",
    () =>
      changed(
        object({ parts: { code: { ".text": { f: "r0 = 0; exit" }, socket: { main: "call f; exit" } } } }),
        ".relsocket",
        "info",
        999,
      ),
  ],
  [
    "elf/dangling-info",
    "of a section that is called like one of BTF's",
    () =>
      changed(
        object({
          parts: {
            sections: [{ name: ".BTF.other", bytes: new Uint8Array(8), flags: 0, relocations: [pointer(0, "main")] }],
          },
        }),
        ".rel.BTF.other",
        "info",
        999,
      ),
  ],
  [
    "elf/dangling-info",
    "of debug info",
    () =>
      changed(
        object({
          parts: {
            sections: [{ name: ".debug_str", bytes: new Uint8Array(8), flags: 0, relocations: [pointer(0, "main")] }],
          },
        }),
        ".rel.debug_str",
        "info",
        999,
      ),
  ],
  [
    "elf/dangling-link",
    "",
    () =>
      changed(
        object({ parts: { code: { ".text": { f: "r0 = 0; exit" }, socket: { main: "call f; exit" } } } }),
        ".relsocket",
        "link",
        1,
      ),
  ],
  [
    "func/without-debug-info",
    "",
    () =>
      object({
        undescribed: true,
        parts: { code: { ".text": { f: "r0 = 0; exit" }, socket: { main: "call f; exit" } } },
      }),
  ],
];

/** What a judge did: undefined for no refusal. */
interface Refusal {
  readonly at: "open" | "load";
  readonly errno?: number;
  readonly words: string;
}

function refusals(bytes: Uint8Array): Readonly<Record<string, Refusal | undefined>> {
  const libbpf = answer(runLibbpf("libbpf17", bytes));
  const words = [...libbpf.log.map(({ text }) => text), ...libbpf.programs.map(({ verifierLog }) => verifierLog)].join(
    "\n",
  );
  const { open, load, programs } = answer(runCilium(bytes));
  const errors = [open, load, ...programs.map(({ loaded }) => loaded)]
    .map((verdict) => verdict?.error ?? "")
    .join("\n");
  const { parse } = answer(runAya("aya06", bytes));
  const linked = answer(bpftoolLink([bytes]));
  return {
    libbpf: !libbpf.open.ok
      ? { at: "open", errno: libbpf.open.errno, words }
      : libbpf.load?.ok === false
        ? { at: "load", errno: libbpf.load.errno, words }
        : undefined,
    "cilium/ebpf": !open.ok
      ? { at: "open", words: errors }
      : load?.ok === false
        ? { at: "load", words: errors }
        : undefined,
    aya: parse.ok ? undefined : { at: "open", words: parse.error ?? "" },
    bpftool: linked.ok ? undefined : { at: "load", words: linked.stderr },
  };
}

/** What an answer says that is not so; nothing if all is. */
function untrue(
  { judge, answer: what, text, at, errno, how }: JudgeAnswer,
  said: Refusal | undefined,
): string | undefined {
  // What happens when aya loads a program needs aya itself, and the kernel is heard through libbpf.
  if (judge === "kernel" || (judge === "aya" && at === "load")) return undefined;
  if (what !== "rejects") return said === undefined ? undefined : `${judge} refuses: ${said.words}`;
  if (said === undefined) return `${judge} takes it`;
  if (at !== undefined && at !== said.at) return `${judge} refuses at ${said.at}`;
  if (errno !== undefined && errno !== said.errno) return `${judge} gives ${said.errno}`;
  if (text === undefined) return how === undefined ? `${judge} has no words` : undefined;
  const pattern = text
    .split("…")
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join("[^]*");
  return new RegExp(pattern).test(said.words) ? undefined : `${judge} says ${said.words.slice(0, 300)}`;
}

const judged = judgeTest(libbpf17(), cilium(), aya06(), bpftool());

for (const [rule, about, make] of ROWS) {
  judged(`${rule} ${about}`, () => {
    const bytes = make();
    const findings = allRules
      .flatMap((one) => [...one.check(objectState(bytes))])
      .filter(({ rule: id, severity }) => severity !== "note" && !id.startsWith("datasec/"));
    expect(findings.map((finding) => finding.rule)).toEqual([rule]);
    const said = refusals(bytes);
    const wrong = findings.flatMap(({ answers }) => answers.flatMap((one) => untrue(one, said[one.judge]) ?? []));
    expect(wrong).toEqual([]);
  });
}

judged("nothing wrong", () => {
  for (const bytes of [object({}), object({ hasMap: true })]) {
    expect(Object.values(refusals(bytes))).toEqual([undefined, undefined, undefined, undefined]);
    expect(
      allRules.flatMap((one) => [...one.check(objectState(bytes))]).filter(({ severity }) => severity !== "note"),
    ).toEqual([]);
  }
});

test("every rule on the ELF file that judges refuse objects for is asked here or where it is tested", () => {
  const elsewhere = [
    "elf/btf-missing",
    "elf/common-symbol",
    "elf/concatenated-btf",
    "elf/duplicate-maps",
    "elf/flags-not-c",
    "elf/license-missing",
    "elf/map-reference",
    // Notes, or what no judge refuses.
    "elf/constant-sections",
    "elf/data-pointers",
    "elf/license-kept",
  ];
  const here = ROWS.map(([rule]) => rule).filter((rule) => rule.startsWith("elf/"));
  const rules = allRules.map(({ id }) => id).filter((id) => id.startsWith("elf/"));
  expect([...new Set([...here, ...elsewhere])].sort()).toEqual(rules.sort());
});
