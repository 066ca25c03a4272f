/** An object's BTF as libbpf reads it, which takes 5 bits of `info` for the kind and 16 for the length of a list, whatever the others say. */

import { byteOrder, MIN_HEADER } from "../../btf/header.ts";
import { BASE_SIZE } from "../../btf/kind.ts";
import type { Btf } from "../../btf/model.ts";
import { parseBtfOnce } from "../../btf/parse.ts";
import { RECORD_TAIL } from "../btf-blob.ts";

/** Bits of `info` that libbpf does not look at, and sends to the kernel as they are. */
const STRAY = 0x60ff_0000;

/** Bytes of a record by its `info`; 0 for a kind that libbpf does not know. */
function sizeOf(info: number): number {
  const [fixed, each] = RECORD_TAIL.get((info >>> 24) & 0x1f) ?? [];
  return fixed === undefined || each === undefined ? 0 : BASE_SIZE + fixed + each * (info & 0xffff);
}

/** The place of `info` in each record whose kind libbpf knows, up to one that it does not. Reads nothing past the end. */
function* infoPlaces(bytes: Uint8Array, view: DataView, littleEndian: boolean): Generator<number> {
  if (bytes.length < MIN_HEADER) return;
  const start = view.getUint32(4, littleEndian) + view.getUint32(8, littleEndian);
  const end = Math.min(start + view.getUint32(12, littleEndian), bytes.length);
  for (let at = start; at + BASE_SIZE <= end; ) {
    yield at + 4;
    const size = sizeOf(view.getUint32(at + 4, littleEndian));
    if (size === 0) return;
    at += size;
  }
}

/** A blob whose records have such bits. */
interface Cleared {
  /** The blob without them. */
  readonly bytes: Uint8Array;
  /** The bits by the number of the record, from 0. */
  readonly bits: ReadonlyMap<number, number>;
}

const NOTHING: Cleared["bits"] = new Map();
const known = new WeakMap<Uint8Array, Cleared>();

function cleared(blob: Uint8Array): Cleared {
  const before = known.get(blob);
  if (before !== undefined) return before;
  const bits = new Map<number, number>();
  const littleEndian = byteOrder(blob);
  let bytes = blob;
  if (littleEndian !== undefined) {
    const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
    let index = 0;
    for (const at of infoPlaces(blob, view, littleEndian)) {
      const info = view.getUint32(at, littleEndian);
      if ((info & STRAY) !== 0) {
        if (bytes === blob) bytes = blob.slice();
        new DataView(bytes.buffer).setUint32(at, (info & ~STRAY) >>> 0, littleEndian);
        bits.set(index, info & STRAY);
      }
      index++;
    }
  }
  const made = { bytes, bits: bits.size === 0 ? NOTHING : bits };
  known.set(blob, made);
  return made;
}

/** The model of it. Errors: see `parseBtf`. */
export function ownBtf(blob: Uint8Array): Btf {
  return parseBtfOnce(cleared(blob).bytes);
}

/** Whether there are bits that libbpf does not look at. */
export function hasStrayBits(blob: Uint8Array): boolean {
  return cleared(blob).bits.size > 0;
}

/** What libbpf has made of the blob, with the bits that it has left in place: all but those of the types that it has replaced. */
export function withStrayBits(made: Uint8Array, blob: Uint8Array, isReplaced: (index: number) => boolean): Uint8Array {
  const { bits } = cleared(blob);
  const littleEndian = byteOrder(made);
  if (bits.size === 0 || littleEndian === undefined) return made;
  const bytes = made.slice();
  const view = new DataView(bytes.buffer);
  let index = 0;
  for (const at of [...infoPlaces(made, view, littleEndian)]) {
    const own = bits.get(index) ?? 0;
    if (own !== 0 && !isReplaced(index))
      view.setUint32(at, (view.getUint32(at, littleEndian) | own) >>> 0, littleEndian);
    index++;
  }
  return bytes;
}
