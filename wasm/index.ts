/** gimli as a WebAssembly module: `src/dwarf/abi.ts` of btf-fix says how to call it. */
import { wasmBase64 } from "./bytes.ts";

/** What Node offers beside `atob`, and browsers do not. */
interface HasBuffer {
  readonly Buffer?: { from(text: string, encoding: "base64"): Uint8Array };
}

/** The module's bytes; a new array each time. Works without a file system, so also in a browser. */
export function wasmBytes(): Uint8Array<ArrayBuffer> {
  const { Buffer } = globalThis as HasBuffer;
  // A millisecond faster at every start in Node.
  if (Buffer !== undefined) return new Uint8Array(Buffer.from(wasmBase64, "base64"));
  const binary = atob(wasmBase64);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
