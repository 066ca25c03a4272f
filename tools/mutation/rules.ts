import { KERNEL_RELEASES } from "../../src/rules/kernel/rule.ts";
import type { CiliumReport } from "../../test/judges/cilium.ts";
import type { BtfLoadVerdict } from "../../test/judges/kernel.ts";
import type { AyaAnswer } from "../../test/mutation/aya.ts";
import type { LibbpfAnswer } from "../../test/mutation/libbpf.ts";
import { type KernelAnswers, kernelsComparisons } from "../../test/mutation/rules/kernels.ts";
import {
  LOADER_NAMES,
  type LoaderAnswers,
  type LoaderSaid,
  loadersComparisons,
} from "../../test/mutation/rules/loaders.ts";
import { answersOf, type Question, record, summary } from "./answers.ts";
import { drawnObjects } from "./objects.ts";

const keyOf = (input: Uint8Array): string => Buffer.from(input).toString("latin1");

/** Blobs on which kernels are of several minds, and others. */
const [DIVIDED, OTHERS] = [140, 60];
const LARGEST = 4096;

/** What a kernel says of a kind that it does not know. */
const NEW_KIND = /Invalid (?:btf_info:1|kind:)/;

/** What was recorded of each release, by blob. */
function kernelAnswers(): ReadonlyMap<string, { readonly question: Question; readonly answers: KernelAnswers }> {
  const [first, ...others] = KERNEL_RELEASES.map((release) => {
    const said = answersOf<BtfLoadVerdict>(`kernel-${release}`).map((one) => [keyOf(one.input), one] as const);
    return [release, new Map(said)] as const;
  });
  const found = new Map<string, { question: Question; answers: KernelAnswers }>();
  if (first === undefined) return found;
  for (const [key, { input, answer }] of first[1]) {
    const all = [
      [first[0], answer] as const,
      ...others.map(([release, said]) => [release, said.get(key)?.answer] as const),
    ];
    if (all.some(([, one]) => one === undefined) || input.length > LARGEST) continue;
    const answers = Object.fromEntries(all) as unknown as KernelAnswers;
    // What loaders keep from older kernels.
    if (Object.values(answers).some(({ log }) => NEW_KIND.test(log))) continue;
    const errnos = new Set(Object.values(answers).map(({ errno }) => errno));
    found.set(key, { question: { group: errnos.size > 1 ? "divided" : "alike", input }, answers });
  }
  return found;
}

/** As many of a list as wanted, from all of its parts. */
function spread<T>(list: readonly T[], count: number): readonly T[] {
  const step = Math.max(1, list.length / count);
  return list.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step)).slice(0, count);
}

function libbpfSaid({ fell, report, said, maps }: LibbpfAnswer): LoaderSaid | undefined {
  if (fell !== undefined || report === undefined) return undefined;
  const { open, load } = report;
  const errno = open.ok ? load?.errno : open.errno;
  const loads = load === null || load === undefined ? {} : { loads: load.ok };
  return { opens: open.ok, ...loads, ...(errno ? { errno } : {}), said, ...(maps && { maps }) };
}

function ciliumSaid({ open, load }: CiliumReport): LoaderSaid {
  return { opens: open.ok, ...(load && { loads: load.ok }), said: [open.error ?? load?.error ?? ""] };
}

function ayaSaid({ report, error }: AyaAnswer): LoaderSaid | undefined {
  if (report === undefined) return undefined;
  const loads = error === undefined ? {} : { loads: error === "" };
  return { opens: report.parse.ok, ...loads, said: [report.parse.error ?? error ?? ""] };
}

/** Objects that are alike for loaders: who refuses them, in which words. */
function signature({ isRust, answers }: LoaderAnswers): string {
  const refusals = Object.entries(answers).map(([name, { opens, loads, said, maps = [] }]) => {
    const words = opens && loads !== false ? "" : (said.at(-1) ?? "").replaceAll(/[\d`'"].*/g, "").slice(0, 24);
    const made = maps.map(({ created, withIds }) => `${created}${withIds}`);
    return `${name} ${opens} ${loads} ${words} ${[...new Set(made)].sort()}`;
  });
  return [isRust, ...refusals].join("|");
}

/** Objects, each of a signature of its own. */
const OBJECTS = 200;
const LARGEST_OBJECT = 10_000;

/** From what the judges have said of the other folders' inputs, what is to be told of them all. */
export async function recordRules(): Promise<void> {
  const kernels = kernelAnswers();
  const blobs = [...kernels.values()].map(({ question }) => question);
  const chosen = [
    ...spread(
      blobs.filter(({ group }) => group === "divided"),
      DIVIDED,
    ),
    ...spread(
      blobs.filter(({ group }) => group === "alike"),
      OTHERS,
    ),
  ];
  const ofKernels = (inputs: readonly Uint8Array[]): KernelAnswers[] =>
    inputs.flatMap((input) => kernels.get(keyOf(input))?.answers ?? []);
  const fresh = `${Date.now()}`;
  console.log(summary("rules-kernels", await record("rules-kernels", fresh, chosen, ofKernels, kernelsComparisons)));

  const byLoader = {
    libbpf: new Map(answersOf<LibbpfAnswer>("libbpf-1.7").map((one) => [keyOf(one.input), libbpfSaid(one.answer)])),
    "libbpf@1.1": new Map(
      answersOf<LibbpfAnswer>("libbpf-1.1").map((one) => [keyOf(one.input), libbpfSaid(one.answer)]),
    ),
    cilium: new Map(answersOf<CiliumReport>("cilium").map((one) => [keyOf(one.input), ciliumSaid(one.answer)])),
    aya: new Map(answersOf<AyaAnswer>("aya-0.6").map((one) => [keyOf(one.input), ayaSaid(one.answer)])),
    "aya@0.3": new Map(answersOf<AyaAnswer>("aya-0.3").map((one) => [keyOf(one.input), ayaSaid(one.answer)])),
  } as const;
  const rust = new Set(
    (await drawnObjects(1, 900)).filter(({ seed }) => !seed.startsWith("c/")).map(({ bytes }) => keyOf(bytes)),
  );
  const inputs = new Map<string, Question>();
  for (const name of ["libbpf-1.7", "cilium", "aya-0.6"]) {
    for (const { input, group } of answersOf(name))
      inputs.set(keyOf(input), { input, group: rust.has(keyOf(input)) ? "rust" : group });
  }
  const ofLoaders = (asked: readonly Uint8Array[]): LoaderAnswers[] =>
    asked.map((input) => {
      const said = LOADER_NAMES.map((name) => [name, byLoader[name].get(keyOf(input))] as const);
      const answers = Object.fromEntries(said.filter(([, one]) => one !== undefined));
      return { isRust: rust.has(keyOf(input)), answers };
    });
  const bySignature = new Map<string, Question>();
  for (const question of inputs.values()) {
    const [said] = ofLoaders([question.input]);
    if (said !== undefined && question.input.length <= LARGEST_OBJECT) bySignature.set(signature(said), question);
  }
  const objects = spread([...bySignature.values()], OBJECTS);
  console.log(summary("rules-loaders", await record("rules-loaders", fresh, objects, ofLoaders, loadersComparisons)));
}
