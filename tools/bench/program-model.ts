/**
 * The types of the made-up program, each the same whoever asks: a text names a type, and what it consists of follows from its number.
 *
 * `b3` base type, `s7` struct, `u7` union, `e7` enum, `t7` typedef, `x7` function type, `p…` pointer to, `c…` const, `a16:…` array,
 * `P` pointer to void.
 */
export type TypeText = string;

export interface ModelMember {
  readonly name: string;
  readonly type: TypeText;
  /** In bytes. */
  readonly offset: number;
  /** In bits; 0 for a plain member. */
  readonly bits: number;
}

/** Name, size in bytes and DW_ATE_*. */
export const BASES: readonly (readonly [name: string, size: number, encoding: number])[] = [
  ["int", 4, 5],
  ["unsigned int", 4, 7],
  ["long", 8, 5],
  ["unsigned long", 8, 7],
  ["char", 1, 6],
  ["unsigned char", 1, 8],
  ["short", 2, 5],
  ["unsigned short", 2, 7],
  ["long long", 8, 5],
  ["unsigned long long", 8, 7],
  ["_Bool", 1, 2],
];

/** Structs that all units may share, as those of kernel headers; a unit's own have greater numbers. */
export const SHARED = 2400;
/** Pointers lead to one of these more often than to any other. */
const HUBS = 40;
const NEAR = 120;
const TYPEDEFS = 60;
const ENUMS = 160;
const SIGNATURES = 200;
const UNIONS = 150;
/** Largest record that is put into another one, in bytes. */
const LARGEST_PART = 512;

const WORDS =
  "task file inode page sock skb net dev queue lock list node map prog cpu mem irq timer event trace path".split(" ");
const FIELDS =
  "flags count next prev parent data len state refs lock owner name ops priv id type mask start end size".split(" ");

/** Numbers that look random and are the same in each run (xorshift32). */
export function numbersFrom(seed: number): (below: number) => number {
  let state = (Math.imul(seed + 1, 0x9e37_79b1) ^ 0x5bd1_e995) >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % below;
  };
}

export function word(number: number): string {
  return WORDS[number % WORDS.length] ?? "";
}

export function structName(id: number): string {
  return `${word(id)}_${word(Math.floor(id / 7))}_${id}`;
}

export function enumName(id: number): string {
  return `${word(id)}_state_${id}`;
}

export function enumerators(id: number): readonly string[] {
  return Array.from(
    { length: 3 + (id % 19) },
    (_, i) => `${word(id).toUpperCase()}_${id}_${word(i).toUpperCase()}_${i}`,
  );
}

export function typedefName(id: number): string {
  return id < BASES.length ? `__u${id}_t` : `${word(id)}_t${id}`;
}

export function typedefTarget(id: number): TypeText {
  if (id < BASES.length) return `b${id}`;
  return id % 3 === 0 ? `s${id}` : `t${id % BASES.length}`;
}

/** Return type and parameters. */
export function signature(id: number): readonly TypeText[] {
  const random = numbersFrom(id + 90_000);
  return ["b0", ...Array.from({ length: 1 + random(4) }, () => simpleType(random, id))];
}

function base(random: (below: number) => number): TypeText {
  return random(3) === 0 ? `t${random(BASES.length)}` : `b${random(BASES.length)}`;
}

/** Something that is passed around: a number or a pointer. `near` is the struct whose neighbours are pointed at. */
export function simpleType(random: (below: number) => number, near: number): TypeText {
  const kind = random(10);
  if (kind < 3) return base(random);
  if (kind === 3) return "P";
  if (kind === 4) return "pcb4";
  return `ps${neighbour(random, near)}`;
}

function neighbour(random: (below: number) => number, near: number): number {
  if (random(5) === 0) return random(HUBS);
  const shift = random(2 * NEAR) - NEAR;
  if (near >= SHARED) return random(2) === 0 ? random(SHARED) : near;
  return (near + shift + SHARED) % SHARED;
}

function memberType(random: (below: number) => number, id: number): TypeText {
  const kind = random(100);
  if (kind < 38) return base(random);
  if (kind < 64) return simpleType(random, id);
  if (kind < 76) {
    // Records of a smaller remainder lie in those of a greater one, so that none holds itself.
    const part = random(SHARED / 4) * 4 + Math.max(0, (id % 4) - 1);
    return id % 4 !== 0 && sizeOf(`s${part}`) <= LARGEST_PART ? `s${part}` : "b3";
  }
  if (kind < 84) return `a${1 + random(64)}:${base(random)}`;
  if (kind < 89) return `e${random(ENUMS)}`;
  if (kind < 94) return `px${random(SIGNATURES)}`;
  if (kind < 97) return `t${BASES.length + random(TYPEDEFS - BASES.length)}`;
  return `u${random(UNIONS)}`;
}

const known = new Map<TypeText, number>();
const layouts = new Map<number, readonly ModelMember[]>();

/** Size in bytes. */
export function sizeOf(type: TypeText): number {
  let size = known.get(type);
  if (size === undefined) {
    size = computeSize(type);
    known.set(type, size);
  }
  return size;
}

function computeSize(type: TypeText): number {
  const rest = type.slice(1);
  switch (type[0]) {
    case "b":
      return BASES[Number(rest)]?.[1] ?? 0;
    case "c":
      return sizeOf(rest);
    case "t":
      return sizeOf(typedefTarget(Number(rest)));
    case "e":
      return 4;
    case "a":
      return Number.parseInt(rest, 10) * sizeOf(rest.slice(rest.indexOf(":") + 1));
    case "u":
      return 16;
    case "s": {
      const last = structMembers(Number(rest)).at(-1);
      return last === undefined ? 0 : Math.ceil((last.offset + Math.max(1, sizeOf(last.type))) / 8) * 8;
    }
    default:
      return 8;
  }
}

export function structMembers(id: number): readonly ModelMember[] {
  const ready = layouts.get(id);
  if (ready !== undefined) return ready;
  const random = numbersFrom(id);
  const members: ModelMember[] = [];
  let offset = 0;
  for (let count = 2 + random(20), index = 0; index < count; index++) {
    const name = `${FIELDS[random(FIELDS.length)]}${index}`;
    if (random(30) === 0) {
      offset = Math.ceil(offset / 4) * 4;
      members.push({ name, type: "b1", offset, bits: 1 + random(31) });
      offset += 4;
      continue;
    }
    // A typedef of a record, deep in others, would make sizes depend on each other in a circle.
    const picked = memberType(random, id);
    const type = picked.startsWith("t") && Number(picked.slice(1)) >= BASES.length ? `p${picked}` : picked;
    const size = sizeOf(type);
    const step = Math.min(8, size >= 8 ? 8 : 1 << Math.floor(Math.log2(Math.max(1, size))));
    offset = Math.ceil(offset / step) * step;
    members.push({ name, type, offset, bits: 0 });
    offset += size;
  }
  layouts.set(id, members);
  return members;
}

export function unionMembers(id: number): readonly ModelMember[] {
  const random = numbersFrom(id + 50_000);
  return Array.from({ length: 2 + random(3) }, (_, i) => {
    const type = random(2) === 0 ? `b${random(BASES.length)}` : "a16:b5";
    return { name: `${FIELDS[random(FIELDS.length)]}${i}`, type, offset: 0, bits: 0 };
  });
}
