import { expect, test } from "vitest";
import { checkObject } from "../../../src/check.ts";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import { KERNEL_RELEASES } from "../../../src/rules/kernel/rule.ts";
import { type BtfLoadVerdict, kernelDefects, kernelVerdict } from "../../../src/rules/kernel/verdict.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { kernel, kernelBtfLoad } from "../../judges/kernel.ts";
import { answer } from "../../judges/run.ts";
import { seed } from "../../seed.ts";
import { disagreement } from "./campaign.ts";
import { Draft, KIND } from "./draft.ts";
import { sample } from "./mutate.ts";
import { Random } from "./random.ts";
import { realDrafts } from "./real.ts";
import { reached, type SeverallyBroken, severallyBroken } from "./several.ts";
import { runningRelease } from "./summary.ts";

const PROFILE = KERNEL_PROFILES[runningRelease()];
const NEWEST = KERNEL_PROFILES["7.3"];
const MISSING_ID = 0xf_fff0;

const SEED = seed();

const told = (draft: Draft): readonly (readonly [string | undefined, number | undefined])[] =>
  kernelDefects(draft.blob(), NEWEST).defects.map(({ rule, typeId }) => [rule, typeId]);

test(`the first defect is what the kernel says, word for word, and of a good blob there is none (seed ${SEED})`, () => {
  const random = new Random(SEED);
  const real = realDrafts();
  for (let index = 0; index < 2000; index++) {
    const { blob, origin } = sample(random, real, index);
    for (const release of [KERNEL_RELEASES[index % KERNEL_RELEASES.length] ?? "7.3", "7.3"] as const) {
      const verdict = kernelVerdict(blob, KERNEL_PROFILES[release]);
      const { defects, end } = kernelDefects(blob, KERNEL_PROFILES[release]);
      expect(defects.slice(0, 1), `${release} of ${origin}, number ${index}`).toEqual(
        verdict.accepted ? [] : [verdict],
      );
      if (verdict.accepted) expect(end).toBe("all");
    }
  }
});

const LOOPS = ["KR-03", "KM-08"];

/** A circle is told of the first type that leads to it, which need not be the same where that one has another defect. */
const isSame = (one: BtfLoadVerdict, other: BtfLoadVerdict): boolean =>
  LOOPS.includes(one.rule ?? "")
    ? LOOPS.includes(other.rule ?? "")
    : one.rule === other.rule && one.message === other.message && one.typeId === other.typeId;

/** Whether the type depends on another that is broken, of which then the kernel would have to be told first. */
function depends({ all, each }: SeverallyBroken, { typeId = 0 }: BtfLoadVerdict): boolean {
  const targets = reached(all, typeId);
  return each.some(({ id }) => id !== typeId && targets.has(id));
}

const COUNT = 300;

judgeTest(kernel())(`what is told of ${COUNT} blobs is what the kernel says of each break alone (seed ${SEED})`, () => {
  const random = new Random(SEED);
  const samples = Array.from({ length: COUNT }, () => severallyBroken(random, 10)).filter(
    ({ whole }) => kernelVerdict(whole.blob(), PROFILE).accepted,
  );
  const blobs = samples.flatMap(({ all, each }) => [all.blob(), ...each.map(({ draft }) => draft.blob())]);
  const said = answer(kernelBtfLoad(blobs, 120));
  const verdicts = blobs.map((blob, index) => {
    const verdict = kernelVerdict(blob, PROFILE);
    expect(disagreement(verdict, said[index] ?? { errno: -1, log: "" })).toBeUndefined();
    return verdict;
  });
  let [at, found, hidden] = [0, 0, 0];
  for (const one of samples) {
    const { defects, end } = kernelDefects(blobs[at] ?? new Uint8Array(0), PROFILE);
    const alone = verdicts.slice(at + 1, at + 1 + one.each.length).filter(({ accepted }) => !accepted);
    const alsoAlone = one.each.flatMap(({ draft }) => kernelDefects(draft.blob(), PROFILE).defects);
    at += 1 + one.each.length;
    expect(end).toBe("all");
    for (const defect of defects) {
      // Of a type that depends on one at fault, what is told may be its next defect.
      const isReal = alsoAlone.some(
        (other) => isSame(other, defect) || (other.typeId === defect.typeId && depends(one, defect)),
      );
      expect(isReal, `${defect.message} is no defect of one break alone`).toBe(true);
    }
    for (const verdict of alone) {
      found++;
      if (defects.some((defect) => isSame(verdict, defect))) continue;
      const isHidden = depends(one, verdict) || defects.some(({ typeId }) => typeId === verdict.typeId);
      expect(isHidden, `${verdict.message} is not told`).toBe(true);
      hidden++;
    }
  }
  expect(found).toBeGreaterThan(COUNT * 3);
  expect(hidden / found).toBeLessThan(0.02);
});

