import { dedupBtf } from "../../../src/btf/dedup.ts";
import { encodeBtf, headerLength, typeOffsets } from "../../../src/btf/encode.ts";
import { parseBtf } from "../../../src/btf/parse.ts";

/** What the kernel's test looks at: the words info and size-or-type of each type, the length of the whole, and the strings as a set. */
function looked(bytes: Uint8Array): { readonly types: readonly string[]; readonly length: number; strings: string } {
  const btf = parseBtf(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = headerLength(btf) + (btf.wire?.gaps?.beforeTypes.length ?? 0);
  const types = [...typeOffsets(btf)].map((at) =>
    [4, 8].map((word) => view.getUint32(start + at + word, btf.littleEndian).toString(16)).join(" "),
  );
  const strings = Buffer.from(btf.strings.bytes).toString("latin1").split("\0").sort().join("\0");
  return { types, length: bytes.length, strings };
}

/** What differs between our deduplicated blob and the expected one, as the kernel's own test compares them: names may lie on other types. */
export function dedupDifference(given: Uint8Array, expected: Uint8Array): string | undefined {
  const ours = looked(encodeBtf(dedupBtf(parseBtf(given)).btf));
  const theirs = looked(expected);
  if (ours.types.length !== theirs.types.length) return `${ours.types.length} types, not ${theirs.types.length}`;
  const other = ours.types.findIndex((type, index) => type !== theirs.types[index]);
  if (other >= 0) return `type [${other + 1}] is ${ours.types[other]}, not ${theirs.types[other]}`;
  if (ours.strings !== theirs.strings) return "other strings";
  return ours.length === theirs.length ? undefined : `${ours.length} bytes, not ${theirs.length}`;
}
