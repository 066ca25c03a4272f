import type { KindLayout } from "./model.ts";

/** Bytes of one entry of the layout section: info_sz u8, elem_sz u8, flags u16. */
export const LAYOUT_ENTRY = 4;

/** Reads the layout section; its entries are indexed by kind. `bytes` has a length that is a multiple of 4. */
export function parseLayout(bytes: Uint8Array, littleEndian: boolean): readonly KindLayout[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const layout: KindLayout[] = [];
  for (let at = 0; at < bytes.length; at += LAYOUT_ENTRY) {
    layout.push({
      infoSize: view.getUint8(at),
      elemSize: view.getUint8(at + 1),
      flags: view.getUint16(at + 2, littleEndian),
    });
  }
  return layout;
}

/** Undoes `parseLayout`. */
export function encodeLayout(layout: readonly KindLayout[], littleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(layout.length * LAYOUT_ENTRY);
  const view = new DataView(bytes.buffer);
  layout.forEach((entry, kind) => {
    view.setUint8(kind * LAYOUT_ENTRY, entry.infoSize);
    view.setUint8(kind * LAYOUT_ENTRY + 1, entry.elemSize);
    view.setUint16(kind * LAYOUT_ENTRY + 2, entry.flags, littleEndian);
  });
  return bytes;
}
