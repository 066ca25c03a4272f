/** btf-fix as a library: browser-safe, no side effects. The command line is another entry (`cli/`). */

export type { CheckResult, FixResult, KernelVerdict, PlannedChange, Verdict, Verdicts } from "./api.ts";
export { BtfBuilder } from "./btf/builder.ts";
export { encodeBtf } from "./btf/encode.ts";
export { escapeName, unescapeName } from "./btf/escape.ts";
export { encodeBtfExt, parseBtfExt } from "./btf/ext.ts";
export type { BtfExt } from "./btf/ext-model.ts";
export { looksLikeBtf } from "./btf/header.ts";
export { type Btf, type BtfType, typeById, typesWithIds } from "./btf/model.ts";
export { nameBytes, nameText } from "./btf/names.ts";
export { parseBtf } from "./btf/parse.ts";
export { renderJson } from "./btf/render/json.ts";
export { renderRaw } from "./btf/render/raw.ts";
export { checkObject, type RuleOptions } from "./check.ts";
export type { SourcePlace } from "./dwarf/model.ts";
export type { ElfRelocation, ElfSymbol, ElfView, Section } from "./elf/model.ts";
export { parseElf } from "./elf/parse.ts";
export { type EmitObjectOptions, emitObject } from "./emit.ts";
export { BtfFixError, type BtfFixErrorCode, type ByteSpan } from "./errors.ts";
export { type FixOptions, fixObject } from "./fix.ts";
export type { MapAttributes, MapDefinition, MapMember, MapType, MapValues } from "./maps/definition.ts";
export type { MapSource } from "./maps/list.ts";
export { readMaps } from "./maps.ts";
export type { OnPhase } from "./object.ts";
export type { Choices } from "./rules/choices.ts";
export { allRules } from "./rules/index.ts";
export type { Diagnostic, Judge, JudgeAnswer, Rule, Severity, Target } from "./rules/rule.ts";
export type { ObjectState } from "./rules/state.ts";
