import type { BtfFloat } from "../model.ts";
import type { KindCodec } from "./codec.ts";

/** BTF_KIND_FLOAT: a size in bytes. */
export const floatCodec: KindCodec<BtfFloat> = {
  uses: { vlen: false, kindFlag: false, sizeOrType: true },
  infoSize: 0,
  elemSize: 0,
  decode: (input) => ({ kind: "float", nameOff: input.nameOff, size: input.sizeOrType }),
  vlen: () => 0,
  kindFlag: () => false,
  sizeOrType: (type) => type.size,
  encodeTail() {},
};
