import { BtfFixError } from "../../errors.ts";
import type { StringTable } from "../model.ts";
import { mix } from "./compare.ts";

const UNSEEN = 0xffff_ffff;
const FIRST_SLOTS = 256;
/**
 * Bytes that may be looked at for each byte of the old table. Once for what compilers write; more where names share their ends,
 * which then no longer do so.
 */
const LOOKS = 16;
const LEAST_ROOM = 1 << 20;

/** Makes a string table that holds each string once, in the order in which they are asked for, and nothing else. */
export class StringPool {
  private readonly old: Uint8Array;
  /** New offset by old offset. */
  private readonly known: Uint32Array;
  private pool: Uint8Array;
  private end = 1;
  /** New offset by hash, 0 for a free slot; open addressing, at most half full. */
  private slots = new Uint32Array(FIRST_SLOTS);
  private used = 0;
  private room: number;

  constructor(strings: StringTable) {
    this.old = strings.bytes;
    this.known = new Uint32Array(this.old.length).fill(UNSEEN);
    this.pool = new Uint8Array(Math.max(16, this.old.length));
    this.room = LEAST_ROOM + LOOKS * this.old.length;
  }

  /** New offset of the string at an old one; undefined if no string is there. Error: `LIMIT_EXCEEDED` after too much work. */
  move(offset: number): number | undefined {
    const known = this.known[offset];
    if (known === undefined || known !== UNSEEN) return known;
    const end = this.old.indexOf(0, offset);
    if (end < 0) return undefined;
    const moved = end === offset ? 0 : this.intern(offset, end - offset);
    this.known[offset] = moved;
    return moved;
  }

  /** The new table. */
  finish(): StringTable {
    return { bytes: this.pool.slice(0, this.end) };
  }

  private intern(offset: number, length: number): number {
    this.spend(length);
    let hash = 0;
    for (let at = offset; at < offset + length; at++) hash = mix(hash, this.old[at] ?? 0);
    let slot = hash & (this.slots.length - 1);
    for (let found = this.slots[slot] ?? 0; found !== 0; found = this.slots[slot] ?? 0) {
      this.spend(1);
      if (this.equals(found, offset, length)) return found;
      slot = (slot + 1) & (this.slots.length - 1);
    }
    const added = this.append(offset, length);
    this.slots[slot] = added;
    this.used++;
    if (this.used * 2 > this.slots.length) this.grow();
    return added;
  }

  private spend(bytes: number): void {
    this.room -= bytes;
    if (this.room < 0)
      throw new BtfFixError("LIMIT_EXCEEDED", "the names of the types are too much alike to tell them apart");
  }

  private equals(pooled: number, offset: number, length: number): boolean {
    for (let at = 0; at < length; at++) if (this.pool[pooled + at] !== this.old[offset + at]) return false;
    return this.pool[pooled + length] === 0;
  }

  private append(offset: number, length: number): number {
    const start = this.end;
    this.end += length + 1;
    if (this.end > this.pool.length) {
      const grown = new Uint8Array(Math.max(this.end, this.pool.length * 2));
      grown.set(this.pool);
      this.pool = grown;
    }
    this.pool.set(this.old.subarray(offset, offset + length), start);
    return start;
  }

  private grow(): void {
    const slots = new Uint32Array(this.slots.length * 2);
    for (const pooled of this.slots) {
      if (pooled === 0) continue;
      let hash = 0;
      for (let at = pooled; this.pool[at] !== 0; at++) hash = mix(hash, this.pool[at] ?? 0);
      let slot = hash & (slots.length - 1);
      while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = pooled;
    }
    this.slots = slots;
  }
}
