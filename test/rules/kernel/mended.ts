/** BTF broken in several places, of which the kernel is asked again and again, each time without what it has told. */

import type { KernelProfile } from "../../../src/rules/kernel/profile.ts";
import { kernelDefects } from "../../../src/rules/kernel/verdict.ts";
import { concat, words } from "../../btf/assemble.ts";
import type { BtfLoadVerdict as Answer } from "../../judges/kernel.ts";
import { disagreement } from "./campaign.ts";
import type { Draft } from "./draft.ts";
import { copyOf, draftOf } from "./real.ts";
import { isSilent, placeOf } from "./said.ts";

/** What it said, in this order; the last is acceptance, unless it was about a type that is not broken by itself, and nobody knows what to mend. */
export type SaidInTurn = readonly Answer[];

/** Both drafts in one: the length of the first blob, and the blobs. */
export function packed({ whole, all }: { readonly whole: Draft; readonly all: Draft }): Uint8Array {
  const [one, other] = [whole.blob(), all.blob()];
  return concat([words([one.length], true), one, other]);
}

function unpacked(input: Uint8Array): { readonly whole: Uint8Array; readonly all: Uint8Array } {
  const length = new DataView(input.buffer, input.byteOffset).getUint32(0, true);
  return { whole: input.subarray(4, 4 + length), all: input.subarray(4 + length) };
}

/** One blob on its way to be whole. */
interface Patient {
  readonly whole: Draft;
  readonly all: Draft;
  readonly broken: Set<number>;
  readonly said: Answer[];
  isDone: boolean;
}

function patient(input: Uint8Array): Patient {
  const { whole, all } = unpacked(input);
  const [one, other] = [draftOf(whole), draftOf(all)];
  const ids = one.records.map((_, index) => index + 1);
  const differs = (id: number): boolean =>
    JSON.stringify(one.records[id - 1]) !== JSON.stringify(other.records[id - 1]);
  return { whole: one, all: other, broken: new Set(ids.filter(differs)), said: [], isDone: false };
}

function present({ whole, all, broken }: Patient): Uint8Array {
  const copy = copyOf(whole);
  for (const id of broken) {
    const record = all.records[id - 1];
    if (record !== undefined) copy.records[id - 1] = record;
  }
  return copy.blob();
}

/** Structs are looked through for special fields last, in the order of ids, and without words: what is still broken then is of these. */
function toldOf({ broken }: Patient, said: Answer): number {
  return (isSilent(said) ? Math.min(...broken) : placeOf(said)) ?? 0;
}

/** What a kernel says of each input (`packed`) as it is, of what is left of it without the type that was told of, and so on. */
export async function saidInTurn(
  inputs: readonly Uint8Array[],
  ask: (blobs: readonly Uint8Array[]) => Promise<readonly Answer[]> | readonly Answer[],
): Promise<readonly SaidInTurn[]> {
  const patients = inputs.map(patient);
  for (let open = patients; open.length > 0; open = open.filter(({ isDone }) => !isDone)) {
    const answers = await ask(open.map(present));
    open.forEach((one, index) => {
      const said = answers[index];
      if (said === undefined) throw new RangeError("an answer is missing");
      one.said.push(said);
      one.isDone = said.errno === 0 || !one.broken.delete(toldOf(one, said));
    });
  }
  return patients.map(({ said }) => said);
}

/** What differs between that and what is told of the blob at once. */
export function differenceInTurn(input: Uint8Array, said: SaidInTurn, profile: KernelProfile): string | undefined {
  const { defects, end } = kernelDefects(unpacked(input).all, profile);
  const told = [...defects, { accepted: true, errno: 0, message: "", rule: undefined, typeId: undefined }];
  for (const [index, one] of said.entries()) {
    const verdict = told[index];
    if (verdict === undefined) return `${told.length - 1} defects are told, not ${index}`;
    const what = disagreement(verdict, one);
    const place = placeOf(one);
    if (what !== undefined || (place !== undefined && verdict.typeId !== place)) {
      return `${what ?? "place"} of defect ${index}: ${JSON.stringify(verdict)}, not ${JSON.stringify(one)}`;
    }
  }
  if (said.at(-1)?.errno !== 0) return undefined;
  if (end !== "all") return `it ends ${end}`;
  return said.length === told.length ? undefined : `${told.length - 1} defects are told, not ${said.length - 1}`;
}
