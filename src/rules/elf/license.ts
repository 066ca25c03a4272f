import type { LineInfo } from "../../btf/ext-model.ts";
import { nameText } from "../../btf/names.ts";
import type { SourcePlace } from "../../dwarf/model.ts";
import type { ElfSymbol, ElfView, Section } from "../../elf/model.ts";
import { sectionNamed } from "../../elf/symbols.ts";
import { cannotLoad, rejects } from "../answers.ts";
import type { Diagnostic, JudgeAnswer, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";
import { kernelFunctions } from "./extern.ts";
import { GPL_HELPERS, OPEN_IN_PERF_EVENT } from "./gpl-helpers.ts";
import { type CallGraph, type CallSite, callGraph, reachedFrom } from "./license-calls.ts";

export const LICENSE_SECTION = "license";

/** Texts that the kernel takes for compatible (include/linux/license.h license_is_gpl_compatible). */
const COMPATIBLE: ReadonlySet<string> = new Set([
  "GPL",
  "GPL v2",
  "GPL and additional rights",
  "Dual BSD/GPL",
  "Dual MIT/GPL",
  "Dual MPL/GPL",
]);

/** The one type of programs that has another rule for a helper. */
const PERF_EVENT_SECTION = /^perf_event\b/;

/** Programs whose type alone asks for the license, by section, in the kernel's words. */
const GPL_TYPES = [
  { section: /^lsm(\.s|_cgroup)?\//, what: "an LSM program", text: "LSM programs must have a GPL compatible license" },
  {
    section: /^struct_ops(\.s)?(\/|$)/,
    what: "a struct_ops program",
    text: "struct ops programs must have a GPL compatible license",
  },
] as const;

const BARRED_HELPER = "cannot call GPL-restricted function from non-GPL compatible program";
const BARRED_FUNCTION = "cannot call kernel function from non-GPL compatible program";

/** What the object says of its license: a text as loaders read it, or nothing. */
export function licenseOf(elf: ElfView): string | undefined {
  const section = sectionNamed(elf, LICENSE_SECTION);
  if (section === undefined) return undefined;
  const end = section.bytes.indexOf(0);
  return new TextDecoder().decode(end === -1 ? section.bytes : section.bytes.subarray(0, end));
}

/** One reason why a program needs a license, with the place in the code if there is one. */
interface Need {
  readonly program: ElfSymbol;
  readonly fact: string;
  readonly text: string;
  readonly site: CallSite | undefined;
}

function* neededByCalls(graph: CallGraph, state: ObjectState, sections: readonly Section[]): Generator<Need> {
  for (const [id, name] of GPL_HELPERS) {
    for (const [program, site] of reachedFrom(graph, graph.sites.get(id) ?? [])) {
      if (OPEN_IN_PERF_EVENT.has(id) && PERF_EVENT_SECTION.test(sections[program.section]?.name ?? "")) continue;
      yield { program, site, fact: `calls bpf_${name} (helper ${id})`, text: BARRED_HELPER };
    }
  }
  const isKernels = kernelFunctions(state);
  for (const [callee, sites] of graph.sites) {
    if (typeof callee !== "string" || !isKernels(callee)) continue;
    for (const [program, site] of reachedFrom(graph, sites)) {
      yield { program, site, fact: `calls ${callee} of the kernel`, text: BARRED_FUNCTION };
    }
  }
}

function* needs(state: ObjectState, elf: ElfView): Generator<Need> {
  const graph = callGraph(elf);
  for (const program of graph.programs) {
    const section = elf.sections[program.section]?.name ?? "";
    const type = GPL_TYPES.find((candidate) => candidate.section.test(section));
    if (type !== undefined) yield { program, site: undefined, fact: `is ${type.what}`, text: type.text };
  }
  yield* neededByCalls(graph, state, elf.sections);
}

/**
 * The source line of an instruction, as line_info has it. Libraries wrap helpers in functions that are inlined; what comes last before the
 * instruction in the file of the function itself is the line that its author knows.
 */
function lineAt({ ext, btf }: ObjectState, { section, offset, caller }: CallSite): SourcePlace | undefined {
  const table = ext?.lineInfo?.sections.find(({ secNameOff }) => nameText(btf, secNameOff) === section.name);
  let home: LineInfo | undefined;
  let last: LineInfo | undefined;
  let own: LineInfo | undefined;
  // Ascending, or the kernel refuses them (KB-10).
  for (const record of table?.records ?? []) {
    if (record.insnOff > offset) break;
    if (record.insnOff < caller.value || record.lineCol === 0) continue;
    home ??= record;
    last = record;
    if (record.fileNameOff === home.fileNameOff) own = record;
  }
  const line = own ?? last;
  if (line === undefined) return undefined;
  // line << 10 | column (include/uapi/linux/bpf.h BPF_LINE_INFO_LINE_NUM).
  return { file: nameText(btf, line.fileNameOff), line: line.lineCol >>> 10, column: line.lineCol & 0x3ff };
}

function answers(text: string, license: string | undefined): readonly JudgeAnswer[] {
  return [
    { judge: "kernel", answer: "rejects", text },
    cannotLoad(text),
    rejects("cilium/ebpf", text, { at: "load" }),
    license === undefined
      ? { judge: "aya", answer: "accepts", how: 'it gives the kernel "GPL" where an object says nothing' }
      : rejects("aya", text, { at: "load" }),
  ];
}

/** The object, if it holds programs: one without, such as a library to be linked, needs no license yet. */
function withPrograms({ elf }: ObjectState): ElfView | undefined {
  return elf !== undefined && callGraph(elf).programs.length > 0 ? elf : undefined;
}

function* barred(rule: Rule, state: ObjectState, elf: ElfView, why: string): Generator<Diagnostic> {
  const license = licenseOf(elf);
  for (const { program, fact, text, site } of needs(state, elf)) {
    const place = site === undefined ? undefined : lineAt(state, site);
    const through = site === undefined || site.caller === program ? "" : ` in ${site.caller.name}`;
    yield {
      rule: rule.id,
      severity: "error",
      message: `program ${program.name} ${fact}${through}, which the kernel keeps for GPL-compatible programs; ${why}`,
      target: { symbol: program.index },
      ...(place === undefined ? {} : { place }),
      answers: answers(text, license),
      help: 'declare it: #[unsafe(no_mangle)] #[link_section = "license"] static LICENSE: [u8; 4] = *b"GPL\\0"; or give btf-fix `--license GPL`',
    };
  }
}

export const licenseMissing: Rule = {
  id: "elf/license-missing",
  title: "An object with programs has a section `license`; what only GPL-compatible programs may use needs one.",
  covers: ["V9"],
  source: "kernel/bpf/verifier.c check_helper_call, add_kfunc_call; libbpf bpf_object__init_license",
  fixable: true,
  *check(state: ObjectState): Generator<Diagnostic> {
    const elf = withPrograms(state);
    if (elf === undefined || licenseOf(elf) !== undefined) return;
    const found = [...barred(licenseMissing, state, elf, "the object has no license section")];
    yield* found;
    if (found.length > 0) return;
    yield {
      rule: licenseMissing.id,
      severity: "note",
      message: "the object has no license section, and uses nothing that needs one",
      target: {},
      answers: [
        { judge: "libbpf", answer: "accepts", how: "with an empty license" },
        { judge: "aya", answer: "accepts", how: 'as "GPL"' },
      ],
    };
  },
};

export const licenseIncompatible: Rule = {
  id: "elf/license-incompatible",
  title: "A program that uses what is for GPL-compatible programs has such a license.",
  covers: [],
  source: "include/linux/license.h license_is_gpl_compatible; kernel/bpf/verifier.c check_helper_call, add_kfunc_call",
  fixable: false,
  *check(state: ObjectState): Generator<Diagnostic> {
    const elf = withPrograms(state);
    if (elf === undefined) return;
    const license = licenseOf(elf);
    if (license === undefined || COMPATIBLE.has(license)) return;
    yield* barred(licenseIncompatible, state, elf, `the license is "${license}"`);
  },
};

export const licenseKept: Rule = {
  id: "elf/license-kept",
  title: "A license that is there stays, whatever `--license` says.",
  covers: [],
  source: "btf-fix",
  fixable: false,
  *check({ elf, choices }: ObjectState): Generator<Diagnostic> {
    if (elf === undefined) return;
    const license = licenseOf(elf);
    if (license === undefined || choices.license === undefined || choices.license === license) return;
    yield {
      rule: licenseKept.id,
      severity: "note",
      message: `the object says that its license is "${license}"; "${choices.license}" is not written over it`,
      target: {},
      answers: [],
    };
  },
};
