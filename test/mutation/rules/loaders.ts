import { checkObject } from "../../../src/check.ts";
import type { Diagnostic, JudgeAnswer } from "../../../src/rules/rule.ts";
import type { Comparison } from "../../../tools/mutation/answers.ts";
import type { MadeMap } from "../../rules/loaders/campaign.ts";
import { comparisons, rowText } from "./told.ts";

/** What a loader did with an object; `loads` is absent where that was not tried. */
export interface LoaderSaid {
  readonly opens: boolean;
  readonly loads?: boolean;
  /** Positive, where the loader has such. */
  readonly errno?: number;
  readonly said: readonly string[];
  readonly maps?: readonly MadeMap[];
}

export const LOADER_NAMES = ["libbpf", "libbpf@1.1", "cilium", "aya", "aya@0.3"] as const;
type LoaderName = (typeof LOADER_NAMES)[number];

/** What loaders did with one object, and whether it was written in Rust. */
export interface LoaderAnswers {
  readonly isRust: boolean;
  readonly answers: Partial<Readonly<Record<LoaderName, LoaderSaid>>>;
}

const JUDGE = {
  libbpf: "libbpf",
  "libbpf@1.1": "libbpf",
  cilium: "cilium/ebpf",
  aya: "aya",
  "aya@0.3": "aya",
} as const;
const isNewest = (name: LoaderName): boolean => name !== "libbpf@1.1" && name !== "aya@0.3";

function rejectionBy(name: LoaderName, { answers }: Diagnostic): JudgeAnswer | undefined {
  return answers.find(({ judge, answer }) => judge === JUDGE[name] && answer === "rejects");
}

/** Whether a text with holes stands in what was said. */
function isQuoted(text: string, said: readonly string[]): boolean {
  return said.some((line) => text.split("…").every((part) => line.includes(part.trim())));
}

/** Of an object that is for this loader alone: it is an error if the loader refuses it, then, with its number and in its words. */
async function ofOneLoader(bytes: Uint8Array, { answers }: LoaderAnswers): Promise<string | undefined> {
  for (const name of LOADER_NAMES) {
    const said = answers[name];
    if (said === undefined) continue;
    const { diagnostics, verdicts } = await checkObject(bytes, { loaders: [name] });
    const isRefused = !said.opens || said.loads === false;
    if (verdicts[name].opens !== said.opens) return `${name}: opens ${verdicts[name].opens}`;
    const other = LOADER_NAMES.find((one) => one !== name && verdicts[one].accepted !== null);
    if (other !== undefined) return `${other} was not asked`;
    const own = diagnostics.filter((finding) => rejectionBy(name, finding) !== undefined);
    const errors = own.filter(({ severity }) => severity === "error");
    if (errors.length > 0 !== isRefused) return `${name}: ${errors.length} errors`;
    const at = said.opens ? "load" : "open";
    const isTold = errors.some((finding) => {
      const told = rejectionBy(name, finding);
      const isSame = told?.errno === undefined || said.errno === undefined || told.errno === said.errno;
      return told?.at === at && isSame && isQuoted(told.text ?? "", said.said);
    });
    if (isRefused && !isTold) return `${name}: ${own.map(({ message }) => message).join("; ")}`;
    for (const { rule, message, help, severity } of own) {
      if (!rule.startsWith(`${name.split("@")[0]}/`)) continue;
      if (severity !== "error" || help !== "no repair is known; please report the object") return `${name}: ${help}`;
      if (!message.includes(` breaks a rule of ${ownerText([name])}: `)) return message;
    }
  }
  return undefined;
}

const VERSION = { libbpf: "1.7", "libbpf@1.1": "1.1", cilium: "0.22", aya: "aya-obj 0.6", "aya@0.3": "aya-obj 0.3" };

/** Those that refuse, as they are named. */
function ownerText(names: readonly LoaderName[]): string {
  const judges = [...new Set(names.map((name) => JUDGE[name]))];
  return judges
    .map((judge) => {
      const versions = rowText(names.filter((name) => JUDGE[name] === judge).map((name) => VERSION[name]));
      return judge === "aya" ? versions : `${judge} ${versions}`;
    })
    .join(", ");
}

