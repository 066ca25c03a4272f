import { expect, test } from "vitest";
import { typesOfKind } from "../../../src/btf/of-kind.ts";
import type { Diagnostic, Judge, JudgeAnswer, Severity } from "../../../src/rules/rule.ts";
import type { Graph, MemberDraft } from "../../graph.ts";
import { aya06, runAya } from "../../judges/aya.ts";
import { cilium as ciliumJudge, runCilium } from "../../judges/cilium.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { libbpf17, runLibbpf } from "../../judges/libbpf.ts";
import { answer } from "../../judges/run.ts";
import { define, event, type Field, type MapDraft, mapObject, u32 } from "../../maps/define.ts";
import { found, objectState } from "./state.ts";

/** Findings about maps, whole, and what the loaders that they name do with the objects. */

/** A map, called MAP, and what is to be found about it. */
export interface MapRow {
  readonly about: string;
  readonly draft: Omit<MapDraft, "name">;
  readonly finds: readonly MapFinding[];
}

/** Rule and what differs from one finding to the next. */
export interface MapFinding {
  readonly rule: string;
  readonly fact: string;
  readonly answers: readonly JudgeAnswer[];
  readonly severity?: Severity;
  readonly help?: string;
  /** The type of the VAR in the words of the source, "Def" unless said. */
  readonly type?: string;
}

/** A definition of these fields. */
export const def =
  (...fields: readonly Field[]): MapDraft["make"] =>
  (graph) =>
    define(graph, fields);

export const HASH: readonly Field[] = [
  ["type", 1],
  ["key", u32],
  ["value", event],
  ["max_entries", 8],
];
export const RING: readonly Field[] = [
  ["type", 27],
  ["max_entries", 4096],
];
export const OUTER: readonly Field[] = [
  ["type", 12],
  ["key_size", 4],
  ["max_entries", 8],
];
/** A row whose map is defined by these fields. */
export const defined = (about: string, fields: readonly Field[], ...finds: readonly MapFinding[]): MapRow => ({
  about,
  draft: { make: def(...fields) },
  finds,
});

/** One that refuses, in these words. */
const refusal = (judge: Judge, text: string, at?: "open" | "load", errno?: number): JudgeAnswer => ({
  judge,
  answer: "rejects",
  text,
  ...(at === undefined ? {} : { at }),
  ...(errno === undefined ? {} : { errno }),
});
/** libbpf does not open the object. */
export const closed = (text: string, errno = 22): JudgeAnswer => refusal("libbpf", `map 'MAP': ${text}`, "open", errno);
/** libbpf opens it and cannot make the map. */
export const unmade: JudgeAnswer = refusal("libbpf", "map 'MAP': failed to create: -EINVAL", "load", 22);
/** libbpf makes the map without its types. */
export const typeless: JudgeAnswer = {
  judge: "libbpf",
  answer: "drops the map's types",
  text: "Error in bpf_create_map_xattr(MAP): -EINVAL. Retrying without BTF.",
};
export const cilium = (text: string): JudgeAnswer => refusal("cilium/ebpf", text, "open");
export const aya = (text: string): JudgeAnswer => refusal("aya", text, "open");
export const takes = (judge: Judge): JudgeAnswer => ({ judge, answer: "accepts" });
export const repairs = (judge: Judge): JudgeAnswer => ({ judge, answer: "repairs" });

/** The object of a row. */
export const objectOf = ({ draft }: MapRow, littleEndian = true): Uint8Array =>
  mapObject([{ name: "MAP", ...draft }], littleEndian);

/** What is to be found, with the VAR and the symbol of the map, which is the first one. */
export function whole(found: MapFinding, varId: number): Diagnostic {
  return {
    rule: found.rule,
    severity: found.severity ?? "error",
    message: `map MAP: ${found.fact}`,
    target: { typeId: varId, symbol: 1 },
    subject: `static MAP: ${found.type ?? "Def"}`,
    answers: found.answers,
    ...(found.help === undefined ? {} : { help: found.help }),
  };
}

/** What compilers leave to loaders in every object. */
const isNews = ({ rule }: Diagnostic): boolean => rule.startsWith("map/");
/** Rules on ELF files that are called after maps. */
const OF_FILES = /^map\/(?:private|name-invalid|reference|immediate)/;

/** Finds of each map what is said of it and nothing else. */
export function tryMaps(rows: readonly MapRow[]): void {
  test.each(rows.map((row) => [row.about, row] as const))("%s", (_about, row) => {
    for (const littleEndian of [true, false]) {
      const state = objectState(objectOf(row, littleEndian));
      const [id = 0] = typesOfKind(state.btf, "var").map(([varId]) => varId);
      const told = found(state).filter((finding) => isNews(finding) && !OF_FILES.test(finding.rule));
      expect(told).toStrictEqual(row.finds.map((finding) => whole(finding, id)));
    }
  });
}

