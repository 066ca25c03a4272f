import { encodeBtf } from "../../src/btf/encode.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { equalBytes } from "../../src/bytes/compare.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { KERNEL_PROFILES } from "../../src/rules/kernel/profile.ts";
import { btfAsSent } from "../../src/rules/libbpf/as-sent.ts";
import type { LibbpfVersion } from "../../src/rules/libbpf/sanitise.ts";
import { libbpfMaps, libbpfPrograms, libbpfRules, libbpfVerdict } from "../../src/rules/libbpf/verdict.ts";
import type { MatrixRelease } from "../../tools/matrix/kernels.ts";
import type { Comparison } from "../../tools/mutation/answers.ts";
import type { LibbpfCall, LibbpfReport } from "../judges/libbpf.ts";
import {
  btfOfCalls,
  btfWeSend,
  KINDS_KNOWN,
  pretended,
  programsDiffer,
  programsOfCalls,
  programsWeSend,
} from "../rules/libbpf/sent.ts";
import { createdByLibbpf, shapes } from "../rules/libbpf/shape.ts";
import { difference, type MadeMap, mapDifference } from "../rules/loaders/campaign.ts";
import { read } from "./read.ts";
import { type AnswersOf, type Replay, replaysOf } from "./replay.ts";

const KERNEL = KERNEL_PROFILES["6.18"];

/** What libbpf did with an object up to its maps, and the BTF that it would send in base64; or how it fell. */
export interface LibbpfAnswer {
  readonly fell?: string;
  readonly report?: Omit<LibbpfReport, "btf" | "log">;
  readonly said: readonly string[];
  readonly sent?: string;
  readonly maps?: readonly MadeMap[];
}

function opened(version: LibbpfVersion, bytes: Uint8Array, { fell, report, said }: LibbpfAnswer): string | undefined {
  const elf = read(bytes);
  const ours = elf && libbpfVerdict(elf, version, KERNEL);
  if (ours === undefined) return "not read by us";
  const falls = ours.rule?.startsWith("LC-") === true;
  if (fell !== undefined || falls) {
    return falls === (fell !== undefined) ? undefined : `falls ${falls} by ${ours.rule}, it fell: ${fell}`;
  }
  const { ok = false, errno = 0 } = report?.open ?? {};
  // The campaign lets rules be silent, which few of them are.
  const isSilent = libbpfRules.find(({ id }) => id === ours.rule)?.text.length === 0;
  if (!ours.accepted && ours.message === "" && !isSilent) return "no words";
  return difference(ours, { accepted: ok, errno, said }, true);
}

/** Whether it is taken all in all, which can be said of objects that were made for one rule. */
function loaded(version: LibbpfVersion, bytes: Uint8Array, { report, said }: LibbpfAnswer): string | undefined {
  const elf = read(bytes);
  const ours = elf && libbpfVerdict(elf, version, KERNEL);
  if (ours === undefined || report === undefined || !report.open.ok) return "not opened";
  const theirs = { accepted: report.load?.ok !== false, errno: report.load?.errno ?? 0 };
  if (ours.accepted !== theirs.accepted || ours.errno !== theirs.errno) return `${ours.message}, not ${theirs.errno}`;
  const parts = ours.message.split("…");
  return said.some((line) => parts.every((part) => line.includes(part))) ? undefined : `not said: ${ours.message}`;
}

/** What the kernel made of the maps, and the loader of that. */
function taken(version: LibbpfVersion, bytes: Uint8Array, { report, maps = [] }: LibbpfAnswer): string | undefined {
  const elf = read(bytes);
  const ours = elf && libbpfVerdict(elf, version, KERNEL);
  if (ours === undefined || report?.open.ok !== true) return "not opened";
  return mapDifference(ours, maps);
}

function made(version: LibbpfVersion, bytes: Uint8Array, { report }: LibbpfAnswer): string | undefined {
  const elf = read(bytes);
  if (elf === undefined || report === undefined) return "not read";
  const ours = libbpfMaps(elf, version);
  if (ours === undefined || !report.open.ok) return (ours === undefined) === !report.open.ok ? undefined : "not opened";
  const theirs = createdByLibbpf(report.maps);
  if (ours.length !== theirs.length) return `${ours.length} maps, not ${theirs.length}`;
  for (const [index, map] of theirs.entries()) {
    const own = ours[index];
    if (own === undefined) continue;
    if (!map.internal && own.name !== map.name) return `a map ${own.name}, not ${map.name}`;
    const text = (shape: unknown): string =>
      JSON.stringify(shape, (_, value: unknown) => (typeof value === "bigint" ? `${value}` : value));
    const pair = shapes(own, map);
    if (text(pair.ours) !== text(pair.theirs)) return `${map.name}: ${text(pair.ours)}, not ${text(pair.theirs)}`;
  }
  return undefined;
}

