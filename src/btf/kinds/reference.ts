import type { BtfReference, BtfTypeTag } from "../model.ts";
import type { KindCodec } from "./codec.ts";

/** BTF_KIND_PTR, TYPEDEF, VOLATILE, CONST and RESTRICT: nothing but a type id. */
export function referenceCodec(kind: BtfReference["kind"]): KindCodec<BtfReference> {
  return {
    uses: { vlen: false, kindFlag: false, sizeOrType: true },
    infoSize: 0,
    elemSize: 0,
    decode: (input) => ({ kind, nameOff: input.nameOff, type: input.sizeOrType }),
    vlen: () => 0,
    kindFlag: () => false,
    sizeOrType: (type) => type.type,
    encodeTail() {},
  };
}

/** BTF_KIND_TYPE_TAG: a type id; kind_flag makes the tag an arbitrary attribute (kernels from 6.15). */
export const typeTagCodec: KindCodec<BtfTypeTag> = {
  uses: { vlen: false, kindFlag: true, sizeOrType: true },
  infoSize: 0,
  elemSize: 0,
  decode: (input) => ({
    kind: "typeTag",
    nameOff: input.nameOff,
    type: input.sizeOrType,
    attribute: input.kindFlag,
  }),
  vlen: () => 0,
  kindFlag: (type) => type.attribute,
  sizeOrType: (type) => type.type,
  encodeTail() {},
};
