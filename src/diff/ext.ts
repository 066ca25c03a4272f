import type { BtfExt, ExtTable } from "../btf/ext-model.ts";
import type { Btf } from "../btf/model.ts";
import { nameText } from "../btf/names.ts";
import type { Difference, SectionRange } from "./model.ts";

/** One blob with the types that its numbers mean. */
export interface ExtWithTypes {
  readonly btf: Btf;
  readonly ext: BtfExt | undefined;
}

const TABLES = ["funcInfo", "lineInfo", "coreRelo"] as const;
const TABLE_NAME = { funcInfo: "func_info", lineInfo: "line_info", coreRelo: "core_relo" } as const;

type Table = ExtTable<{ readonly insnOff: number }>;

/** Fields of a record as text, strings by what they say. */
function recordText(btf: Btf, record: object): string {
  return Object.entries(record)
    .filter(([name]) => name !== "rest" && name !== "insnOff")
    .map(([name, value]) => {
      const isString = name.endsWith("Off");
      return isString ? `${name.slice(0, -3)}=${JSON.stringify(nameText(btf, Number(value)))}` : `${name}=${value}`;
    })
    .join(" ");
}

/** Every record of a table by what it is about. A section's second record for one instruction has a key of its own. */
function recordsOf({ btf, ext }: ExtWithTypes, table: (typeof TABLES)[number]): Map<string, string> {
  const texts = new Map<string, string>();
  const found: Table | undefined = ext?.[table];
  for (const { secNameOff, records } of found?.sections ?? []) {
    const section = nameText(btf, secNameOff);
    for (const record of records) {
      let what = `${TABLE_NAME[table]} of ${section} at ${record.insnOff}`;
      while (texts.has(what)) what += ", again";
      texts.set(what, recordText(btf, record));
    }
  }
  return texts;
}

/** Records of `.BTF.ext` that the two say differently. `range` is that of the section: records have no place of their own. */
export function diffExt(before: ExtWithTypes, after: ExtWithTypes, range: SectionRange): Difference[] {
  const differences: Difference[] = [];
  for (const table of TABLES) {
    const old = recordsOf(before, table);
    for (const [what, is] of recordsOf(after, table)) {
      const was = old.get(what) ?? null;
      old.delete(what);
      if (was !== is) differences.push({ what, before: was, after: is, range });
    }
    for (const [what, was] of old) differences.push({ what, before: was, after: null, range });
  }
  return differences;
}