function given(version: LibbpfVersion, bytes: Uint8Array, { sent }: LibbpfAnswer): string | undefined {
  const elf = read(bytes);
  const section = elf && sectionNamed(elf, ".BTF");
  if (elf === undefined || section === undefined || sent === undefined) return "nothing is sent";
  const ours = btfAsSent(parseBtf(section.bytes), elf, KERNEL, version);
  const text = ours === undefined ? "nothing" : Buffer.from(encodeBtf(ours)).toString("base64");
  return text === sent ? undefined : "other BTF is sent";
}

type Differ<Answer> = (version: LibbpfVersion, bytes: Uint8Array, answer: Answer) => string | undefined;

function comparisons<Answer>(
  version: LibbpfVersion,
  all: Readonly<Record<string, Differ<Answer>>>,
): readonly Comparison<Answer>[] {
  return Object.entries(all).map(([name, differ]) => ({
    name,
    differ(bytes, answer) {
      try {
        return differ(version, bytes, answer);
      } catch (error) {
        return `threw ${String(error)}`;
      }
    },
  }));
}

/** What became of the programs of an object. */
export interface LoadAnswer {
  readonly programs: readonly {
    readonly name: string;
    readonly loaded: boolean;
    readonly errno: number;
    readonly line: string;
  }[];
  /** Names of those that the kernel was asked for, and refused. */
  readonly refused: readonly string[];
}

export function loadAnswer({ programs, log }: LibbpfReport): LoadAnswer {
  return {
    programs: programs.map(({ name, loaded, errno, verifierLog }) => {
      return { name, loaded, errno, line: verifierLog.split("\n")[0] ?? "" };
    }),
    refused: log.flatMap(({ text }) => /prog '(.*)': BPF program load failed/.exec(text)?.[1] ?? []),
  };
}

/** What the kernel says of the records of each program; of others it says something of the code. */
function judged(version: LibbpfVersion, bytes: Uint8Array, { programs, refused }: LoadAnswer): string | undefined {
  const elf = read(bytes);
  const ours = elf && libbpfPrograms(elf, version, KERNEL);
  if (ours === undefined || ours.length === 0)
    return programs.some(({ loaded }) => loaded) ? "some are loaded" : undefined;
  for (const { name, info } of ours) {
    const theirs = programs.find((one) => one.name === name);
    if (theirs === undefined) return `${name} is not there`;
    if (!theirs.loaded && !refused.includes(name)) continue;
    const isOfRecords = !theirs.loaded && theirs.line.startsWith(info.message) && theirs.errno === info.errno;
    if (info.accepted !== theirs.loaded && !isOfRecords) return `${name}: ${info.message}, not ${theirs.line}`;
  }
  return undefined;
}

/** What libbpf says of the object all in all, after the first program that the kernel refuses. */
function ended(version: LibbpfVersion, bytes: Uint8Array, { programs }: LoadAnswer): string | undefined {
  const elf = read(bytes);
  const ours = elf && libbpfVerdict(elf, version, KERNEL);
  if (ours === undefined || programs.length === 0) return "no programs";
  const isLoaded = programs.every(({ loaded }) => loaded);
  if (ours.accepted !== isLoaded) return `${ours.message}, not ${isLoaded}`;
  if (ours.program === undefined) return undefined;
  const first = programs.find(({ name }) => name === ours.program);
  return first?.errno === ours.errno && first.line.startsWith(ours.message)
    ? undefined
    : `${ours.message}, not ${first?.line}`;
}

export function loadComparisons(version: LibbpfVersion): readonly Comparison<LoadAnswer>[] {
  return comparisons(version, { judged, ended });
}

export function libbpfComparisons(version: LibbpfVersion): readonly Comparison<LibbpfAnswer>[] {
  return comparisons(version, { opened, loaded, made, taken, given });
}

/** What libbpf asked a kernel for that takes every program, or how it failed in what words; neither if it gave no answer. */
export interface CallsAnswer {
  readonly calls?: readonly LibbpfCall[];
  readonly errno?: number;
  readonly said?: readonly string[];
}

/** What is kept of that: the programs, and the object's BTF. */
export function ownCalls(bytes: Uint8Array, { open, load, calls = [], log }: LibbpfReport): CallsAnswer {
  const elf = read(bytes);
  const errno = open.errno || load?.errno || 0;
  if (errno !== 0) return { errno, said: log.map(({ text }) => text.replace(/^libbpf: /, "")).slice(-LAST_LINES) };
  const btf = elf && btfOfCalls(elf, calls);
  const blob: LibbpfCall[] = btf === undefined ? [] : [{ command: "btf", bytes: Buffer.from(btf).toString("hex") }];
  return { errno, calls: [...blob, ...(elf === undefined ? [] : programsOfCalls(elf, calls))] };
}

