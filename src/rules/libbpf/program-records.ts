/** What libbpf sends of each program with BPF_PROG_LOAD: code, func_info, line_info (`bpf_object__relocate`, `bpf_object_load_prog`). */
import { type Btf, LINKAGE_GLOBAL, typeById } from "../../btf/model.ts";
import { nameText } from "../../btf/names.ts";
import { typesOfKind } from "../../btf/of-kind.ts";
import type { ElfView } from "../../elf/model.ts";
import { BtfFixError } from "../../errors.ts";
import type { InfoRecords, ProgramRecords } from "../kernel/program-info.ts";
import type { LoaderRule } from "../loader.ts";
import { type Collected, type CollectedProgram, sectionName } from "./collect.ts";
import { checkExt } from "./ext.ts";
import { type Budget, type Code, linkedCode, programCode, programCodeRules, spend } from "./program-code.ts";
import { nativeExt, type RecordTable, recordsOfProgram, recordTable } from "./program-ext.ts";
import { ENOENT, hasRule, LibbpfRefusal, libbpfRule } from "./rule.ts";
import type { LibbpfVersion } from "./sanitise.ts";

const source = "reloc_prog_func_and_line_info";
const MORE = { stage: "load", errno: ENOENT } as const;
const functions = libbpfRule(
  "LN-04",
  "Where a program has func_info, each function that it calls has.",
  source,
  "prog 'P': missing .BTF.ext function info.",
  MORE,
);
const lines = libbpfRule(
  "LN-05",
  "Where a program has line_info, each function that it calls has.",
  source,
  "prog 'P': missing .BTF.ext line info.",
  MORE,
);

const callbacks = libbpfRule(
  "LN-06",
  "A tag that names an exception callback is of a global function.",
  "bpf_prog_assign_exc_cb",
  "prog 'P': exception_callback:<value> decl tag not applied to the main program",
  { stage: "load", since: "1.7" },
);

export const programRecordRules: readonly LoaderRule[] = [...programCodeRules, functions, lines, callbacks];

/** A program as BPF_PROG_LOAD is given it. */
export interface SentProgram {
  readonly name: string;
  /** Name of its section. */
  readonly section: string;
  readonly sent: ProgramRecords;
}

/** Instructions and records that are looked at of one object, at most. */
const MOST_WORK = 4_000_000;

interface Tables {
  readonly funcInfo: RecordTable | undefined;
  readonly lineInfo: RecordTable | undefined;
}

/** The tables of `.BTF.ext`; none where libbpf goes on without it. */
function tablesOf(elf: ElfView, { ext }: Collected, btf: Btf | undefined, version: LibbpfVersion): Tables {
  const none = { funcInfo: undefined, lineInfo: undefined };
  if (btf === undefined || ext === undefined) return none;
  try {
    checkExt(ext.bytes, elf.littleEndian, version);
  } catch (refusal) {
    if (refusal instanceof LibbpfRefusal) return none;
    throw refusal;
  }
  const bytes = nativeExt(ext.bytes, elf.littleEndian);
  return {
    funcInfo: recordTable(bytes, "funcInfo", btf, elf),
    lineInfo: recordTable(bytes, "lineInfo", btf, elf),
  };
}

/** The records of one table that go with a program, gathered function by function. */
class Gathered {
  private readonly table: RecordTable | undefined;
  private readonly rule: LoaderRule;
  private readonly what: string;
  private readonly parts: Uint8Array[] = [];

  constructor(table: RecordTable | undefined, rule: LoaderRule, what: string) {
    this.table = table;
    this.rule = rule;
    this.what = what;
  }

  /** Takes the records of a function; what main has none of, nothing is sent of. */
  take(program: CollectedProgram, at: number, littleEndian: boolean, budget: Budget): void {
    const { table, parts } = this;
    if (at > 0 && parts.length === 0) return;
    const found = table && recordsOfProgram(table, program, at, littleEndian, (count) => spend(budget, count));
    if (found !== undefined) {
      parts.push(found);
    } else if (at > 0) {
      const { name } = program;
      throw new LibbpfRefusal(this.rule, `prog '${name}': missing .BTF.ext ${this.what} info.`, { program: name });
    }
  }

  records(): InfoRecords | undefined {
    const { table, parts } = this;
    if (table === undefined || parts.length === 0) return undefined;
    const records = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      records.set(part, at);
      at += part.length;
    }
    return { records, recordSize: table.recordSize };
  }
}

const CALLBACK = "exception_callback:";

/**
 * Looks at the tags that name exception callbacks (`bpf_prog_assign_exc_cb`), which libbpf does for each program. Throws where the program has
 * one, of which these rules know too little to say what is sent.
 */
function checkCallbacks(btf: Btf | undefined, program: string, version: LibbpfVersion): void {
  if (btf === undefined || !hasRule(version, callbacks)) return;
  for (const [, { component, nameOff, type }] of typesOfKind(btf, "declTag")) {
    if (component !== -1 || !nameText(btf, nameOff).startsWith(CALLBACK)) continue;
    const target = typeById(btf, type);
    if (target?.kind !== "func" || target.linkage !== LINKAGE_GLOBAL) {
      const line = `prog '${program}': exception_callback:<value> decl tag not applied to the main program`;
      throw new LibbpfRefusal(callbacks, line, { program });
    }
    if (nameText(btf, target.nameOff) === program)
      throw new BtfFixError("LIMIT_EXCEEDED", "a program has an exception callback");
  }
}

function sentProgram(code: Code, tables: Tables, program: CollectedProgram): SentProgram {
  const { elf, budget } = code;
  const funcInfo = new Gathered(tables.funcInfo, functions, "function");
  const lineInfo = new Gathered(tables.lineInfo, lines, "line");
  const insns = programCode(code, program, (part, at) => {
    funcInfo.take(part, at, elf.littleEndian, budget);
    lineInfo.take(part, at, elf.littleEndian, budget);
  });
  const [func, line] = [funcInfo.records(), lineInfo.records()];
  const sent = { insns, ...(func && { funcInfo: func }), ...(line && { lineInfo: line }) };
  return { name: program.name, section: sectionName(elf, program.section), sent };
}

/**
 * The programs that libbpf loads of an object by itself, in its order, with the records that it sends where the kernel took the BTF; one by
 * one, since the first that the kernel refuses ends the load. `btf`: as libbpf has it, for the names of sections; undefined if it has none.
 * Functions of the kernel that are called have number 0. Throws a `LibbpfRefusal`, and a `BtfFixError` where nobody can tell.
 */
export function* sentPrograms(
  elf: ElfView,
  collected: Collected,
  btf: Btf | undefined,
  version: LibbpfVersion,
): Generator<SentProgram> {
  const budget = { left: MOST_WORK };
  const code = linkedCode(elf, collected, version, budget);
  const tables = tablesOf(elf, collected, btf, version);
  for (const program of collected.programs) {
    const name = sectionName(elf, program.section);
    // A section whose name begins with ? is loaded only where its user asks for it.
    if (program.section === collected.text || name.startsWith("?")) continue;
    const sent = sentProgram(code, tables, program);
    checkCallbacks(btf, program.name, version);
    yield sent;
  }
}
