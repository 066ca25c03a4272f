import type { ElfView } from "../../../src/elf/model.ts";
import type { LoaderVerdict } from "../../../src/rules/loader.ts";

/* The type, the map and the program that we blame are our own addition; the library names them in its words, or says where they are. */

const MAPS = [
  /^map ([^ :]+): /,
  /(?:load maps|section \.maps|load BTF maps): map ([^ :]+)(?:: | already exists)/,
  /struct_ops map ([^ :]+): already/,
  /found reference to "([^"]+)"/,
  /missing symbol for map (.+)$/,
  /load struct_ops: (?:var )?([^ :]+)(?:: expect struct| exceeds section)/,
  /(?:load maps|load BTF maps): (?:section \.maps: )?(?:duplicate )?symbol ([^ :]+)(?:: | in section)/,
];
const PROGRAMS = [
  /load programs: section [^:]+: (?:duplicate |decoding instructions for |no instructions found for )?symbol ([^ :]+)/,
  /duplicate program name (.+)$/,
  /load struct_ops: program (.+) (?:not found|is not StructOps)$/,
];
/** Ids that the words give. */
const TYPE_ID = /lookup type name for id (\d+)|type ID (\d+) is|func with type ID (\d+) /;
/** Names of DATASECs. */
const DATASEC =
  /(?:type |data section )([^ :(]+)(?:: (?:expected|anonymous|unexpected type|missing size|missing offset|variable .* doesn't match)|\(\*btf\.Datasec\): multiple)/;
const CODE = /load programs: section ([^:]+): offset (\d+) in section/;
const [DECL_TAG, KIND_DATASEC] = [17, 15];

function first(patterns: readonly RegExp[], words: string): string | undefined {
  for (const pattern of patterns) {
    const found = pattern.exec(words)?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The kind and the name of a record, found by going through all before. */
function recordAt({ bytes, littleEndian }: { bytes: Uint8Array; littleEndian: boolean }, id: number) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number): number => view.getUint32(at, littleEndian);
  const start = word(4) + word(8);
  // Bytes after a record's first 12: always, and for each of its parts.
  const fixed: Record<number, number> = { 1: 4, 3: 12, 14: 4, 17: 4 };
  const each: Record<number, number> = { 4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12 };
  let at = start;
  for (let known = 1; known < id; known++) {
    const kind = (word(at + 4) >>> 24) & 0x1f;
    at += 12 + (fixed[kind] ?? 0) + (each[kind] ?? 0) * (word(at + 4) & 0xffff);
  }
  const strings = word(4) + word(16) + word(at);
  return {
    kind: (word(at + 4) >>> 24) & 0x1f,
    name: Buffer.from(bytes.subarray(strings, bytes.indexOf(0, strings))).toString(),
  };
}

/** What we blame and the library's words do not, or the other way round. */
export function blamedDifference(elf: ElfView, verdict: LoaderVerdict, words: string): string | undefined {
  const { map, program, typeId } = verdict;
  const named = first(MAPS, words);
  if (named !== undefined && map !== named) return `map ${map}, not ${named}: ${words}`;
  const code = CODE.exec(words);
  const [, section, offset] = code ?? [];
  const isThere = (name: string | undefined): boolean =>
    elf.symbols.some(
      (one) =>
        one.name === name &&
        elf.sections[one.section]?.name === section &&
        one.value <= Number(offset) &&
        Number(offset) < one.value + one.size,
    );
  const runs = code === null ? first(PROGRAMS, words) : undefined;
  if (runs !== undefined && program !== runs) return `program ${program}, not ${runs}: ${words}`;
  if (code !== null && !isThere(program)) return `program ${program} is not there: ${words}`;
  const said = TYPE_ID.exec(words)
    ?.slice(1)
    .find((id) => id !== undefined);
  if (said !== undefined && `${typeId}` !== said) return `type ${typeId}, not ${said}: ${words}`;
  const datasec = /member \d+: unsupported type/.test(words) ? ".kconfig" : DATASEC.exec(words)?.[1];
  const isTag = words.includes(": type declTag: ");
  if (datasec === undefined && !isTag) return undefined;
  const btf = elf.sections.findLast(({ name }) => name === ".BTF");
  if (typeId === undefined || btf === undefined) return `no type: ${words}`;
  const { kind, name } = recordAt({ bytes: btf.bytes, littleEndian: elf.littleEndian }, typeId);
  if (isTag) return kind === DECL_TAG ? undefined : `type ${typeId} is no tag: ${words}`;
  return kind === KIND_DATASEC && name === datasec
    ? undefined
    : `type ${typeId} is not the DATASEC ${datasec}: ${words}`;
}
