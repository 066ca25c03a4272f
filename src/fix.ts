import type { FixResult } from "./api.ts";
import { encodeBtf } from "./btf/encode.ts";
import { encodeBtfExt } from "./btf/ext.ts";
import type { RuleOptions } from "./check.ts";
import { STB_LOCAL } from "./elf/model.ts";
import { parseElf } from "./elf/parse.ts";
import { allElfFixes } from "./fixes/elf-index.ts";
import { symbolsOfStatics } from "./fixes/linkage.ts";
import { type OnPhase, type OpenObject, openObject, stateWithoutBtf } from "./object.ts";
import { applyPlan } from "./patch/apply.ts";
import { contentPlan } from "./patch/plan.ts";
import { rebaseBtfRelocations } from "./patch/rel-btf.ts";
import { rebaseExtRelocations } from "./patch/rel-ext.ts";
import { verifyPatched } from "./patch/verify.ts";
import { isOfRust, untoldRefusals } from "./refusals.ts";
import { regenerate } from "./regenerate.ts";
import { type Given, type Repair, repair } from "./repair.ts";
import { reshape } from "./reshape.ts";
import { type Choices, DEFAULT_CHOICES } from "./rules/choices.ts";
import { unplaced } from "./rules/datasec/placed.ts";
import { btfMissing } from "./rules/elf/missing.ts";
import { findings, selectRules } from "./rules/index.ts";
import { ALL_KERNELS } from "./rules/kernel/target.ts";
import { ALL_LOADERS } from "./rules/loaders.ts";
import type { Rule } from "./rules/rule.ts";
import { simulateLibbpf } from "./rules/simulators.ts";
import type { ObjectState } from "./rules/state.ts";
import { type Judges, verdictsOf } from "./verdicts.ts";

/** Which rules run, and what the user decides about the repairs. */
export interface FixOptions extends RuleOptions, Partial<Choices> {}

function choicesOf(options: FixOptions): Choices {
  const {
    legacyMaps = DEFAULT_CHOICES.legacyMaps,
    enums = DEFAULT_CHOICES.enums,
    names = DEFAULT_CHOICES.names,
    cTypes = DEFAULT_CHOICES.cTypes,
    license = DEFAULT_CHOICES.license,
    vmlinux = DEFAULT_CHOICES.vmlinux,
  } = options;
  return { legacyMaps, enums, names, cTypes, license, vmlinux };
}

/** The file with the repaired sections, read again and compared before it is given out. */
function patched(bytes: Uint8Array, object: OpenObject, { state, plan }: Repair): Uint8Array {
  const { elf, btfSection, extSection } = object;
  const blob = encodeBtf(state.btf);
  if (elf === undefined || btfSection === undefined) return blob;
  const contents = new Map<number, Uint8Array>([[btfSection.index, blob]]);
  for (const [index, content] of rebaseBtfRelocations(elf, btfSection.index, object.btf, state.btf))
    contents.set(index, content);
  if (extSection !== undefined && state.ext !== undefined && state.ext !== object.ext) {
    const ext = encodeBtfExt(state.ext);
    contents.set(extSection.index, ext);
    const names = { before: object.btf, after: state.btf };
    for (const [index, content] of rebaseExtRelocations(elf, extSection.index, ext, names))
      contents.set(index, content);
  }
  const locals = symbolsOfStatics(object, state);
  const patch = {
    ...contentPlan(contents, plan),
    symbols: locals.map((symbol) => ({ symbol, binding: STB_LOCAL })),
  };
  const output = plan.length === 0 ? bytes : applyPlan(elf, patch);
  if (output !== bytes) verifyPatched(elf, output, patch);
  return output;
}

/**
 * Repairs an object whose BTF can be read. `hadNoBtf`: it has just been made, so that the kernel has not yet seen any. Errors: as
 * `fixObject`.
 */
export function fixReadable(bytes: Uint8Array, options: FixOptions & { readonly hadNoBtf?: boolean }): FixResult {
  const rules = selectRules(options.only, options.skip);
  const given = { choices: choicesOf(options), refused: options.hadNoBtf === true ? true : undefined };
  return fixOpened(bytes, openObject(bytes, options.onPhase), { rules, given, onPhase: options.onPhase });
}

/** Who is asked about the result. */
const JUDGES: Judges = { kernels: ALL_KERNELS, loaders: ALL_LOADERS, simulate: simulateLibbpf };

/** Passes over one file: repairs of BTF may make work for those of the ELF file, which come before them, as in a second run. */
const MAX_PASSES = 3;

