import { readFileSync } from "node:fs";
import { BtfFixError, type FixOptions, type FixResult, fixObject } from "../../src/index.ts";
import { type ObjectFile, readObjectFile } from "../../test/e2e/object-file.ts";
import { bpftoolDump } from "../../test/judges/bpftool.ts";
import { type LibbpfReport, runLibbpf } from "../../test/judges/libbpf.ts";
import { answer, asFile, type Outcome } from "../../test/judges/run.ts";
import { canonicalTypes } from "../corpus/canonical-types.ts";
import { dumpedTypes } from "./btf-types.ts";
import { dwarfMaps } from "./dwarf-maps.ts";
import { lostTypes } from "./kept.ts";
import { kernelTypes } from "./kernel-types.ts";
import { wrongMaps } from "./map-ids.ts";
import { wrongReferences } from "./references.ts";

/** As on the command line: the running kernel's types are there for externs, and a license is what the user says. */
function optionsFor(license: string | undefined): FixOptions {
  return license === undefined ? { vmlinux: kernelTypes } : { vmlinux: kernelTypes, license };
}

/** What libbpf 1.7 makes of an object: "OK/OK/yes" (open, load, BTF taken by the kernel) and its first complaint. */
export interface LoadVerdict {
  readonly column: string;
  readonly complaint: string;
}

/** An object before and after; it is fine if `reasons` is empty. */
export interface Judgement {
  /** Null for big-endian objects, which no kernel here loads. */
  readonly raw: LoadVerdict | null;
  readonly fixed: LoadVerdict | null;
  /** Why the fixed object is not fine. */
  readonly reasons: readonly string[];
}

/** The line that a person would look for: the kernel's own word on the BTF, a hidden retry, or libbpf's first warning. */
function complaintOf({ log, open, load, btfFd }: LibbpfReport): string {
  const lines = log.filter(({ pass }) => pass === "open" || pass === "all").map(({ text }) => text);
  const retry = lines.find((line) => line.includes("Retrying without BTF"));
  const isFine = open.ok && load?.ok === true && (btfFd ?? -1) >= 0;
  if (isFine) return retry ?? "";
  if (open.ok && (btfFd ?? -1) < 0) {
    const kernel = lines
      .flatMap((line) => line.split("\n"))
      .findLast((line) => /Invalid|size == 0|Member|exceeds/.test(line));
    if (kernel !== undefined) return kernel.trim();
  }
  const warning = log.find(({ pass, level }) => level === "warn" && (pass === "open" || pass === "all"));
  return (
    (warning?.text ?? `errno ${open.ok ? load?.errno : open.errno}`).split("\n")[0]?.replace(/^libbpf: /, "") ?? ""
  );
}

/** Verdict of a libbpf run; a crash or a time-out is one too. */
export function loadVerdict(outcome: Outcome<LibbpfReport>): LoadVerdict {
  if (outcome.outcome !== "answer") return { column: outcome.outcome, complaint: JSON.stringify(outcome) };
  const report = outcome.value;
  const word = (verdict: { readonly ok: boolean } | null): string =>
    verdict === null ? "-" : verdict.ok ? "OK" : "FAIL";
  const btf = report.btfFd === null ? "-" : report.btfFd >= 0 ? "yes" : "no";
  return {
    column: `${word(report.open)}/${word(report.load)}/${report.load === null ? "-" : btf}`,
    complaint: complaintOf(report),
  };
}

function changedCode(raw: ObjectFile, fixed: ObjectFile): string[] {
  return raw.sections.flatMap((section, index) => {
    if (!section.isCode || fixed.sections[index]?.bytes.equals(section.bytes) === true) return [];
    return [`the code in ${section.name} changed`];
  });
}

async function unstable(result: FixResult): Promise<string[]> {
  const again = await fixObject(result.bytes, optionsFor(undefined));
  return Buffer.compare(again.bytes, result.bytes) === 0 ? [] : ["a second run changes it again"];
}

function remaining({ diagnostics }: FixResult): string[] {
  return diagnostics
    .filter(({ severity, fixed }) => severity === "error" && fixed === undefined)
    .map(({ rule, message }) => `left: ${rule}: ${message}`);
}

