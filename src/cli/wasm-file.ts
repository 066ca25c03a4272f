import { readFileSync } from "node:fs";

/**
 * Stands for the package `gimli-wasm` in the bundled program, where the module lies beside it as a file: its base64 text would be
 * read, hashed and decoded at every start, whether DWARF is there or not.
 */
export function wasmBytes(): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = readFileSync(`${__dirname}/gimli.wasm`);
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}