/** Rules whose findings a repair of the ELF file cures. */
const ELF_RULES: ReadonlySet<string> = new Set(allElfFixes.flatMap(({ rules }) => rules.map(({ id }) => id)));

/** Whether the repairs of BTF have left something to the repairs of the ELF file that was not there when those ran. */
function madeWork({ plan, first, remaining }: Repair): boolean {
  if (plan.length === 0) return false;
  const known = new Set(first.map(({ rule, message }) => `${rule} ${message}`));
  return remaining.some(({ rule, message }) => ELF_RULES.has(rule) && !known.has(`${rule} ${message}`));
}

function fixOpened(
  bytes: Uint8Array,
  object: OpenObject,
  options: { readonly rules: readonly Rule[]; readonly given: Given; readonly onPhase: OnPhase | undefined },
  passes = MAX_PASSES,
): FixResult {
  const { rules, given, onPhase } = options;
  const shaped = reshape(bytes, object, rules, given.choices);
  const repaired = repair(shaped.object, rules, { ...given, refused: given.refused ?? shaped.refusedAsGiven });
  onPhase?.("fix");
  const output = patched(shaped.bytes, shaped.object, repaired);
  onPhase?.("write");
  const cured = [...shaped.cured, ...repaired.cured];
  // Filling in what every compiler leaves to the loader is no repair of a defect.
  const changed = cured.some(({ rule, severity }) => rule !== unplaced.id || severity === "error");
  const plan = [...shaped.plan, ...repaired.plan];
  const summary = [...shaped.summary, ...repaired.summary];
  if (passes > 1 && madeWork(repaired)) {
    const again = { ...options, given: { ...given, refused: undefined } };
    const next = fixOpened(output, openObject(output), again, passes - 1);
    return {
      ...next,
      changed: changed || next.changed,
      plan: [...plan, ...next.plan],
      diagnostics: [...cured, ...next.diagnostics],
      summary: [...summary, ...next.summary],
    };
  }
  const { btf, join } = repaired.state;
  // Loaders look at the file as it is now.
  const elf = object.elf && (output === bytes ? object.elf : parseElf(output));
  const verdicts = verdictsOf(
    repaired.remaining,
    { elf, btf, blob: encodeBtf(btf), littleEndian: btf.littleEndian },
    JUDGES,
  );
  const named = { btf, join, isObject: elf !== undefined, isRust: isOfRust(object.lowered) };
  return {
    bytes: output,
    changed,
    plan,
    diagnostics: [
      ...cured,
      ...repaired.remaining,
      ...untoldRefusals(repaired.remaining, verdicts, rules, named, JUDGES),
    ],
    summary,
    verdicts,
  };
}

/** Makes the BTF from debug info as LLVM should have written it, then repairs what is left: two passes, each verified. */
async function fixUnreadable(bytes: Uint8Array, without: ObjectState, options: FixOptions): Promise<FixResult> {
  const fixed = "regenerated from DWARF";
  const { bytes: made } = regenerate(bytes, { from: "dwarf", dialect: "rust" });
  const result = fixReadable(made, { ...options, hadNoBtf: true });
  const found = [...findings(without, [btfMissing])];
  return {
    ...result,
    changed: true,
    plan: [...found.map(({ rule, message }) => ({ rule, what: `${message}: ${fixed}` })), ...result.plan],
    diagnostics: [...found.map((finding) => ({ ...finding, fixed })), ...result.diagnostics],
    summary: [`.BTF ${fixed}`, ...result.summary],
  };
}

/**
 * Repairs an object; one that has debug info but no `.BTF` that can be read is given one. Existing type ids stay, instructions never
 * change, and the result is read again before it is returned.
 *
 * Errors: see `openObject`; REFUSED when a repair would change meaning; VERIFY_FAILED when the result is not what was planned.
 */
export async function fixObject(bytes: Uint8Array, options: FixOptions = {}): Promise<FixResult> {
  const rules = selectRules(options.only, options.skip);
  let object: OpenObject;
  try {
    object = openObject(bytes, options.onPhase);
  } catch (error) {
    const without = rules.includes(btfMissing) ? stateWithoutBtf(bytes, error) : undefined;
    if (without === undefined) throw error;
    return fixUnreadable(bytes, without, options);
  }
  const given = { choices: choicesOf(options), refused: undefined };
  return fixOpened(bytes, object, { rules, given, onPhase: options.onPhase });
}
