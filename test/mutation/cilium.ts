import { ciliumVerdict } from "../../src/rules/cilium/verdict.ts";
import { KERNEL_PROFILES } from "../../src/rules/kernel/profile.ts";
import type { KernelRelease } from "../../src/rules/kernel/rule.ts";
import type { LoaderVerdict } from "../../src/rules/loader.ts";
import type { MatrixRelease } from "../../tools/matrix/kernels.ts";
import type { Comparison } from "../../tools/mutation/answers.ts";
import type { CiliumReport } from "../judges/cilium.ts";
import { difference } from "../rules/cilium/compared.ts";
import { openedDifference } from "../rules/cilium/opened.ts";
import { sentDifference } from "../rules/cilium/sent.ts";
import { read } from "./read.ts";
import { type AnswersOf, type Replay, replaysOf } from "./replay.ts";

function ours(bytes: Uint8Array, release: KernelRelease): LoaderVerdict | undefined {
  const elf = read(bytes);
  return elf && ciliumVerdict(elf, KERNEL_PROFILES[release]);
}

/** Whether it opens, and which maps it asks the kernel for. */
function made(bytes: Uint8Array, report: CiliumReport, release: KernelRelease): string | undefined {
  const verdict = ours(bytes, release);
  return verdict === undefined ? "not read by us" : difference(bytes, verdict, report, KERNEL_PROFILES[release]);
}

/** What it finds in an object, before any kernel is asked. */
function opened(bytes: Uint8Array, report: CiliumReport): string | undefined {
  return openedDifference(bytes, report);
}

/** The words of a refusal, which may be of another fault where there are two: the library goes through maps in no certain order. */
function said(bytes: Uint8Array, { open, load }: CiliumReport, release: KernelRelease): string | undefined {
  const verdict = ours(bytes, release);
  if (verdict === undefined) return "not read by us";
  const error = (verdict.stage === "open" || !open.ok ? open.error : load?.error) ?? "";
  // What the kernel makes of programs is no matter of these rules.
  if (verdict.accepted) return error === "" || error.startsWith("program ") ? undefined : error;
  if (error === "") return `taken, not refused: ${verdict.message}`;
  if (verdict.message === "") return "no words";
  let at = 0;
  const isSaid = verdict.message.split("…").every((part) => {
    const found = error.indexOf(part, at);
    at = found + part.length;
    return found >= 0;
  });
  return isSaid ? undefined : `${error}, not ${verdict.message}`;
}

/** The attributes of each map that it asks for, and the bytes of BTF that it sends before. */
function sent(bytes: Uint8Array, report: CiliumReport, release: KernelRelease): string | undefined {
  return sentDifference(bytes, KERNEL_PROFILES[release], report);
}

export function ciliumComparisons(release: KernelRelease): readonly Comparison<CiliumReport>[] {
  return Object.entries({ made, opened, said, sent }).map(([name, differ]) => ({
    name,
    differ(bytes, report) {
      try {
        return differ(bytes, report, release);
      } catch (error) {
        return `threw ${String(error)}`;
      }
    },
  }));
}

/** Kernels without kinds that the library then does without. */
export const OLD_RELEASES = ["5.10", "6.1"] as const satisfies readonly MatrixRelease[];

export function replays(answersOf: AnswersOf): readonly Replay[] {
  const here = replaysOf("cilium", answersOf, ciliumComparisons("6.18"));
  const there = OLD_RELEASES.flatMap((release) =>
    replaysOf(`cilium-on-${release}`, answersOf, ciliumComparisons(release)),
  );
  return [...here, ...there];
}