/** Everything that "fine" means for a repaired little-endian object, asked of libbpf, the kernel, bpftool and llvm-dwarfdump. */
async function judgeLoaded(path: string, raw: Buffer, result: FixResult): Promise<Omit<Judgement, "raw">> {
  const outcome = runLibbpf("libbpf17", result.bytes);
  const fixed = loadVerdict(outcome);
  if (outcome.outcome !== "answer") return { fixed, reasons: [outcome.outcome] };
  const report = outcome.value;
  const rawFile = readObjectFile(raw);
  const isLoaded = report.open.ok && report.load?.ok === true;
  const retried = report.maps.filter((map) => map.retriedWithoutBtf).map(({ name }) => name);
  const types = dumpedTypes(result.bytes);
  const reasons = [
    ...(report.open.ok ? [] : ["does not open"]),
    ...(report.open.ok && !isLoaded ? ["does not load"] : []),
    ...(isLoaded && (report.btfFd ?? -1) < 0 ? ["the kernel refuses the BTF"] : []),
    ...retried.map((name) => `map ${name} was retried without BTF`),
    ...(isLoaded ? wrongMaps(dwarfMaps(path, rawFile), report, types) : []),
    ...(isLoaded ? wrongReferences(rawFile, report) : []),
    ...lostTypes(dumpedTypes(path), types, result.plan),
    ...changedCode(rawFile, readObjectFile(result.bytes)),
    ...(await unstable(result)),
    ...remaining(result),
  ];
  return { fixed, reasons };
}

function rawDump(object: Uint8Array): string {
  return answer(bpftoolDump(object, "raw")).stdout.toString("latin1");
}

/**
 * The types without what differs between two builds of one program for two targets: rustc's hash of the crate in mangled names, and ids,
 * since bpf-linker takes up memcpy and memset in no fixed order.
 */
function targetless(object: Uint8Array): string {
  const lines = asFile(object, "object.o", canonicalTypes);
  return lines
    .map((line) => line.replace(/Cs[0-9A-Za-z]+_(?=\d)/g, "Cs_"))
    .sort()
    .join("\n");
}

/** A big-endian object cannot be loaded here: its BTF must be that of its little-endian twin, to the id where the raw ones are so. */
async function judgeTwin(
  path: string,
  raw: Buffer,
  result: FixResult,
  license: string | undefined,
): Promise<Omit<Judgement, "raw">> {
  const twin = readFileSync(path.replace(".bpfeb.", ".bpfel."));
  const form = rawDump(raw) === rawDump(twin) ? rawDump : targetless;
  const reasons = [
    ...(form(result.bytes) === form((await fixObject(twin, optionsFor(license))).bytes)
      ? []
      : ["differs from its twin"]),
    ...lostTypes(dumpedTypes(raw), dumpedTypes(result.bytes), result.plan),
    ...changedCode(readObjectFile(raw), readObjectFile(result.bytes)),
    ...(await unstable(result)),
    ...remaining(result),
  ];
  return { fixed: null, reasons };
}

/** Asks the judges about a result for the object at `path`, whose bytes are `raw`; `license` is what it was given by its user. */
export async function judgeResult(
  path: string,
  raw: Buffer,
  result: FixResult,
  license?: string,
): Promise<Omit<Judgement, "raw">> {
  return path.includes(".bpfeb.") ? judgeTwin(path, raw, result, license) : judgeLoaded(path, raw, result);
}

/**
 * Fixes the object at `path`, with `--license` if one is given, and asks the judges for the verdict; needs libbpf 1.7, bpftool and
 * llvm-dwarfdump-22.
 */
export async function judgeFine(path: string, license?: string): Promise<Judgement> {
  const bytes = readFileSync(path);
  const raw = path.includes(".bpfeb.") ? null : loadVerdict(runLibbpf("libbpf17", bytes));
  try {
    return { raw, ...(await judgeResult(path, bytes, await fixObject(bytes, optionsFor(license)), license)) };
  } catch (error) {
    if (!(error instanceof BtfFixError)) throw error;
    return { raw, fixed: null, reasons: [`${error.code}: ${error.message}`] };
  }
}
