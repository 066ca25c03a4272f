/**
 * The first index from `start` up to `end` at which the two arrays differ; undefined if none.
 *
 * Goes by 32-bit words where both arrays allow it: this runs once over whole files, mostly before the engine has compiled it.
 */
export function firstDifference(a: Uint8Array, b: Uint8Array, start: number, end: number): number | undefined {
  let at = start;
  if ((a.byteOffset + at) % 4 === (b.byteOffset + at) % 4) {
    while (at < end && (a.byteOffset + at) % 4 !== 0) {
      if (a[at] !== b[at]) return at;
      at++;
    }
    const limit = Math.min(end, a.length, b.length);
    const count = Math.max(0, Math.floor((limit - at) / 4));
    if (count > 0) {
      const left = new Uint32Array(a.buffer, a.byteOffset + at, count);
      const right = new Uint32Array(b.buffer, b.byteOffset + at, count);
      let word = 0;
      while (word < count && left[word] === right[word]) word++;
      at += word * 4;
    }
  }
  for (; at < end; at++) if (a[at] !== b[at]) return at;
  return undefined;
}

/** Whether two arrays hold the same bytes. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && firstDifference(a, b, 0, a.length) === undefined;
}