/** `values` of programs, as libbpf wants it. */
export const programs = (g: Graph): number => g.array(g.ptr(g.proto(0, [])), u32(g), 0);
/** `values` of maps that `make` defines. */
export const inner =
  (make: (g: Graph) => number) =>
  (g: Graph): number =>
    g.array(g.ptr(make(g)), u32(g), 0);

/** A bloom filter or, where the number needs 64 bits, an arena at that address. */
export const enumExtra =
  (value: bigint): MapDraft["make"] =>
  (g) => {
    const int = g.int("i32", 4, 1);
    const number = (count: number): number => g.ptr(g.array(int, int, count));
    const isWide = value > 0xffff_ffffn;
    const extraValue = isWide ? g.enum64("", [["value", value]]) : g.enum("", [["value", Number(value)]]);
    const second: MemberDraft = isWide ? ["map_flags", number(1024), 64] : ["value", g.ptr(u32(g)), 64];
    return g.struct("Def", 40, [
      ["type", number(isWide ? 33 : 30), 0],
      second,
      ["max_entries", number(1), 128],
      ["map_extra", extraValue, 192],
    ]);
  };
/** A hash with a member more. */
export const withMember =
  (name: string, make: (g: Graph) => number) =>
  (g: Graph): number => {
    const int = g.int("i32", 4, 1);
    const number = (count: number): number => g.ptr(g.array(int, int, count));
    return g.struct("Def", 40, [
      ["type", number(1), 0],
      ["key", g.ptr(int), 64],
      ["value", g.ptr(int), 128],
      ["max_entries", number(8), 192],
      [name, make(g), 256],
    ]);
  };

/** The answers of one loader among what is to be found, and the objects. */
const asked = (rows: readonly MapRow[], judge: Judge): readonly (readonly [MapRow, readonly JudgeAnswer[]])[] =>
  rows.map((each) => [
    each,
    each.finds.flatMap(({ answers }) => answers.filter((one) => one.judge === judge && one.how === undefined)),
  ]);

/** Whether a log says a text, in which `…` stands for anything. */
const says = (log: string, text = ""): boolean => text.split("…").every((part) => log.includes(part));

/** Asks the loaders about the object of every row: they do what is said of it, and take those that nothing is said of. */
export function heldAgainstLoaders(rows: readonly MapRow[]): void {
  judgeTest(libbpf17())("libbpf does with each object what is said of it, and takes all others", () => {
    for (const [each, answers] of asked(rows, "libbpf")) {
      const { open, load, log, maps } = answer(runLibbpf("libbpf17", objectOf(each), { until: "maps" }));
      const warnings = log.flatMap(({ level, text }) => (level === "warn" ? [text] : [])).join("\n");
      const [first] = answers;
      const rejects = first?.answer === "rejects";
      const heard = { opens: open.ok, makes: open.ok && maps.some(({ fd }) => fd >= 0) };
      const told = { opens: !rejects || first.at === "load", makes: !rejects };
      expect(heard, `${each.about}: ${warnings}`).toEqual(told);
      if (first?.errno !== undefined) expect(open.ok ? load?.errno : open.errno, each.about).toBe(first.errno);
      expect(says(warnings, first?.text), `${each.about}: ${warnings}`).toBe(true);
      if (first === undefined && each.finds.length === 0) expect(warnings, each.about).toBe("");
    }
  });

  judgeTest(ciliumJudge())("cilium/ebpf does with each object what is said of it", () => {
    for (const [each, answers] of asked(rows, "cilium/ebpf")) {
      const [first] = answers;
      if (first === undefined && each.finds.length > 0) continue;
      const { open } = answer(runCilium(objectOf(each), { until: "open" }));
      expect(open.ok, `${each.about}: ${open.error}`).toBe(first?.answer !== "rejects");
      expect(says(open.error ?? "", first?.text), `${each.about}: ${open.error}`).toBe(true);
    }
  });

  judgeTest(aya06())("aya does with each object what is said of it", () => {
    for (const [each, answers] of asked(rows, "aya")) {
      const [first] = answers;
      if (first === undefined) continue;
      const { parse } = answer(runAya("aya06", objectOf(each)));
      expect(parse.ok, `${each.about}: ${parse.error}`).toBe(first.answer !== "rejects");
      expect(says(parse.error ?? "", first.text), `${each.about}: ${parse.error}`).toBe(true);
    }
  });
}
