import { ciliumVerdict } from "../../src/rules/cilium/verdict.ts";
import { KERNEL_PROFILES } from "../../src/rules/kernel/profile.ts";
import type { LoaderVerdict } from "../../src/rules/loader.ts";
import type { Comparison } from "../../tools/mutation/answers.ts";
import type { CiliumReport } from "../judges/cilium.ts";
import { difference } from "../rules/cilium/compared.ts";
import { read } from "./read.ts";
import { type AnswersOf, type Replay, replaysOf } from "./replay.ts";

function ours(bytes: Uint8Array): LoaderVerdict | undefined {
  const elf = read(bytes);
  return elf && ciliumVerdict(elf, KERNEL_PROFILES["6.18"]);
}

/** Whether it opens, and which maps it asks the kernel for. */
function made(bytes: Uint8Array, report: CiliumReport): string | undefined {
  const verdict = ours(bytes);
  return verdict === undefined ? "not read by us" : difference(bytes, verdict, report);
}

/** The words of a refusal, which may be of another fault where there are two: the library goes through maps in no certain order. */
function said(bytes: Uint8Array, { open, load }: CiliumReport): string | undefined {
  const verdict = ours(bytes);
  if (verdict === undefined) return "not read by us";
  const error = (verdict.stage === "open" || !open.ok ? open.error : load?.error) ?? "";
  if (verdict.accepted) return error === "" ? undefined : error;
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

export const ciliumComparisons: readonly Comparison<CiliumReport>[] = [
  { name: "made", differ: made },
  { name: "said", differ: said },
];

export function replays(answersOf: AnswersOf): readonly Replay[] {
  return replaysOf("cilium", answersOf, ciliumComparisons);
}
