import type { BtfEnum, BtfEnum64, BtfEnum64Value, BtfEnumValue } from "../model.ts";
import type { KindCodec } from "./codec.ts";

const VALUE_SIZE = 8;
const VALUE64_SIZE = 12;

/** BTF_KIND_ENUM: vlen x { name, value }; kind_flag says signed. */
export const enumCodec: KindCodec<BtfEnum> = {
  uses: { vlen: true, kindFlag: true, sizeOrType: true },
  infoSize: 0,
  elemSize: VALUE_SIZE,
  decode(input) {
    const { vlen, kindFlag, nameOff, sizeOrType } = input;
    const values: BtfEnumValue[] = [];
    for (let at = 0; at < vlen * VALUE_SIZE; at += VALUE_SIZE) {
      values.push({ nameOff: input.u32(at), value: kindFlag ? input.i32(at + 4) : input.u32(at + 4) });
    }
    return { kind: "enum", nameOff, size: sizeOrType, signed: kindFlag, values };
  },
  vlen: (type) => type.values.length,
  kindFlag: (type) => type.signed,
  sizeOrType: (type) => type.size,
  encodeTail(type, output) {
    for (const { nameOff, value } of type.values) {
      output.u32(nameOff);
      if (type.signed) output.i32(value);
      else output.u32(value);
    }
  },
};

/** BTF_KIND_ENUM64: vlen x { name, low word, high word }; kind_flag says signed. */
export const enum64Codec: KindCodec<BtfEnum64> = {
  uses: { vlen: true, kindFlag: true, sizeOrType: true },
  infoSize: 0,
  elemSize: VALUE64_SIZE,
  decode(input) {
    const { vlen, kindFlag, nameOff, sizeOrType } = input;
    const values: BtfEnum64Value[] = [];
    for (let at = 0; at < vlen * VALUE64_SIZE; at += VALUE64_SIZE) {
      const high = BigInt(kindFlag ? input.i32(at + 8) : input.u32(at + 8));
      values.push({ nameOff: input.u32(at), value: (high << 32n) | BigInt(input.u32(at + 4)) });
    }
    return { kind: "enum64", nameOff, size: sizeOrType, signed: kindFlag, values };
  },
  vlen: (type) => type.values.length,
  kindFlag: (type) => type.signed,
  sizeOrType: (type) => type.size,
  encodeTail(type, output) {
    for (const { nameOff, value } of type.values) {
      const bits = BigInt.asUintN(64, value);
      if ((type.signed ? BigInt.asIntN(64, bits) : bits) !== value) output.raise(`${value} does not fit into 64 bits`);
      output.u32(nameOff);
      output.u32(Number(bits & 0xffff_ffffn));
      output.u32(Number(bits >> 32n));
    }
  },
};
