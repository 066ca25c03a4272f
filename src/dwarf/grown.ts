/** `to` with all of `from` at its head: how a column grows. */
export function grown<T extends Uint8Array | Uint16Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
