import type { BtfInt } from "../model.ts";
import type { KindCodec } from "./codec.ts";

/** Bits of INT's word that no field covers: 8-15 and 28-31. */
const RESERVED = 0xf000_ff00;

/** BTF_KIND_INT: one word, bits 0-7 width, 16-23 offset, 24-27 encoding (Documentation/bpf/btf.rst, 2.2.1). */
export const intCodec: KindCodec<BtfInt> = {
  uses: { vlen: false, kindFlag: false, sizeOrType: true },
  infoSize: 4,
  elemSize: 0,
  decode(input) {
    const word = input.u32(0);
    const reserved = (word & RESERVED) >>> 0;
    const type: BtfInt = {
      kind: "int",
      nameOff: input.nameOff,
      size: input.sizeOrType,
      bits: word & 0xff,
      bitOffset: (word >>> 16) & 0xff,
      encoding: (word >>> 24) & 0xf,
    };
    return reserved === 0 ? type : { ...type, unused: { intWord: reserved } };
  },
  vlen: () => 0,
  kindFlag: () => false,
  sizeOrType: (type) => type.size,
  encodeTail(type, output) {
    const { bits, bitOffset, encoding } = type;
    if (!(bits >= 0 && bits <= 0xff && bitOffset >= 0 && bitOffset <= 0xff && encoding >= 0 && encoding <= 0xf)) {
      output.raise(`width ${bits}, offset ${bitOffset} or encoding ${encoding} is too large`);
    }
    output.u32((bits | (bitOffset << 16) | (encoding << 24) | ((type.unused?.intWord ?? 0) & RESERVED)) >>> 0);
  },
};
