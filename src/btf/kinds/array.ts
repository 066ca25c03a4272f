import type { BtfArray } from "../model.ts";
import type { KindCodec } from "./codec.ts";

/** BTF_KIND_ARRAY: element type, index type, number of elements. */
export const arrayCodec: KindCodec<BtfArray> = {
  uses: { vlen: false, kindFlag: false, sizeOrType: false },
  infoSize: 12,
  elemSize: 0,
  decode: (input) => ({
    kind: "array",
    nameOff: input.nameOff,
    type: input.u32(0),
    indexType: input.u32(4),
    nelems: input.u32(8),
  }),
  vlen: () => 0,
  kindFlag: () => false,
  sizeOrType: () => 0,
  encodeTail(type, output) {
    output.u32(type.type);
    output.u32(type.indexType);
    output.u32(type.nelems);
  },
};
