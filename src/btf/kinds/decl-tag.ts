import type { BtfDeclTag } from "../model.ts";
import type { KindCodec } from "./codec.ts";

/** BTF_KIND_DECL_TAG: the tagged type's id and the member or parameter index, -1 for the whole; kind_flag says attribute. */
export const declTagCodec: KindCodec<BtfDeclTag> = {
  uses: { vlen: false, kindFlag: true, sizeOrType: true },
  infoSize: 4,
  elemSize: 0,
  decode: (input) => ({
    kind: "declTag",
    nameOff: input.nameOff,
    type: input.sizeOrType,
    component: input.i32(0),
    attribute: input.kindFlag,
  }),
  vlen: () => 0,
  kindFlag: (type) => type.attribute,
  sizeOrType: (type) => type.type,
  encodeTail(type, output) {
    output.i32(type.component);
  },
};
