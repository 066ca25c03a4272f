import { BtfBuilder, encodeBtf, parseBtf } from "../../src/index.ts";
import { readObjectFile } from "./object-file.ts";

/** Objects made from others by changing bytes in place, so that nothing but the tested difference is between them. */

/** Position and length of a section's content in the file. */
function place(object: Buffer, name: string): { readonly at: number; readonly size: number } {
  const section = readObjectFile(object).sections.find((entry) => entry.name === name);
  if (section === undefined) throw new Error(`no section ${name}`);
  return { at: section.bytes.byteOffset - object.byteOffset, size: section.bytes.length };
}

/** The object with its `.BTF` edited; the edit may replace types by others of the same length, and add nothing. */
export function withBtf(object: Uint8Array, edit: (builder: BtfBuilder) => void): Buffer {
  const copy = Buffer.from(object);
  const { at, size } = place(copy, ".BTF");
  const builder = new BtfBuilder(parseBtf(copy.subarray(at, at + size)));
  edit(builder);
  const blob = encodeBtf(builder.finish());
  if (blob.length !== size) throw new Error(`.BTF would take ${blob.length} bytes instead of ${size}`);
  copy.set(blob, at);
  return copy;
}

/** The object with its debug info put out of everybody's sight: sections `.debug_*` get another name, everything else stays. */
export function withoutDwarf(object: Uint8Array): Buffer {
  const copy = Buffer.from(object);
  const { sections } = readObjectFile(copy);
  const names = sections.find(({ bytes, type }) => type === 3 && bytes.includes(".debug_info\0"));
  if (names === undefined) throw new Error("no debug info");
  for (let at = names.bytes.indexOf(".debug_"); at >= 0; at = names.bytes.indexOf(".debug_", at)) {
    names.bytes.write(".hidden", at, "latin1");
  }
  return copy;
}
