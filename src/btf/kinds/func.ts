import type { BtfFunc, BtfFuncProto, BtfParam } from "../model.ts";
import type { KindCodec } from "./codec.ts";

const PARAM_SIZE = 8;

/** BTF_KIND_FUNC: the prototype's id; vlen is the linkage. */
export const funcCodec: KindCodec<BtfFunc> = {
  uses: { vlen: true, kindFlag: false, sizeOrType: true },
  infoSize: 0,
  elemSize: 0,
  decode: (input) => ({ kind: "func", nameOff: input.nameOff, type: input.sizeOrType, linkage: input.vlen }),
  vlen: (type) => type.linkage,
  kindFlag: () => false,
  sizeOrType: (type) => type.type,
  encodeTail() {},
};

/** BTF_KIND_FUNC_PROTO: the return type's id and vlen x { name, type }; a last parameter 0, 0 stands for varargs. */
export const funcProtoCodec: KindCodec<BtfFuncProto> = {
  uses: { vlen: true, kindFlag: false, sizeOrType: true },
  infoSize: 0,
  elemSize: PARAM_SIZE,
  decode(input) {
    const { vlen, nameOff, sizeOrType } = input;
    // As the members of a STRUCT: no room for more than there are.
    const params = new Array<BtfParam>(vlen);
    for (let index = 0, at = 0; index < vlen; index++, at += PARAM_SIZE) {
      params[index] = { nameOff: input.u32(at), type: input.u32(at + 4) };
    }
    return { kind: "funcProto", nameOff, returnType: sizeOrType, params };
  },
  vlen: (type) => type.params.length,
  kindFlag: () => false,
  sizeOrType: (type) => type.returnType,
  encodeTail(type, output) {
    for (const param of type.params) {
      output.u32(param.nameOff);
      output.u32(param.type);
    }
  },
};
