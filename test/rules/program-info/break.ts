import { KIND } from "../kernel/draft.ts";
import type { Random } from "../kernel/random.ts";
import { declareFunction, type Generated } from "./generate.ts";
import { EXIT, type Info, LD_ABS, MOVE, TAIL_CALL, WIDE, ZERO } from "./program.ts";

/** One way to break a program, if it has what is broken. */
export type Break = (generated: Generated, random: Random) => void;

const ODD_SIZES = [0, 1, 4, 7, 9, 10, 13, 14, 15, 17, 18, 253, 256, 260, 1024, 8192] as const;
const ODD_NUMBERS = [0, 1, 2, 3, 8, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff] as const;

function someInfo(generated: Generated, random: Random): Info {
  const { funcInfo, lineInfo, coreRelo } = generated.draft;
  if (relocationsFirst(generated, random)) return coreRelo;
  const filled = [funcInfo, lineInfo, coreRelo].filter(({ records }) => records.length > 0);
  return filled.length === 0 ? funcInfo : random.pick(filled);
}

/** Breaks relocations half of the times, where there are any, of which the kernel asks the most. */
function relocationsFirst({ draft }: Generated, random: Random): boolean {
  return draft.coreRelo.records.length > 0 && random.chance(50);
}

function setWord(info: Info, word: number, value: (old: number) => number, random: Random): void {
  if (info.records.length === 0) return;
  const record = random.pick(info.records);
  record[word] = value(record[word] ?? 0) >>> 0;
}

function oddNumber(random: Random): (old: number) => number {
  return (old) => (random.chance(50) ? old + random.pick([-2, -1, 1, 2, 7, 8]) : random.pick(ODD_NUMBERS));
}

/** Sizes of records: odd ones, and bytes after the known ones. */
const sizes: readonly Break[] = [
  (generated, random) => {
    someInfo(generated, random).recordSize = random.pick(ODD_SIZES);
  },
  (generated, random) => {
    const info = someInfo(generated, random);
    info.recordSize = random.pick([20, 24, 32, 252]);
    const record = info.records.length === 0 ? [] : random.pick(info.records);
    const last = info.recordSize / 4 - 1;
    while (record.length <= last) record.push(0);
    record[random.pick([last, Math.min(last, 4)])] = random.pick([1, 0x100_0000, 0xff]);
  },
];

/** Words of records: places, types, names. */
const values: readonly Break[] = [
  (generated, random) => {
    setWord(someInfo(generated, random), 0, oddNumber(random), random);
  },
  (generated, random) => {
    setWord(generated.draft.funcInfo, 1, oddNumber(random), random);
  },
  ({ draft, types }, random) => {
    setWord(draft.funcInfo, 1, () => random.pick([types.int, types.struct, 0, 0xf_ffff]), random);
  },
  ({ draft }, random) => {
    const length = draft.btf?.stringsLength ?? 0;
    const word = random.pick([1, 2]);
    setWord(draft.lineInfo, word, () => length + random.pick([-1, 0, 1, 1000, 0x100_0000]), random);
  },
  ({ draft }, random) => {
    setWord(draft.lineInfo, 0, (old) => (random.chance(50) ? old + 1 : Math.max(0, old - 1)), random);
  },
  ({ draft }, random) => {
    setWord(draft.coreRelo, random.below(4), oddNumber(random), random);
  },
  ({ draft, types }, random) => {
    const btf = draft.btf;
    if (btf === undefined || draft.coreRelo.records.length === 0) return;
    const texts = ["", ":", "0:", "0:0", "0:4", "0:1:4", "0:3:1", "1", "-1", "x", "0:1:", "0 :0", "0:2:0:0", "0:1:2:0"];
    const text = random.chance(5) ? "0:".repeat(64) : random.pick(texts);
    const type = random.pick([types.struct, types.struct, types.enum, types.int, 0]);
    const record = random.pick(draft.coreRelo.records);
    record.splice(1, 3, type, btf.name(text), random.below(14));
  },
  ({ draft, types }, random) => {
    // What a size is asked of, an array's element, or a type that has none.
    const btf = draft.btf;
    if (btf === undefined || draft.coreRelo.records.length === 0) return;
    const record = random.pick(draft.coreRelo.records);
    const unsized = btf.add(KIND.fwd, { name: "nowhere_f" });
    const type = random.pick([unsized, types.struct, types.int]);
    if (random.chance(50)) record.splice(1, 3, type, btf.name("0"), random.pick([8, 9, 12]));
    else record.splice(1, 3, types.struct, btf.name("0:1:2"), random.below(6));
  },
  ({ draft }, random) => {
    // On any instruction, and not just one that holds a constant.
    setWord(draft.coreRelo, 0, () => random.below(draft.insns().length / 8) * 8, random);
  },
];

