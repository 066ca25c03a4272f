/**
 * Stands for the package `fflate` in the bundled program: Node has its own zlib, and fflate builds its tables at every start. Loaded when
 * an object has compressed sections.
 */
export function unzlibSync(packed: Uint8Array, { out }: { readonly out: Uint8Array }): Uint8Array {
  const { inflateSync } = process.getBuiltinModule("node:zlib");
  const inflated = inflateSync(packed, { maxOutputLength: Math.max(1, out.length) });
  out.set(inflated);
  return out.subarray(0, inflated.length);
}
