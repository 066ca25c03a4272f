/** Bytes in the making, little-endian; DWARF's variable numbers and places that are filled in later. */
export class Bytes {
  private buffer = new Uint8Array(1 << 16);
  private view = new DataView(this.buffer.buffer);
  length = 0;

  u8(value: number): this {
    const at = this.claim(1);
    this.view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    const at = this.claim(2);
    this.view.setUint16(at, value, true);
    return this;
  }

  u32(value: number): this {
    const at = this.claim(4);
    this.view.setUint32(at, value, true);
    return this;
  }

  u64(value: number): this {
    return this.u32(value % 0x1_0000_0000).u32(Math.floor(value / 0x1_0000_0000));
  }

  uleb(value: number): this {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.u8((rest % 0x80) | 0x80);
    return this.u8(rest);
  }

  bytes(value: ArrayLike<number>): this {
    const start = this.claim(value.length);
    this.buffer.set(value, start);
    return this;
  }

  text(value: string): this {
    return this.bytes(Buffer.from(`${value}\0`));
  }

  align(alignment: number): this {
    while (this.length % alignment !== 0) this.u8(0);
    return this;
  }

  set32(at: number, value: number): void {
    this.view.setUint32(at, value, true);
  }

  /** What was written; valid until more is. */
  finish(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  private claim(length: number): number {
    const start = this.length;
    this.length += length;
    if (this.length > this.buffer.length) {
      const grown = new Uint8Array(Math.max(this.length, this.buffer.length * 2));
      grown.set(this.buffer.subarray(0, start));
      this.buffer = grown;
      this.view = new DataView(grown.buffer);
    }
    return start;
  }
}

/** A section of a relocatable object; sections are numbered from 1 in the order of the list. */
export interface WrittenSection {
  readonly name: string;
  readonly type: number;
  readonly flags?: number;
  readonly bytes: Uint8Array;
  readonly link?: number;
  readonly info?: number;
  readonly entrySize?: number;
}

const HEADER = 64;
const SECTION_HEADER = 64;
const EM_BPF = 247;
const SHT_STRTAB = 3;

/** A relocatable BPF object, ELF64 little-endian, as its pieces in order: it may be larger than one buffer should be. */
export function bpfObject(sections: readonly WrittenSection[]): readonly Uint8Array[] {
  const names = new Bytes().u8(0);
  const all = [...sections, { name: ".shstrtab", type: SHT_STRTAB, bytes: new Uint8Array(0) }];
  const nameAt = all.map(({ name }) => {
    const at = names.length;
    names.text(name);
    return at;
  });
  const table = new Bytes().bytes(new Uint8Array(SECTION_HEADER));
  const pieces: Uint8Array[] = [];
  let at = HEADER;
  all.forEach((section, index) => {
    const bytes = index === sections.length ? names.finish() : section.bytes;
    const { type, flags = 0, link = 0, info = 0, entrySize = 0 } = section;
    table
      .u32(nameAt[index] ?? 0)
      .u32(type)
      .u64(flags)
      .u64(0)
      .u64(at)
      .u64(bytes.length);
    table.u32(link).u32(info).u64(8).u64(entrySize);
    const padding = new Uint8Array((8 - (bytes.length % 8)) % 8);
    pieces.push(bytes, padding);
    at += bytes.length + padding.length;
  });
  const header = new Bytes().bytes([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).align(16);
  header.u16(1).u16(EM_BPF).u32(1).u64(0).u64(0).u64(at).u32(0);
  header
    .u16(HEADER)
    .u16(0)
    .u16(0)
    .u16(SECTION_HEADER)
    .u16(all.length + 1)
    .u16(all.length);
  return [header.finish(), ...pieces, table.finish()];
}
