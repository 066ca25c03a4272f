import { type ElfView, SHDR_SIZE, SYM_SIZE } from "../../../src/elf/model.ts";
import { parseElf } from "../../../src/elf/parse.ts";
import { concat, words } from "../../btf/assemble.ts";
import { type Changes, drawObject, type MapDraft, type Types } from "../libbpf/draft.ts";

/** An object that breaks a rule, and its neighbour that keeps it. */
export interface Vector {
  readonly broken: readonly Uint8Array[];
  readonly kept: readonly Uint8Array[];
}

type Drawn = Changes | Uint8Array;

function drawn(change: Drawn): Uint8Array {
  return change instanceof Uint8Array ? change : drawObject(change);
}

/** `kept` beside the plain object. */
export function vector(broken: readonly Drawn[], kept: readonly Drawn[] = []): Vector {
  return { broken: broken.map(drawn), kept: [{}, ...kept].map(drawn) };
}

/** The object with its bytes edited where they stand. */
export function edited(change: Drawn, edit: (view: DataView, elf: ElfView) => void): Uint8Array {
  const bytes = drawn(change);
  edit(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), parseElf(bytes));
  return bytes;
}

/** The object with 32-bit words of a section's header edited. */
export function withHeader(change: Drawn, name: string, edits: Readonly<Record<number, number>>): Uint8Array {
  return edited(change, (view, elf) => {
    const index = elf.sections.findIndex((section) => section.name === name);
    for (const [at, value] of Object.entries(edits)) {
      view.setUint32(elf.sectionHeaders + index * SHDR_SIZE + Number(at), value, true);
    }
  });
}

/** Offsets in a section header. */
export const [SH_TYPE, SH_FLAGS, SH_SIZE_HIGH, SH_ALIGN] = [4, 8, 36, 48];

/** The object with a symbol's bytes edited: binding and type, visibility, section, value, size. */
export function withSymbol(
  change: Drawn,
  name: string,
  edits: { readonly info?: number; readonly section?: number; readonly value?: bigint; readonly size?: bigint },
): Uint8Array {
  return edited(change, (view, elf) => {
    const table = elf.sections[elf.symtab ?? 0];
    const index = elf.symbols.findIndex((symbol) => symbol.name === name);
    const at = (table?.offset ?? 0) + index * SYM_SIZE;
    if (edits.info !== undefined) view.setUint8(at + 4, edits.info);
    if (edits.section !== undefined) view.setUint16(at + 6, edits.section, true);
    if (edits.value !== undefined) view.setBigUint64(at + 8, edits.value, true);
    if (edits.size !== undefined) view.setBigUint64(at + 16, edits.size, true);
  });
}

/** A change of words of the blob's header. */
export function header(edits: Readonly<Record<number, number | ((before: number, size: number) => number)>>): Changes {
  return {
    blob: (bytes, view) => {
      for (const [at, value] of Object.entries(edits)) {
        const before = view.getUint32(Number(at), true);
        view.setUint32(Number(at), typeof value === "number" ? value : value(before, bytes.length), true);
      }
      return undefined;
    },
  };
}

const [HEADER, TYPE_LEN, STR_OFF] = [24, 12, 16];

/** Bytes after all types. */
export function tail(added: Uint8Array): Changes {
  return {
    blob: (bytes, view) => {
      const end = HEADER + view.getUint32(TYPE_LEN, true);
      const blob = concat([bytes.subarray(0, end), added, bytes.subarray(end)]);
      const of = new DataView(blob.buffer);
      of.setUint32(TYPE_LEN, end - HEADER + added.length, true);
      of.setUint32(STR_OFF, end - HEADER + added.length, true);
      return blob;
    },
  };
}

/** A record after all others: base words and what follows. */
export function record(
  kind: number,
  more: readonly number[],
  { vlen = 0, name = 0, word = 0 }: { vlen?: number; name?: number; word?: number } = {},
): Changes {
  return tail(words([name, (kind << 24) | vlen, word, ...more], true));
}

/** One map of these fields. */
export function map(fields: (types: Types) => MapDraft["fields"], more: Partial<MapDraft> = {}): Changes {
  return { maps: (types) => [{ name: "M", fields: fields(types), ...more }] };
}

/** A `.BTF.ext` of which each subsection is given as words, with the size of its records first. */
export function ext(parts: {
  readonly func?: number[];
  readonly line?: number[];
  readonly core?: number[];
}): Uint8Array {
  const lists = [parts.func ?? [], parts.line ?? [], parts.core ?? []];
  let end = 0;
  const places = lists.flatMap((list) => {
    const at = end;
    end += list.length * 4;
    return [at, list.length * 4];
  });
  return words([0x0001_eb9f, 32, ...places, ...lists.flat()], true);
}