/** Of an object that is for nobody in particular. */
async function ofAllLoaders(bytes: Uint8Array, { answers, isRust }: LoaderAnswers): Promise<string | undefined> {
  const { diagnostics } = await checkObject(bytes);
  for (const name of LOADER_NAMES) {
    const said = answers[name];
    if (said === undefined || said.loads === undefined) continue;
    const isRefused = !said.opens || !said.loads;
    const own = diagnostics.filter((finding) => rejectionBy(name, finding) !== undefined);
    if (isRefused && own.length === 0) return `${name} refuses it, which nothing tells`;
  }
  for (const { rule, severity, message, answers: told } of diagnostics) {
    const family = /^(libbpf|cilium|aya)\//.exec(rule)?.[1];
    const isAsked = LOADER_NAMES.every((name) => !name.startsWith(family ?? "") || answers[name] !== undefined);
    if (family === undefined || !isAsked) continue;
    if (!/^(?:map \S+|program \S+|the object|type \[\d+\]|[A-Z_0-9]+ .*\[\d+\]|\w+ \[\d+\]) breaks /.test(message))
      return message;
    // Numbers are libbpf's alone, and so is to say nothing.
    if (told.some(({ errno, text }) => (errno === undefined) !== (family !== "libbpf") || text === ""))
      return `${rule}: errno`;
    const names = LOADER_NAMES.filter(
      (name) => answers[name] && (!answers[name].opens || answers[name].loads === false),
    );
    const ofFamily = names.filter((name) => name.startsWith(family));
    // One rule of a family is the same of both of its versions, or of one.
    const row = [ofFamily, ...ofFamily.map((name) => [name])].find((some) =>
      message.includes(` breaks a rule of ${ownerText(some)}: `),
    );
    if (row === undefined || row.length === 0) return message;
    const newest = row.some(isNewest);
    const wanted = family === "libbpf" ? (newest ? "error" : "note") : newest && isRust ? "warning" : "note";
    if (severity !== wanted) return `${message}: ${severity}, not ${wanted}`;
  }
  return undefined;
}

/** Maps that the kernel does not create, or not with their types: each is one finding, in the words of the version that was named. */
async function ofMaps(bytes: Uint8Array, all: LoaderAnswers): Promise<string | undefined> {
  const asked = (["libbpf", "libbpf@1.1"] as const).filter((name) => all.answers[name]?.maps !== undefined);
  if (asked.length === 0) return "not asked";
  for (const name of asked) {
    const what = await mapsDiffer(bytes, all, name);
    if (what !== undefined) return what;
  }
  return undefined;
}

async function mapsDiffer(
  bytes: Uint8Array,
  { answers, isRust }: LoaderAnswers,
  loader: "libbpf" | "libbpf@1.1",
): Promise<string | undefined> {
  const { maps = [], said = [], opens } = answers[loader] ?? {};
  if (opens !== true) return "not opened";
  const { diagnostics } = await checkObject(bytes, { loaders: [loader] });
  const found = diagnostics.filter(({ rule }) => rule.startsWith("kernel/kc-"));
  const who = `breaks a rule of the kernel, as loaded by libbpf ${VERSION[loader]}: `;
  for (const { name, created, withIds } of maps) {
    const own = found.filter(({ message }) => message.startsWith(`map ${name} ${who}`));
    const answer = created ? "drops the map's types" : "rejects";
    const isOne = own.length === 1 && own[0]?.answers[0]?.answer === answer;
    if (!created && !isOne) return `${name}: ${own.length} findings`;
    if (created && withIds && own.length > 0) return `${name}: ${own[0]?.message}`;
    for (const { severity, answers: told, help } of own) {
      const mayBeSet = /kc-(13|22)$/.test(own[0]?.rule ?? "");
      const wanted = !created && isRust && !mayBeSet ? "error" : "warning";
      if (severity !== wanted) return `${name}: ${severity}`;
      const isSet = help === "user space may yet change it, before it loads the object";
      if (isSet === (wanted === "error") || told[0]?.at !== "load") return `${name}: ${help}`;
      const text = told[0].text?.replace(/\n$/, "");
      if (text !== undefined && !isQuoted(text, said)) return `${name}: ${text}`;
      if (created && text === undefined) return `${name}: no words`;
    }
  }
  const names = new Set(maps.map(({ name }) => name));
  return found.find(({ message }) => !names.has(/^map (\S+) /.exec(message)?.[1] ?? ""))?.message;
}

export const loadersComparisons: readonly Comparison<LoaderAnswers>[] = comparisons({
  one: ofOneLoader,
  all: ofAllLoaders,
  maps: ofMaps,
});