/** What a failure says is among the last lines. */
const LAST_LINES = 60;

function programs(version: LibbpfVersion, bytes: Uint8Array, { calls = [] }: CallsAnswer): string | undefined {
  const elf = read(bytes);
  const theirs = elf === undefined ? [] : programsOfCalls(elf, calls);
  if (elf === undefined || theirs.length === 0) return "no programs";
  return programsDiffer(programsWeSend(elf, version), theirs);
}

/** The BTF itself, as the running kernel is given it. */
function btf(version: LibbpfVersion, bytes: Uint8Array, { calls = [] }: CallsAnswer): string | undefined {
  const elf = read(bytes);
  const theirs = elf && btfOfCalls(elf, calls);
  if (elf === undefined || theirs === undefined) return "nothing is sent";
  const ours = btfWeSend(elf, KERNEL, version);
  return ours !== undefined && equalBytes(ours, theirs) ? undefined : "other BTF is sent";
}

/** Whether libbpf fails by itself, with which errno and words. */
function fails(version: LibbpfVersion, bytes: Uint8Array, { errno = 0, said = [] }: CallsAnswer): string | undefined {
  const elf = read(bytes);
  const ours = elf && libbpfVerdict(elf, version, KERNEL);
  const isOwn = ours?.rule?.startsWith("L") === true;
  const number = isOwn ? ours.errno : 0;
  if (number !== errno) return `errno ${number} (${ours?.rule}), not ${errno}`;
  const parts = ours?.message.split("…") ?? [];
  const isSaid = !isOwn || said.some((line) => parts.every((part) => line.includes(part)));
  return isSaid ? undefined : `not said: ${ours.message}`;
}

export function programComparisons(version: LibbpfVersion): readonly Comparison<CallsAnswer>[] {
  return comparisons(version, { programs, btf, fails });
}

/** The BTF for a pretended kernel that knows kinds up to this one. */
export function kindComparisons(version: LibbpfVersion, maxKind: number): readonly Comparison<CallsAnswer>[] {
  const rewritten: Differ<CallsAnswer> = (_, bytes, { calls = [] }) => {
    const elf = read(bytes);
    const theirs = elf && btfOfCalls(elf, calls);
    if (elf === undefined || theirs === undefined) return "nothing is sent";
    const ours = btfWeSend(elf, pretended(maxKind), version);
    return ours !== undefined && equalBytes(ours, theirs) ? undefined : "other BTF is sent";
  };
  return comparisons(version, { rewritten });
}

/** Whether an older kernel takes the BTF that libbpf makes for it; what else it makes of an object is no matter here. */
function heldBy(release: MatrixRelease, bytes: Uint8Array, { report }: LibbpfAnswer): string | undefined {
  const elf = read(bytes);
  const ours = elf && libbpfVerdict(elf, "1.7", KERNEL_PROFILES[release]);
  if (ours?.btf === undefined || report?.open.ok !== true) return "nothing is sent";
  const isHeld = (report.btfFd ?? -1) >= 0;
  return ours.btf.accepted === isHeld ? undefined : `we say ${ours.btf.accepted} (${ours.btf.message}), it ${isHeld}`;
}

export function machineComparisons(release: MatrixRelease): readonly Comparison<LibbpfAnswer>[] {
  return [{ name: "held", differ: (bytes, answer) => heldBy(release, bytes, answer) }];
}

/** Kernels without kinds that libbpf then does without. */
export const OLD_RELEASES = ["5.10", "6.1"] as const satisfies readonly MatrixRelease[];

const VERSIONS = ["1.7", "1.1"] as const satisfies readonly LibbpfVersion[];

export function replays(answersOf: AnswersOf): readonly Replay[] {
  const here = VERSIONS.flatMap((version) => [
    ...replaysOf(`libbpf-${version}`, answersOf, libbpfComparisons(version)),
    ...replaysOf(`libbpf-${version}-programs`, answersOf, programComparisons(version)),
    ...replaysOf(`libbpf-${version}-loads`, answersOf, loadComparisons(version)),
    ...KINDS_KNOWN.flatMap((kind) =>
      replaysOf(`libbpf-${version}-kinds-${kind}`, answersOf, kindComparisons(version, kind)),
    ),
  ]);
  const there = OLD_RELEASES.flatMap((release) =>
    replaysOf(`libbpf-1.7-on-${release}`, answersOf, machineComparisons(release)),
  );
  return [...here, ...there];
}
