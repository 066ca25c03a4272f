/** Sleeps without a turn of the event loop, in milliseconds: for synchronous reads and writes that must be tried again. */
export function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
