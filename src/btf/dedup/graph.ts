import { BtfFixError, type ByteSpan } from "../../errors.ts";
import { typeOffsets, typeSectionStart } from "../encode.ts";
import { encodeRecord, kindNumber, recordSize } from "../kind.ts";
import { RecordOutput } from "../kinds/codec.ts";
import type { Btf } from "../model.ts";
import { BASE_WORDS, columnOf, HEAD_IDS, ID_COLUMNS, NAME_COLUMNS, SIZE_OR_TYPE } from "./columns.ts";

/**
 * The types of a blob as words, which is what deduplication compares, millions of times. Id 0, void, is a record of three zeros;
 * the record of an id is `words[start[id]] … words[start[id + 1]]`: the base words and those that follow them on the wire.
 */
export interface TypeGraph {
  readonly btf: Btf;
  /** Last id; ids count from 1. */
  readonly lastId: number;
  readonly words: Uint32Array;
  readonly start: Uint32Array;
  /** Kinds as numbered on the wire, by id; 0 for void. */
  readonly kinds: Uint8Array;
}

// Words are written through a DataView and read as an array, which has the machine's byte order.
const MACHINE_IS_LITTLE = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/**
 * Lays out the types of a blob. Errors: `REFUSED` for split BTF and for kinds past ENUM64, whose references nobody knows;
 * `BTF_MALFORMED` for an id that no type has; `LIMIT_EXCEEDED` for numbers that no field can hold.
 */
export function layOut(btf: Btf): TypeGraph {
  if (btf.base !== undefined) throw new BtfFixError("REFUSED", "split BTF cannot be deduplicated without its base");
  const lastId = btf.types.length;
  const start = new Uint32Array(lastId + 2);
  const kinds = new Uint8Array(lastId + 1);
  let end = BASE_WORDS;
  btf.types.forEach((type, index) => {
    start[index + 1] = end;
    kinds[index + 1] = kindNumber(type);
    end += Math.ceil(recordSize(type) / 4);
  });
  start[lastId + 1] = end;
  const words = new Uint32Array(end);
  const output = new RecordOutput(new Uint8Array(words.buffer), BASE_WORDS * 4, MACHINE_IS_LITTLE);
  btf.types.forEach((type, index) => {
    output.typeId = index + 1;
    if (type.kind === "unknown")
      refuseType(btf, index + 1, `has the kind ${type.kindNumber}, which nobody can compare`);
    encodeRecord(type, output, { wideVlen: true });
  });
  const graph = { btf, lastId, words, start, kinds };
  for (let id = 1; id <= lastId; id++) {
    for (let index = idCount(graph, id) - 1; index >= 0; index--) {
      const reference = words[idWord(graph, id, index)] ?? 0;
      if (reference > lastId) malformedType(btf, id, `refers to type ${reference}, but the last one is ${lastId}`);
    }
  }
  return graph;
}

/** How many ids the record of `id` holds, 0 and repetitions included. */
export function idCount({ kinds, start }: TypeGraph, id: number): number {
  const kind = kinds[id] ?? 0;
  const head = HEAD_IDS[kind] ?? 0;
  const { distance, trailing } = columnOf(ID_COLUMNS, kind);
  if (distance === 0) return head;
  const length = (start[id + 1] ?? 0) - (start[id] ?? 0);
  return head + (length - BASE_WORDS - trailing) / distance;
}

/** Where in `words` the id number `index` of a record stands, in the order of the words. */
export function idWord({ kinds, start }: TypeGraph, id: number, index: number): number {
  const kind = kinds[id] ?? 0;
  const at = start[id] ?? 0;
  const head = HEAD_IDS[kind] ?? 0;
  if (index < head) return at + SIZE_OR_TYPE;
  const { first, distance } = columnOf(ID_COLUMNS, kind);
  return at + first + distance * (index - head);
}

/** Replaces every name in the records by `f` of it, in the order of ids and words. */
export function renameWords(
  { words, start, kinds, lastId }: TypeGraph,
  f: (nameOff: number, id: number) => number,
): void {
  for (let id = 1; id <= lastId; id++) {
    const at = start[id] ?? 0;
    words[at] = f(words[at] ?? 0, id);
    const { first, distance } = columnOf(NAME_COLUMNS, kinds[id] ?? 0);
    if (distance === 0) continue;
    const end = start[id + 1] ?? 0;
    for (let name = at + first; name < end; name += distance) words[name] = f(words[name] ?? 0, id);
  }
}

/** Throws `BTF_MALFORMED`, spanning the record of `id`. */
export function malformedType(btf: Btf, id: number, what: string): never {
  throw new BtfFixError("BTF_MALFORMED", `type [${id}] ${what}`, spanOf(btf, id));
}

function refuseType(btf: Btf, id: number, what: string): never {
  throw new BtfFixError("REFUSED", `type [${id}] ${what}`, spanOf(btf, id));
}

function spanOf(btf: Btf, id: number): ByteSpan {
  const type = btf.types[id - 1];
  const offset = typeSectionStart(btf) + (typeOffsets(btf)[id - 1] ?? 0);
  return { section: ".BTF", offset, length: type === undefined ? 0 : recordSize(type) };
}
