import fc from "fast-check";

/** Numbers that spoil fields: limits of each width, and small ones that stay plausible. */
const SPLICES = [0, 1, 2, 3, 7, 16, 24, 63, 0x7fff, 0xff00, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

/** One way to spoil a file; places are fractions of its length. */
export type Mutation =
  | { readonly kind: "flip"; readonly at: number; readonly bit: number }
  | { readonly kind: "cut"; readonly at: number }
  | { readonly kind: "splice"; readonly at: number; readonly width: number; readonly value: number }
  | { readonly kind: "move"; readonly from: number; readonly at: number; readonly length: number };

/** Half of the places lie near the end, where LLVM puts relocations, names and headers. */
const place = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0.85, max: 1, noNaN: true }));
export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant("flip" as const), at: place, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant("cut" as const), at: place }),
  fc.record({
    kind: fc.constant("splice" as const),
    at: place,
    width: fc.constantFrom(2, 4, 8),
    value: fc.constantFrom(...SPLICES),
  }),
  fc.record({ kind: fc.constant("move" as const), from: place, at: place, length: fc.nat(64) }),
);

/** A copy of the file with these mutations made one after another. */
export function mutate(original: Uint8Array, mutations: readonly Mutation[]): Uint8Array {
  let bytes = new Uint8Array(original);
  for (const step of mutations) {
    const at = Math.floor(step.at * Math.max(0, bytes.length - 8));
    if (bytes.length < 16) break;
    const view = new DataView(bytes.buffer);
    if (step.kind === "flip") view.setUint8(at, view.getUint8(at) ^ (1 << step.bit));
    if (step.kind === "cut") bytes = bytes.slice(0, at);
    if (step.kind === "splice") {
      // Fields are aligned; so are the interesting mutations.
      const aligned = at - (at % step.width);
      if (step.width === 2) view.setUint16(aligned, step.value & 0xffff, true);
      if (step.width === 4) view.setUint32(aligned, step.value, true);
      if (step.width === 8) view.setBigUint64(aligned, BigInt(step.value) << 16n, true);
    }
    if (step.kind === "move") {
      const from = Math.floor(step.from * (bytes.length - 8));
      bytes.copyWithin(at, from, from + step.length);
    }
  }
  return bytes;
}
