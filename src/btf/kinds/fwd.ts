import type { BtfFwd } from "../model.ts";
import type { KindCodec } from "./codec.ts";

/** BTF_KIND_FWD: a name; kind_flag says union. */
export const fwdCodec: KindCodec<BtfFwd> = {
  uses: { vlen: false, kindFlag: true, sizeOrType: false },
  infoSize: 0,
  elemSize: 0,
  decode: (input) => ({ kind: "fwd", nameOff: input.nameOff, union: input.kindFlag }),
  vlen: () => 0,
  kindFlag: (type) => type.union,
  sizeOrType: () => 0,
  encodeTail() {},
};