/** Lists: records that are missing, doubled, exchanged, announced and not there. */
const lists: readonly Break[] = [
  (generated, random) => {
    const { records } = someInfo(generated, random);
    if (records.length > 0) records.splice(random.below(records.length), 1);
  },
  (generated, random) => {
    const { records } = someInfo(generated, random);
    if (records.length > 0) records.splice(random.below(records.length), 0, [...random.pick(records)]);
  },
  (generated, random) => {
    const { records } = someInfo(generated, random);
    if (records.length < 2) return;
    const at = random.below(records.length - 1);
    records.splice(at, 2, ...records.slice(at, at + 2).reverse());
  },
  ({ draft }, random) => {
    draft.lineInfo.records.splice(0, random.chance(50) ? 1 : draft.lineInfo.records.length);
  },
  ({ draft }) => {
    draft.funcInfo.records = [];
  },
  (generated, random) => {
    const info = random.pick([generated.draft.lineInfo, generated.draft.coreRelo]);
    if (info.records.length > 0) info.count = random.pick([0x7ff_ffff + 1, 0xffff_ffff]);
  },
  ({ draft }, random) => {
    if (draft.funcInfo.records.length > 0) draft.funcInfo.count = random.pick([0x1000_0000, 0xffff_ffff]);
  },
];

/** The code that records are held against. */
const code: readonly Break[] = [
  ({ draft }, random) => {
    random.pick(draft.functions).unshift(random.chance(50) ? [0x05, 0, 0, random.pick([-1, 0, 300])] : ZERO);
  },
  ({ draft }, random) => {
    random.pick(draft.functions).pop();
  },
  ({ draft }, random) => {
    random.pick(draft.functions).splice(1, 0, [0x85, 0, 1, 0, random.pick([-3, 0, 1, 2, 500, -500, 0x7fff_ffff])]);
  },
  ({ draft }, random) => {
    // Never its own function: 7.2 and 7.3 then verify without end, and only a reboot helps.
    random.pick(draft.functions).splice(1, 0, ...WIDE(2, random.pick([-3, 1, 2, 400]), 4));
  },
  ({ draft }, random) => {
    random.pick(draft.functions).splice(2, 0, random.chance(50) ? LD_ABS : TAIL_CALL);
  },
  ({ draft }, random) => {
    random.pick(draft.functions).splice(2, 0, [0x85, 0, 2, 0, 0]);
  },
  ({ draft }, random) => {
    const jump = random.pick([0x06, 0x05, 0x0d, 0xe5, 0x1e, 0x16]);
    random.pick(draft.functions).splice(1, 0, [jump, 0, 0, random.pick([0, -40, 40]), random.pick([0, 40])]);
  },
  ({ draft }, random) => {
    const slots = random.pick(draft.functions);
    slots.splice(-1, 1, ...(random.chance(50) ? WIDE(0, 0) : [[0x18] as const]));
  },
  ({ draft }, random) => {
    const slots = random.pick(draft.functions);
    slots.splice(-1, 1, [random.pick([0x05, 0x06, 0x0d, 0x9d]), 0, 0, -1, -1]);
  },
  ({ draft }, random) => {
    // Those that are taken take long.
    const more = random.chance(5) ? 250 : random.pick([256, 260]);
    for (let count = 0; count < more; count++) {
      draft.functions[0]?.unshift({ function: draft.functions.length, kind: "call" });
      draft.functions.push([ZERO, EXIT]);
    }
  },
  ({ draft, functions }, random) => {
    // A function more, which nothing is known of, or is called by none.
    draft.functions.push([MOVE(6, 1), ZERO, EXIT]);
    if (random.chance(50)) draft.functions[0]?.splice(1, 0, { function: functions.length, kind: "call" });
  },
];

/** The BTF that they name. */
const types: readonly Break[] = [
  ({ draft }) => {
    draft.btf = undefined;
  },
  ({ draft }) => {
    draft.btf?.add(KIND.struct, { name: "no name", word: 4 });
  },
  ({ draft, functions }, random) => {
    const { btf } = draft;
    const [main = 0] = functions;
    if (btf === undefined) return;
    const name = random.pick(["f1", "f1", "f0", "absent", "", "handler"]);
    const isListed = random.chance(60);
    const id = declareFunction(btf, "handler", random.below(3), random.chance(70));
    const times = random.chance(15) ? 2 : 1;
    for (let count = 0; count < times; count++) {
      const words = [random.chance(90) ? 0xffff_ffff : 0];
      btf.add(KIND.declTag, { name: `exception_callback:${name}`, word: random.chance(90) ? main : id, words });
    }
    if (!isListed || draft.funcInfo.records.length === 0) return;
    draft.functions.push([ZERO, EXIT]);
    draft.funcInfo.records.push([random.chance(90) ? (draft.starts().at(-2) ?? 0) : 500, id]);
  },
];

export const BREAKS: readonly Break[] = [...sizes, ...values, ...values, ...lists, ...code, ...types];
