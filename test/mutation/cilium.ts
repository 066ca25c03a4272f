import type { ElfView } from "../../src/elf/model.ts";
import type { MapRequest } from "../../src/rules/cilium/load.ts";
import { type CiliumSpec, ciliumMaps, ciliumSpec, ciliumVerdict } from "../../src/rules/cilium/verdict.ts";
import { KERNEL_PROFILES } from "../../src/rules/kernel/profile.ts";
import type { KernelRelease } from "../../src/rules/kernel/rule.ts";
import type { LoaderVerdict } from "../../src/rules/loader.ts";
import type { MatrixRelease } from "../../tools/matrix/kernels.ts";
import type { Comparison } from "../../tools/mutation/answers.ts";
import type { CiliumReport } from "../judges/cilium.ts";
import { blamedDifference } from "../rules/cilium/blamed.ts";
import { difference } from "../rules/cilium/compared.ts";
import { openedDifference } from "../rules/cilium/opened.ts";
import { sentDifference } from "../rules/cilium/sent.ts";
import { read } from "./read.ts";
import { type AnswersOf, type Replay, replaysOf } from "./replay.ts";

/** What our rules say of an object, each at most once. */
class Reading {
  readonly elf: ElfView | undefined;
  private readonly release: KernelRelease;
  private said: LoaderVerdict | undefined;
  private asked: readonly MapRequest[] | undefined;

  constructor(bytes: Uint8Array, release: KernelRelease) {
    this.elf = read(bytes);
    this.release = release;
  }

  get verdict(): LoaderVerdict | undefined {
    this.said ??= this.elf && ciliumVerdict(this.elf, KERNEL_PROFILES[this.release]);
    return this.said;
  }

  get requests(): readonly MapRequest[] | undefined {
    this.asked ??= this.elf && ciliumMaps(this.elf, KERNEL_PROFILES[this.release]);
    return this.asked;
  }

  get spec(): CiliumSpec | undefined {
    return this.elf && ciliumSpec(this.elf);
  }
}

type Differ = (ours: Reading, report: CiliumReport, bytes: Uint8Array) => string | undefined;

/** Whether it opens, and which maps it asks the kernel for. */
function made(ours: Reading, report: CiliumReport, bytes: Uint8Array): string | undefined {
  const { verdict } = ours;
  if (verdict === undefined) return "not read by us";
  const stage = verdict.accepted ? undefined : report.open.ok ? "load" : "open";
  if (verdict.stage !== stage) return `stage ${verdict.stage}, not ${stage}`;
  const isTaken = !report.maps.some(({ created }) => created?.error?.includes("load BTF: load btf: "));
  if (report.open.ok && (verdict.btf?.accepted ?? true) !== isTaken) return `BTF is taken: ${isTaken}`;
  return difference(bytes, verdict, report, report.open.ok ? ours.requests : []);
}

/** The words of a refusal, which may be of another fault where there are two: the library goes through maps in no certain order. */
function said({ verdict }: Reading, { open, load }: CiliumReport): string | undefined {
  if (verdict === undefined) return "not read by us";
  const error = (verdict.stage === "open" || !open.ok ? open.error : load?.error) ?? "";
  // What the kernel makes of programs is no matter of these rules.
  if (verdict.accepted) return error === "" || error.startsWith("program ") ? undefined : error;
  if (error === "") return `taken, not refused: ${verdict.message}`;
  if (verdict.message === "") return "no words";
  let at = 0;
  const parts = verdict.message.split("…");
  const isSaid = parts.every((part, i) => {
    const found = error.indexOf(part, at);
    at = found + part.length;
    return i === 0 ? found === 0 : found >= 0;
  });
  const isWhole = open.ok || error.endsWith(parts.at(-1) ?? "");
  return isSaid && isWhole ? undefined : `${error}, not ${verdict.message}`;
}

/** What is blamed for a refusal, if it is refused for the same. */
function blamed(ours: Reading, { open, load }: CiliumReport): string | undefined {
  const { elf, verdict } = ours;
  if (elf === undefined || verdict === undefined || verdict.accepted) return undefined;
  return blamedDifference(elf, verdict, (open.ok ? load?.error : open.error) ?? "");
}

const COMPARED: Readonly<Record<string, Differ>> = {
  made,
  said,
  blamed,
  // What it finds in an object, before any kernel is asked.
  opened: ({ spec }, report) =>
    (spec !== undefined) === report.open.ok ? openedDifference(spec, report) : `it opens: ${report.open.ok}`,
  // The attributes of each map that it asks for, and the bytes of BTF that it sends before.
  sent({ requests }, report) {
    if (!report.open.ok) return undefined;
    return requests === undefined ? "no maps are asked for" : sentDifference(requests, report);
  },
};

export function ciliumComparisons(release: KernelRelease): readonly Comparison<CiliumReport>[] {
  return Object.entries(COMPARED).map(([name, differ]) => ({
    name,
    differ: (bytes, report) => differ(new Reading(bytes, release), report, bytes),
  }));
}

/** Kernels without kinds that the library then does without. */
export const OLD_RELEASES = ["5.10", "6.1"] as const satisfies readonly MatrixRelease[];

/** All comparisons of an object at once, as reading it takes most of the time. */
function replaysOn(name: string, release: KernelRelease, answersOf: AnswersOf): readonly Replay[] {
  const agreed = new Map(answersOf<CiliumReport>(name).map((one) => [one.input, one.agreed]));
  const differ = (bytes: Uint8Array, report: CiliumReport): string | undefined => {
    const ours = new Reading(bytes, release);
    for (const each of agreed.get(bytes) ?? []) {
      const what = COMPARED[each]?.(ours, report, bytes);
      if (what !== undefined) return what;
    }
    return undefined;
  };
  const compared: AnswersOf = <Answer>(from: string) =>
    answersOf<Answer>(from).map((one) => ({ ...one, agreed: one.agreed.length === 0 ? [] : ["all"] }));
  return replaysOf(name, compared, [{ name: "all", differ }]);
}

export function replays(answersOf: AnswersOf): readonly Replay[] {
  return [
    ...replaysOn("cilium", "6.18", answersOf),
    ...OLD_RELEASES.flatMap((release) => replaysOn(`cilium-on-${release}`, release, answersOf)),
  ];
}
