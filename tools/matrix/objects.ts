import { readFileSync } from "node:fs";
import { encodeBtf } from "../../src/btf/encode.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { fixObject } from "../../src/index.ts";
import { KERNEL_PROFILES } from "../../src/rules/kernel/profile.ts";
import { type BtfLoadVerdict, kernelVerdict } from "../../src/rules/kernel/verdict.ts";
import { btfAsSent } from "../../src/rules/libbpf/as-sent.ts";
import { libbpfVerdict } from "../../src/rules/libbpf/verdict.ts";
import { type LibbpfReport, runLibbpf } from "../../test/judges/libbpf.ts";
import { machineLibbpf } from "../../test/judges/machine.ts";
import { answer, type Outcome } from "../../test/judges/run.ts";
import { mapDifference } from "../../test/rules/loaders/campaign.ts";
import { madeByLibbpf } from "../../test/rules/loaders/compared.ts";
import { kernelTypes } from "../scoreboard/kernel-types.ts";
import { allObjects } from "../scoreboard/objects.ts";
import type { MatrixRelease } from "./kernels.ts";

/** An object of the corpus as it is after its repair, and what libbpf and the running kernel make of it. */
export interface FixedObject {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly here: LibbpfReport;
}

/**
 * Where an object's way ends. "fine" is as far as on the running kernel, type ids of its maps included; "BTF", "func_info" and "type ids" are
 * about BTF; a kind of map, an extern (kfunc, ksym, configuration) or a program that the kernel does not take are not.
 */
export const ENDINGS = ["fine", "BTF", "func_info", "type ids", "kind of map", "extern", "program"] as const;

export type Ending = (typeof ENDINGS)[number];

/** What a kernel makes of an object. */
export interface ObjectVerdict {
  readonly name: string;
  readonly opens: boolean;
  readonly loads: boolean;
  readonly holdsBtf: boolean;
  readonly ending: Ending;
  /** What libbpf or the kernel said of it; "" if fine. */
  readonly said: string;
  /** What was foretold of the BTF or of a map and is not so; "" if it is, or if libbpf gave up before it sent any. */
  readonly wrong: string;
}

/** Every little-endian object that must be fine and, fixed, is loaded here with its BTF; `wanted` are parts of names, none for all. */
export async function fixedObjects(wanted: readonly string[] = []): Promise<readonly FixedObject[]> {
  const objects: FixedObject[] = [];
  for (const { name, path, license, mustBeFine } of allObjects()) {
    if (!mustBeFine || name.includes(".bpfeb.")) continue;
    if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
    const options = { vmlinux: kernelTypes, ...(license === undefined ? {} : { license }) };
    const { bytes } = await fixObject(readFileSync(path), options);
    const here = answer(runLibbpf("libbpf17", bytes));
    if (here.load?.ok === true && holdsBtf(here)) objects.push({ name, bytes, here });
  }
  return objects;
}

function holdsBtf({ btfFd }: LibbpfReport): boolean {
  return (btfFd ?? -1) >= 0;
}

function lines({ log }: LibbpfReport): readonly string[] {
  return log.filter(({ pass }) => pass === "open" || pass === "all").map(({ text }) => text.replace(/^libbpf: /, ""));
}

/** The kernel's last line on the BTF that libbpf sent; undefined if it took it, or was not asked. */
function refusal(report: LibbpfReport): string | undefined {
  const text = lines(report).find((line) => line.startsWith("-- BEGIN BTF LOAD LOG"));
  return text?.split("\n-- END BTF LOAD LOG")[0]?.trim().split("\n").at(-1);
}

/** Maps whose types the kernel does not hold as the running kernel does. */
function untyped(report: LibbpfReport, here: LibbpfReport): readonly string[] {
  return here.maps.flatMap(({ name, kernel }) => {
    const other = report.maps.find((map) => map.name === name)?.kernel;
    const isSame = other?.btfKeyTypeId === kernel?.btfKeyTypeId && other?.btfValueTypeId === kernel?.btfValueTypeId;
    return isSame ? [] : [name];
  });
}

/** The verifier's last word on a program that was refused, figures aside. */
function verifierLine(report: LibbpfReport): string {
  const program = report.programs.find(({ attempted, loaded }) => attempted && !loaded);
  if (program === undefined) return "";
  const said = program.verifierLog
    .split("\n")
    .filter((line) => line !== "" && !/^(processed|insns processed|subprog \d|verification|stack depth)/.test(line));
  return `${program.name} (program type ${program.type}): ${said.at(-1) ?? `errno ${program.errno}`}`;
}

