import type { BtfDatasec, BtfSecInfo, BtfVar } from "../model.ts";
import type { KindCodec } from "./codec.ts";

const ENTRY_SIZE = 12;

/** BTF_KIND_VAR: its type's id, and the linkage in a word of its own. */
export const varCodec: KindCodec<BtfVar> = {
  uses: { vlen: false, kindFlag: false, sizeOrType: true },
  infoSize: 4,
  elemSize: 0,
  decode: (input) => ({ kind: "var", nameOff: input.nameOff, type: input.sizeOrType, linkage: input.u32(0) }),
  vlen: () => 0,
  kindFlag: () => false,
  sizeOrType: (type) => type.type,
  encodeTail(type, output) {
    output.u32(type.linkage);
  },
};

/** BTF_KIND_DATASEC: vlen x { type, offset, size } and the section's size in bytes. */
export const datasecCodec: KindCodec<BtfDatasec> = {
  uses: { vlen: true, kindFlag: false, sizeOrType: true },
  infoSize: 0,
  elemSize: ENTRY_SIZE,
  decode(input) {
    const { vlen, nameOff, sizeOrType } = input;
    const entries: BtfSecInfo[] = [];
    for (let at = 0; at < vlen * ENTRY_SIZE; at += ENTRY_SIZE) {
      entries.push({ type: input.u32(at), offset: input.u32(at + 4), size: input.u32(at + 8) });
    }
    return { kind: "datasec", nameOff, size: sizeOrType, entries };
  },
  vlen: (type) => type.entries.length,
  kindFlag: () => false,
  sizeOrType: (type) => type.size,
  encodeTail(type, output) {
    for (const entry of type.entries) {
      output.u32(entry.type);
      output.u32(entry.offset);
      output.u32(entry.size);
    }
  },
};