test("types that break the same rule are all told, and those that only use them are not", () => {
  const draft = new Draft();
  const int = draft.int();
  const gone = ["a", "b", "c"].map((name) => draft.add(KIND.typedef, { name, word: MISSING_ID }));
  for (const type of gone) {
    const again = draft.add(KIND.const, { word: type });
    draft.struct("s", 8, [["m", again, 0]]);
    draft.add(KIND.array, { words: [type, int, 2] });
    draft.proto(type, [["p", again]]);
    draft.add(KIND.datasec, {
      name: ".data",
      word: 4,
      vlen: 1,
      words: [draft.add(KIND.var, { name: "v", word: again, words: [1] }), 0, 1],
    });
  }
  expect(told(draft)).toEqual(gone.map((id) => ["KR-01", id]));
});

test("a struct is looked through behind a member that is at fault", () => {
  const draft = new Draft();
  const gone = draft.add(KIND.typedef, { name: "t", word: MISSING_ID });
  const struct = draft.struct("s", 8, [
    ["m", gone, 0],
    ["n", draft.int(8), 32],
  ]);
  expect(told(draft)).toEqual([
    ["KR-01", gone],
    ["KM-09", struct],
  ]);
});

test.each(["typedef", "const", "struct", "array"] as const)(
  "the walk goes on behind a %s that leads back to itself",
  (kind) => {
    const draft = new Draft();
    const int = draft.int();
    const before = draft.add(KIND.enum, { name: "e", word: 3 });
    const id = draft.records.length + 1;
    if (kind === "struct") draft.struct("again", 4, [["m", id, 0]]);
    else if (kind === "array") draft.add(KIND.array, { words: [id, int, 1] });
    else draft.add(KIND[kind], { name: kind === "typedef" ? "again" : "", word: id });
    draft.add(KIND.ptr, { word: id });
    draft.struct("user", 4, [["m", id, 0]]);
    const behind = draft.add(KIND.var, { name: "v", word: MISSING_ID, words: [1] });
    const loop = kind === "struct" || kind === "array" ? "KM-08" : "KR-03";
    expect(told(draft)).toEqual([
      ["KE-01", before],
      [loop, id],
      ["KV-03", behind],
    ]);
  },
);

test("special structs are judged one by one", () => {
  const draft = new Draft();
  const int = draft.int();
  const lock = draft.struct("bpf_spin_lock", 4, [["val", int, 0]]);
  const twice = (name: string): number =>
    draft.struct(name, 8, [
      ["a", lock, 0],
      ["b", lock, 32],
    ]);
  const [one, two] = [twice("one"), twice("two")];
  draft.struct("outer", 16, [
    ["inner", one, 0],
    ["c", lock, 64],
  ]);
  expect(told(draft)).toEqual([
    ["KZ-01", one],
    ["KZ-01", two],
  ]);
});

test("structs that own each other in a circle are told once", () => {
  const draft = new Draft();
  const int = draft.int();
  const lock = draft.struct("bpf_spin_lock", 4, [["val", int, 0]]);
  const opaque = (size: number, name: string): number =>
    draft.struct(name, size, [["x", draft.add(KIND.array, { words: [int, int, size / 4] }), 0]]);
  const [head, node] = [opaque(16, "bpf_list_head"), opaque(24, "bpf_list_node")];
  const owner = (name: string, owned: string): number => {
    const id = draft.struct(name, 48, [
      ["head", head, 0],
      ["node", node, 128],
      ["lock", lock, 320],
    ]);
    draft.add(KIND.declTag, { name: `contains:${owned}:node`, word: id, words: [0] });
    return id;
  };
  const first = owner("one", "two");
  owner("two", "one");
  expect(told(draft)).toEqual([["KZ-06", first]]);
});

test("a chain that is too long is told once", () => {
  const draft = new Draft();
  const length = 40;
  const first = draft.records.length + 2;
  draft.struct(
    "s",
    4,
    Array.from({ length }, (_, index): [string, number, number] => ["", first + length - 1 - index, 0]),
  );
  for (let index = 0; index < length; index++) draft.add(KIND.const, { word: first + index + 1 });
  draft.int();
  expect(told(draft)).toEqual([["KR-05", first]]);
});

