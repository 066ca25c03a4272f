import type { BtfComposite, BtfMember } from "../model.ts";
import type { KindCodec } from "./codec.ts";

const MEMBER_SIZE = 12;

/** BTF_KIND_STRUCT and UNION: vlen x { name, type, offset }; with kind_flag the offset word is width << 24 | bit offset. */
export function compositeCodec(kind: BtfComposite["kind"]): KindCodec<BtfComposite> {
  return {
    uses: { vlen: true, kindFlag: true, sizeOrType: true },
    infoSize: 0,
    elemSize: MEMBER_SIZE,
    decode(input) {
      const { vlen, kindFlag, nameOff, sizeOrType } = input;
      // A list that grows makes room for 17 at once: a seventh of all that a kernel's BTF takes.
      const members = new Array<BtfMember>(vlen);
      for (let index = 0, at = 0; index < vlen; index++, at += MEMBER_SIZE) {
        const offset = input.u32(at + 8);
        members[index] = {
          nameOff: input.u32(at),
          type: input.u32(at + 4),
          bitOffset: kindFlag ? offset & 0xff_ffff : offset,
          bitfieldSize: kindFlag ? offset >>> 24 : 0,
        };
      }
      return { kind, nameOff, size: sizeOrType, bitfields: kindFlag, members };
    },
    vlen: (type) => type.members.length,
    kindFlag: (type) => type.bitfields,
    sizeOrType: (type) => type.size,
    encodeTail(type, output) {
      for (const member of type.members) {
        const { bitOffset, bitfieldSize } = member;
        output.u32(member.nameOff);
        output.u32(member.type);
        if (type.bitfields) {
          if (!(bitOffset >= 0 && bitOffset <= 0xff_ffff && bitfieldSize >= 0 && bitfieldSize <= 0xff)) {
            output.raise(`bit offset ${bitOffset} or width ${bitfieldSize} of a member is too large beside bitfields`);
          }
          output.u32((bitOffset | (bitfieldSize << 24)) >>> 0);
        } else {
          if (bitfieldSize !== 0) output.raise("it has a bitfield member, but not the flag for them");
          output.u32(bitOffset);
        }
      }
    },
  };
}
