import type { LoaderRule } from "../loader.ts";
import { type Records, readTable, recordRules, Words } from "./ext-records.ts";
import { ciliumRule, refuse, within } from "./rule.ts";
import type { Spec } from "./spec.ts";
import { goType } from "./types.ts";

const headerWhole = ciliumRule("CX-01", "A header is 24 bytes.", "btf.parseBTFExtHeader", "can't read header: EOF");
const magic = ciliumRule("CX-02", "The magic is 0xeb9f.", "btf.parseBTFExtHeader", "incorrect magic value N");
const version = ciliumRule("CX-03", "The version is 1.", "btf.parseBTFExtHeader", "unexpected version N");
const flags = ciliumRule("CX-04", "The header has no flags.", "btf.parseBTFExtHeader", "unsupported flags N");
const lengthShort = ciliumRule(
  "CX-05",
  "A header says that it is 24 bytes or longer.",
  "btf.parseBTFExtHeader",
  "header length shorter than btfExtHeader size",
);
const coreHeader = ciliumRule(
  "CX-06",
  "8 bytes follow the first 24, even if the header ends there: the place of the CO-RE relocations.",
  "btf.parseBTFExtCOREHeader",
  "can't read header: EOF",
);
const isFunc = ciliumRule(
  "CX-16",
  "A record of a function refers to a FUNC, unless to no type at all.",
  "btf.newFuncOffset",
  "type ID N is a T, but expected a Func",
);
const hasName = ciliumRule(
  "CX-17",
  "A function has a name.",
  "btf.newFuncOffset",
  "func with type ID N doesn't have a name",
);
const accessor = ciliumRule("CX-18", "An accessor is a list of numbers below 2^31.", "btf.parseCOREAccessor", [
  'accessor "": empty accessor',
  'accessor "S": accessor index "P": …',
]);

/** Told by who finds the section. */
export const extPlain: LoaderRule = ciliumRule(
  "CX-19",
  "The section is not compressed.",
  "btf.loadExtInfosFromELF",
  "compressed ext_info is not supported",
);

export const extRules: readonly LoaderRule[] = [
  extPlain,
  headerWhole,
  magic,
  version,
  flags,
  lengthShort,
  coreHeader,
  ...recordRules,
  isFunc,
  hasName,
  accessor,
];

const HEADER = 24;
function checkFunction([, id = 0]: readonly number[], spec: Spec): void {
  const type = spec.type(id);
  if (type.kind !== "Func") refuse(isFunc, `type ID ${id} is a ${goType(type)}, but expected a Func`, { typeId: id });
  if (type.name === "") refuse(hasName, `func with type ID ${id} doesn't have a name`, { typeId: id });
}

function checkLine([, file = 0, line = 0]: readonly number[], spec: Spec): void {
  within("lookup of line", () => spec.strings.at(line));
  within("lookup of filename", () => spec.strings.at(file));
}

const MOST_INDEX = 0x7fff_ffff;

function checkRelocation([, id = 0, at = 0]: readonly number[], spec: Spec): void {
  spec.type(id);
  const text = spec.strings.at(at);
  if (text === "") refuse(accessor, 'accessor "": empty accessor', { typeId: id });
  const wrong = text.split(":").find((part) => !/^[0-9]+$/.test(part) || Number(part) > MOST_INDEX);
  if (wrong === undefined) return;
  refuse(accessor, `accessor ${JSON.stringify(text)}: accessor index ${JSON.stringify(wrong)}: …`, { typeId: id });
}

function checkAll(sections: Records, what: string, check: (record: readonly number[]) => void): void {
  for (const [name, records] of sections) {
    for (const record of records) {
      within(`section ${name}: ${what}: offset ${record[0]}`, () => check(record));
    }
  }
}

/** What the library says of a `.BTF.ext`; types that are not there make it drop the whole. Errors: CX-01 to CX-18, those of types. */
export function checkExt(bytes: Uint8Array, littleEndian: boolean, spec: Spec): void {
  const header = new Words(bytes, littleEndian);
  const [length = 0, funcOff = 0, funcLen = 0, lineOff = 0, lineLen = 0] = within(
    "parsing BTF extension header",
    () => {
      header.need(HEADER, headerWhole, "can't read header");
      const first = header.next();
      const low = littleEndian ? first & 0xffff : first >>> 16;
      if (low !== 0xeb9f) refuse(magic, `incorrect magic value ${low}`);
      if (bytes[2] !== 1) refuse(version, `unexpected version ${bytes[2]}`);
      if (bytes[3] !== 0) refuse(flags, `unsupported flags ${bytes[3]}`);
      const words = Array.from({ length: 5 }, () => header.next());
      if ((words[0] ?? 0) < HEADER) refuse(lengthShort);
      return words;
    },
  );
  within("parsing BTF CO-RE header", () => header.need(8, coreHeader, "can't read header"));
  const [coreOff, coreLen] = [header.next(), header.next()];
  const part = (offset: number, size: number): Words => new Words(bytes, littleEndian, (length + offset) >>> 0, size);
  const funcs = within("parsing BTF function info", () =>
    readTable(
      {
        words: part(funcOff, funcLen),
        size: 8,
        wrongSize: (found) => `expected FuncInfo record size 8, but BTF blob contains ${found}`,
        what: "function info",
        isEager: false,
        isWhole: false,
      },
      spec,
    ),
  );
  checkAll(funcs, "func infos", (record) => checkFunction(record, spec));
  const lines = within("parsing BTF line info", () =>
    readTable(
      {
        words: part(lineOff, lineLen),
        size: 16,
        wrongSize: (found) => `expected LineInfo record size 16, but BTF blob contains ${found}`,
        what: "line info",
        isEager: false,
        isWhole: true,
      },
      spec,
    ),
  );
  checkAll(lines, "line infos", (record) => checkLine(record, spec));
  if (coreLen === 0) return;
  const relocations = within("parsing CO-RE relocation info", () =>
    readTable(
      {
        words: part(coreOff, coreLen),
        size: 16,
        wrongSize: (found) => `expected record size 16, got ${found}`,
        what: "CO-RE relocation",
        isEager: true,
        isWhole: false,
      },
      spec,
    ),
  );
  checkAll(relocations, "CO-RE relocations", (record) => checkRelocation(record, spec));
}
