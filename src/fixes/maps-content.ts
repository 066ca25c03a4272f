import { BtfFixError } from "../errors.ts";
import { MAPS_SECTION } from "../maps/sites.ts";

/** More than all maps that a kernel lets one program have: a hostile size or alignment must not become one of ours. */
const MAX_SIZE = 16 * 1024 * 1024;

/** Zeros for a new `.maps` of that many bytes. Errors: LIMIT_EXCEEDED. */
export function mapsContent(size: number): Uint8Array {
  if (size > MAX_SIZE) {
    const span = { section: MAPS_SECTION, offset: 0, length: 0 };
    throw new BtfFixError("LIMIT_EXCEEDED", `section ${MAPS_SECTION} would take ${size} bytes`, span);
  }
  return new Uint8Array(size);
}