/** What is wrong, as far as it needs no control; `undefined` where a program was refused, which may have more than one reason. */
function plainEnding(report: LibbpfReport, here: LibbpfReport): Pick<ObjectVerdict, "ending" | "said"> | undefined {
  const said = refusal(report);
  if (said !== undefined) return { ending: "BTF", said };
  if (report.load?.ok === true) {
    const maps = untyped(report, here);
    return maps.length === 0 ? { ending: "fine", said: "" } : { ending: "type ids", said: maps.join(", ") };
  }
  const all = lines(report);
  const map = all.find((line) => /failed to create/.test(line));
  if (map !== undefined) {
    const kinds = report.maps.filter(({ fd, internal }) => fd < 0 && !internal).map(({ type }) => type);
    return { ending: "kind of map", said: `${map} (map type ${kinds.join(", ")})` };
  }
  const extern = all.find((line) => /^extern \(.*(not found|failed)|system Kconfig/.test(line));
  return extern === undefined ? undefined : { ending: "extern", said: extern };
}

/** The object without func_info, line_info and CO-RE records: libbpf takes the section for another. */
function withoutExt(object: Uint8Array): Uint8Array {
  const copy = Buffer.from(object);
  for (let at = copy.indexOf(".BTF.ext\0"); at >= 0; at = copy.indexOf(".BTF.ext\0", at)) copy.write(".not.ext", at);
  return copy;
}

/** What our rules say of the BTF that libbpf gives to the kernel. */
function foretold(object: Uint8Array, release: MatrixRelease): BtfLoadVerdict | undefined {
  const elf = parseElf(object);
  const section = elf.sections.find(({ name }) => name === ".BTF");
  if (section === undefined) return undefined;
  const profile = KERNEL_PROFILES[release];
  const sent = btfAsSent(parseBtf(section.bytes), elf, profile, "1.7");
  return sent && kernelVerdict(encodeBtf(sent), profile);
}

/** What was foretold of the object's maps on this kernel, and is not so. */
function wrongMap(object: FixedObject, release: MatrixRelease, report: LibbpfReport): string | undefined {
  const verdict = libbpfVerdict(parseElf(object.bytes), "1.7", KERNEL_PROFILES[release]);
  return verdict && mapDifference(verdict, madeByLibbpf(report));
}

function wrongly(object: FixedObject, release: MatrixRelease, report: LibbpfReport): string {
  const said = refusal(report);
  const verdict = foretold(object.bytes, release);
  const map = wrongMap(object, release, report);
  if (map !== undefined) return map;
  if (said === undefined && !holdsBtf(report)) return "";
  if (verdict === undefined) return "libbpf sends BTF, which was not foretold";
  const isRight = said === undefined ? verdict.accepted : verdict.message.trim() === said;
  return isRight ? "" : `foretold: ${JSON.stringify(verdict)}`;
}

function reportOf(outcome: Outcome<LibbpfReport> | undefined): LibbpfReport {
  if (outcome === undefined) throw new RangeError("an outcome is missing");
  return answer(outcome);
}

/**
 * Loads all objects in a kernel, with libbpf. Those with a program that is refused are loaded again without `.BTF.ext`: if the kernel refuses
 * them still, it is not the records there that it minds.
 */
export async function judgeObjects(
  release: MatrixRelease,
  objects: readonly FixedObject[],
): Promise<readonly ObjectVerdict[]> {
  const { answers } = await machineLibbpf(
    release,
    objects.map(({ bytes }) => bytes),
  );
  const judged = objects.map((object, index) => {
    const report = reportOf(answers[index]);
    return { object, report, plain: plainEnding(report, object.here) };
  });
  const doubtful = judged.filter(({ plain }) => plain === undefined);
  const controls = doubtful.map(({ object }) => withoutExt(object.bytes));
  const control = controls.length === 0 ? [] : (await machineLibbpf(release, controls)).answers;
  return judged.map(({ object, report, plain }): ObjectVerdict => {
    const place = doubtful.findIndex((one) => one.object === object);
    const ending = plain ?? {
      ending: reportOf(control[place]).load?.ok === true ? ("func_info" as const) : ("program" as const),
      said: verifierLine(report),
    };
    return {
      name: object.name,
      opens: report.open.ok,
      loads: report.load?.ok === true,
      holdsBtf: holdsBtf(report),
      ...ending,
      wrong: wrongly(object, release, report),
    };
  });
}
