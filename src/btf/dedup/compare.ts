import { BASE_WORDS, columnOf, HEAD_IDS, ID_COLUMNS, INFO, NAME, SIZE_OR_TYPE } from "./columns.ts";
import type { TypeGraph } from "./graph.ts";

/** True if both records are equal word for word, their ids included. */
export function sameWords({ words, start }: TypeGraph, a: number, b: number): boolean {
  const first = start[a] ?? 0;
  const second = start[b] ?? 0;
  const length = (start[a + 1] ?? 0) - first;
  if ((start[b + 1] ?? 0) - second !== length) return false;
  for (let at = 0; at < length; at++) if (words[first + at] !== words[second + at]) return false;
  return true;
}

/** True if both records are equal but for the ids in them, which are compared elsewhere. */
export function sameShape({ words, start, kinds }: TypeGraph, a: number, b: number): boolean {
  const first = start[a] ?? 0;
  const second = start[b] ?? 0;
  const length = (start[a + 1] ?? 0) - first;
  if ((start[b + 1] ?? 0) - second !== length) return false;
  // The info word holds the kind: past it, both records have their ids at the same places.
  if (words[first + NAME] !== words[second + NAME] || words[first + INFO] !== words[second + INFO]) return false;
  const kind = kinds[a] ?? 0;
  if (HEAD_IDS[kind] === 0 && words[first + SIZE_OR_TYPE] !== words[second + SIZE_OR_TYPE]) return false;
  const { first: column, distance, trailing } = columnOf(ID_COLUMNS, kind);
  let id = distance === 0 ? length : column;
  for (let at = BASE_WORDS; at < length; at++) {
    if (at === id && at < length - trailing) id += distance;
    else if (words[first + at] !== words[second + at]) return false;
  }
  return true;
}

/** True for an ENUM or ENUM64 without values: C's `enum name;`. */
export function isEnumForward({ start, kinds }: TypeGraph, id: number): boolean {
  return isEnum(kinds[id] ?? 0) && (start[id + 1] ?? 0) - (start[id] ?? 0) === BASE_WORDS;
}

/** True for enums that are equal, or of one name while one of them is only declared; size, sign and kind then do not count. */
export function compatibleEnums(graph: TypeGraph, a: number, b: number): boolean {
  if (!isEnumForward(graph, a) && !isEnumForward(graph, b)) return sameWords(graph, a, b);
  const { words, start, kinds } = graph;
  return isEnum(kinds[a] ?? 0) && isEnum(kinds[b] ?? 0) && words[start[a] ?? 0] === words[start[b] ?? 0];
}

/** True for the numbers of ENUM and ENUM64. */
export function isEnum(kind: number): boolean {
  return kind === 6 || kind === 19;
}

/** Hash of a record such that `sameWords` records have the same. */
export function hashWords({ words, start }: TypeGraph, id: number): number {
  const end = start[id + 1] ?? 0;
  let hash = 0;
  for (let at = start[id] ?? 0; at < end; at++) hash = mix(hash, words[at] ?? 0);
  return hash;
}

/** Hash of a record such that `sameShape` records have the same. */
export function hashShape({ words, start, kinds }: TypeGraph, id: number): number {
  const first = start[id] ?? 0;
  const length = (start[id + 1] ?? 0) - first;
  const kind = kinds[id] ?? 0;
  let hash = mix(mix(0, words[first + NAME] ?? 0), words[first + INFO] ?? 0);
  if (HEAD_IDS[kind] === 0) hash = mix(hash, words[first + SIZE_OR_TYPE] ?? 0);
  const { first: column, distance, trailing } = columnOf(ID_COLUMNS, kind);
  let reference = distance === 0 ? length : column;
  for (let at = BASE_WORDS; at < length; at++) {
    if (at === reference && at < length - trailing) reference += distance;
    else hash = mix(hash, words[first + at] ?? 0);
  }
  return hash;
}

/** Hash of an enum such that `compatibleEnums` have the same. */
export function hashEnum({ words, start }: TypeGraph, id: number): number {
  return mix(0, words[start[id] ?? 0] ?? 0);
}

/** Takes one more word into a signed 32-bit hash. */
export function mix(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x9e37_79b1);
  return product ^ (product >>> 15);
}
