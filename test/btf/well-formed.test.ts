import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect } from "vitest";
import { parseBtf } from "../../src/btf/parse.ts";
import { renderRaw } from "../../src/btf/render/raw.ts";
import { BtfFixError } from "../../src/errors.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { inScratch } from "../judges/run.ts";
import { arbitraryBlob } from "./arbitrary.ts";
import { bpftool, tryDump } from "./bpftool.ts";

/** One word of the header or of the first records moved a little or replaced, perhaps some bytes cut off or appended. */
const damage = fc.record({
  word: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 2, max: 24 })),
  step: fc.constantFrom(-8, -4, -1, 1, 4, 8, undefined),
  value: fc.oneof(fc.integer({ min: 0, max: 64 }), fc.constantFrom(0xffff_ffff, 0x7fff_ffff, 0x0400_0003, 0x1400_0000)),
  length: fc.constantFrom(0, 0, 0, -1, -12, 1, 8),
});

function damaged(
  bytes: Uint8Array,
  { word, step, value, length }: typeof damage extends fc.Arbitrary<infer T> ? T : never,
): Uint8Array {
  const copy = new Uint8Array(Math.max(0, bytes.length + length));
  copy.set(bytes.subarray(0, copy.length));
  const view = new DataView(copy.buffer);
  const littleEndian = copy[0] === 0x9f;
  const at = word * 4;
  if (at + 4 <= copy.length) {
    const moved = step === undefined ? value : (view.getUint32(at, littleEndian) + step) >>> 0;
    view.setUint32(at, moved, littleEndian);
  }
  return copy;
}

/** What libbpf 1.1 reads of a kind and a vlen (5 and 16 bits): past that it is no judge. */
const LIBBPF_1_1 = { kind: 31, vlen: 0xffff };

/** libbpf 1.1 reads sections out of a header that is too short, and takes a longer one in the machine's own byte order only. */
function headerIsKnown(blob: Uint8Array): boolean {
  if (blob.length < 8) return true;
  const littleEndian = blob[0] === 0x9f;
  const length = new DataView(blob.buffer).getUint32(4, littleEndian);
  return littleEndian ? length >= 24 : length === 24;
}

type Reading = { readonly raw: string | undefined; readonly comparable: boolean };

function ours(bytes: Uint8Array): Reading {
  try {
    const btf = parseBtf(bytes);
    return { raw: Buffer.from(renderRaw(btf)).toString("latin1"), comparable: btf.wire?.wideVlen !== true };
  } catch (error) {
    if (!(error instanceof BtfFixError)) throw error;
    const kind = Number(/unknown kind (\d+)/.exec(error.message)?.[1] ?? 0);
    const size = Number(/takes (\d+) bytes/.exec(error.message)?.[1] ?? 0);
    const comparable = kind <= LIBBPF_1_1.kind && size <= LIBBPF_1_1.vlen * 8;
    return { raw: undefined, comparable };
  }
}

// bpftool walks a blob with libbpf's btf__new.
judgeTest(bpftool())("a damaged blob can be read exactly where libbpf can walk it", () => {
  inScratch((folder) => {
    const file = join(folder, "damaged.btf");
    fc.assert(
      fc.property(arbitraryBlob({ style: "wild" }), damage, ({ bytes }, how) => {
        const blob = damaged(bytes, how);
        fc.pre(headerIsKnown(blob));
        const { raw, comparable } = ours(blob);
        fc.pre(comparable);
        writeFileSync(file, blob);
        expect(raw).toBe(tryDump(file)?.toString("latin1"));
      }),
      { numRuns: 500 },
    );
  });
});