test("a record of unknown size ends the walk, and so does a blob of noise", () => {
  const draft = new Draft();
  const wrong = draft.add(KIND.float, { name: "f", word: 7 });
  const end = draft.add(31, { name: "k" });
  draft.add(KIND.float, { name: "f", word: 7 });
  const defects = kernelDefects(draft.blob(), NEWEST);
  expect(defects.defects.map(({ rule, typeId }) => [rule, typeId])).toEqual([
    ["KX-01", wrong],
    ["KT-02", end],
  ]);
  expect(defects.end).toBe("unreadable");
  const many = new Draft();
  for (let index = 0; index < 300; index++) many.add(KIND.float, { name: "f", word: 7 });
  const noise = kernelDefects(many.blob(), NEWEST);
  expect([noise.defects.length, noise.end]).toEqual([256, "more"]);
});

test("a long list of parameters is cut, and pointers follow no chain twice", () => {
  const draft = new Draft();
  const int = draft.int();
  const params = Array.from({ length: 50_000 }, (): [string, number] => ["x".repeat(500), int]);
  const wrong = draft.proto(int, [...params, ["1 wrong", int]]);
  for (let index = 0; index < 20_000; index++)
    draft.add(KIND.const, { word: index === 0 ? int : draft.records.length });
  const end = draft.records.length;
  for (let index = 0; index < 20_000; index++) draft.add(KIND.ptr, { word: end });
  const blob = draft.blob();
  const before = process.cpuUsage();
  const { defects } = kernelDefects(blob, NEWEST);
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1e6).toBeLessThan(0.5 + blob.length / 1e6);
  expect(defects.map(({ rule, typeId }) => [rule, typeId])).toEqual([["KP-05", wrong]]);
  const [{ message = "" } = {}] = defects;
  expect(message).toMatch(/, …\) Invalid arg#50001$/);
  expect(message.length).toBeLessThan(0x5000);
});

test("of a list of parameters 16 KiB are told", () => {
  // The kernel prints each with its type and what parts it from the one before.
  const told = (count: number): string => {
    const copy = new Draft();
    const int = copy.int();
    copy.proto(int, [
      ...Array.from({ length: count }, (): [string, number] => ["x".repeat(500), int]),
      ["1 wrong", int],
    ]);
    return kernelDefects(copy.blob(), NEWEST).defects[0]?.message ?? "";
  };
  const one = `, 1 ${"x".repeat(500)}`;
  const whole = Math.floor(0x4000 / one.length) + 1;
  expect(told(whole - 1)).toBe(
    `[2] FUNC_PROTO (anon) return=1 args=(${one.repeat(whole - 1).slice(2)}, 1 1 wrong) Invalid arg#${whole}`,
  );
  expect(told(whole)).toBe(
    `[2] FUNC_PROTO (anon) return=1 args=(${one.repeat(whole).slice(2)}, …) Invalid arg#${whole + 1}`,
  );
});

test("strings and types can both be at fault", () => {
  const draft = new Draft();
  const wrong = draft.add(KIND.float, { name: "f", word: 7 });
  const strings = new TextEncoder().encode("\0f\0end");
  const { defects } = kernelDefects(draft.blob(strings), NEWEST);
  expect(defects.map(({ rule, typeId }) => [rule, typeId])).toEqual([
    ["KS-03", undefined],
    ["KX-01", wrong],
  ]);
});

test("a check tells them all, of a raw blob that cannot be read up to where it ends", async () => {
  const draft = new Draft();
  const wrong = [3, 5, 6].map((size) => draft.add(KIND.enum, { name: "e", word: size }));
  const { diagnostics, verdicts } = await checkObject(draft.blob());
  const ofKernel = diagnostics.filter(({ rule }) => rule === "kernel/ke-01");
  expect(ofKernel.map(({ severity, target }) => [severity, target.typeId])).toEqual(wrong.map((id) => ["error", id]));
  expect(verdicts.kernel.message).toMatch(/^\[1\] ENUM e size=3 vlen=0 Unexpected size$/);
  draft.trailing = 4;
  const cut = await checkObject(draft.blob());
  expect(cut.diagnostics.filter(({ severity }) => severity === "error").map(({ rule }) => rule)).toEqual([
    ...wrong.map(() => "kernel/ke-01"),
    "kernel/kt-01",
  ]);
  expect(cut.diagnostics.at(-1)?.help).toMatch(/nothing behind it can be judged$/);
});
