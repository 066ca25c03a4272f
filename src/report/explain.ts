import { cureOf } from "../rules/cures.ts";
import type { KernelRule } from "../rules/kernel/rule.ts";
import type { LoaderRule } from "../rules/loader.ts";
import type { Rule } from "../rules/rule.ts";
import type { Paint } from "./paint.ts";

/** A judge's rule, and which of ours tells of it. */
export interface JudgeRule {
  /** Family of the findings: "kernel", "libbpf", "cilium", "aya". */
  readonly family: string;
  readonly rule: KernelRule | LoaderRule;
  /** Ours that cover it. Where there are none, or they do not see it, a finding is called "libbpf/lm-14". */
  readonly told: readonly Pick<Rule, "id" | "fixable">[];
}

/** What is known of the rules of one name: ours, and the judges'. */
export interface Explained {
  readonly rules: readonly Omit<Rule, "check">[];
  readonly judges: readonly JudgeRule[];
}

/** How a judge is called in a text, its versions, and what its rules leave open. */
interface JudgeText {
  readonly name: string;
  readonly versions: string;
  readonly every: string;
  readonly note?: string;
}

const JUDGES: Readonly<Record<string, JudgeText>> = {
  kernel: {
    name: "the kernel",
    versions: "5.10, 6.1, 6.12, 6.18, 7.2 and 7.3",
    every: "every release",
    note: `Of maps (KC) nobody can tell here whether there is memory for them, what hangs on the kernel's own types (values of struct_ops, kptrs to structs of
the kernel's), or on its configuration: how many processors it knows (8,192 here), and which kinds it was built without.`,
  },
  libbpf: { name: "libbpf", versions: "1.1 and 1.7", every: "every version" },
  cilium: { name: "cilium/ebpf", versions: "0.22", every: "every version" },
  aya: { name: "aya", versions: "aya-obj 0.3 and 0.6", every: "every version" },
};

function judgeOf(family: string): JudgeText {
  return JUDGES[family] ?? { name: family, versions: "", every: "every version" };
}

/** "every release", "up to 6.12", "from 6.18 on", "6.1 to 6.12". */
export function releasesText(
  { since, until }: { readonly since?: string; readonly until?: string },
  every = "every release",
): string {
  if (since !== undefined && until !== undefined) return `${since} to ${until}`;
  if (since !== undefined) return `from ${since} on`;
  return until === undefined ? every : `up to ${until}`;
}

/** "kernel/bpf/btf.c btf_check_all_types"; a loader's function as it is. */
function sourceText({ family, rule }: JudgeRule): string {
  return family === "kernel" && !rule.source.includes("/") ? `kernel/bpf/btf.c ${rule.source}` : rule.source;
}

function saysText({ family, rule }: JudgeRule): string {
  const { name } = judgeOf(family);
  const errno = rule.errno === 0 ? "" : ` (errno ${rule.errno})`;
  if (rule.text.length === 0) return `${name} says nothing${errno}`;
  return `${name} says ${rule.text.map((text) => `"${text}"`).join(" or ")}${errno}`;
}

/** "an error; of kernels before the newest, which nobody asked about, a warning". */
function severityText(family: string): string {
  const others: Readonly<Record<string, string>> = {
    kernel: "; a warning where only older kernels refuse and none of them was named (--kernel)",
    libbpf: "; a note where only libbpf 1.1 refuses, which was not named (--loader)",
    cilium: " where it was named (--loader); else a warning for objects of Rust, and a note for others",
    aya: " where it was named (--loader); else a warning for objects of Rust, and a note for others and of aya-obj 0.3",
  };
  return `an error${others[family] ?? ""}`;
}

function toldText({ told }: JudgeRule): string {
  if (told.length === 0) return "no other rule tells of it, and there is no repair";
  return `told by ${told.map(({ id, fixable }) => (fixable ? `${id} (mended)` : id)).join(", ")}`;
}

/** What `explain` prints: a paragraph a rule. */
export function explainText({ rules, judges }: Explained, paint: Paint): string {
  const paragraphs = [
    ...rules.map(({ id, title, covers, source, fixable }) => [
      `${paint.strong(id)}: ${title}`,
      `  = from ${source}`,
      ...(covers.length === 0 ? [] : [`  = covers ${covers.join(", ")}`]),
      `  = ${fixable ? `btf-fix ${cureOf(id) ?? "mends what it finds"}` : "there is no repair: the finding says what to do"}`,
    ]),
    ...judges.map((entry) => [
      `${paint.strong(entry.rule.id)}: ${entry.rule.title}`,
      `  = from ${sourceText(entry)}, ${releasesText(entry.rule, judgeOf(entry.family).every)}`,
      `  = ${saysText(entry)}`,
      `  = ${severityText(entry.family)}`,
      `  = ${toldText(entry)}`,
      ...(entry.rule.unreachable === undefined ? [] : [`  = no object can show it: ${entry.rule.unreachable}`]),
    ]),
  ];
  return paragraphs.map((lines) => `${lines.join("\n")}\n`).join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function code(text: string): string {
  const fence = text.includes("`") ? "``" : "`";
  return `${fence}${cell(text)}${fence}`;
}

function oursText(rules: readonly Omit<Rule, "check">[]): string {
  const families = new Map<string, Omit<Rule, "check">[]>();
  for (const rule of rules) {
    const family = rule.id.split("/")[0] ?? "";
    families.set(family, [...(families.get(family) ?? []), rule]);
  }
  return [...families]
    .map(([family, members]) => {
      const rows = members.map(
        ({ id, title, covers, source, fixable }) =>
          `| \`${id}\` | ${cell(title)} | ${covers.join(", ")} | ${cell(source)} | ${fixable ? cell(cureOf(id) ?? "yes") : ""} |`,
      );
      return `## ${family}\n\n| rule | what must hold | covers | from | repair |\n| --- | --- | --- | --- | --- |\n${rows.join("\n")}\n`;
    })
    .join("\n");
}

function judgeText(family: string, entries: readonly JudgeRule[]): string {
  const { name, versions, every, note } = judgeOf(family);
  const rows = entries.map(({ rule, told }) => {
    const words = rule.text.map(code).join(", ");
    const ours = told.map(({ id, fixable }) => `\`${id}\`${fixable ? " (mended)" : ""}`).join(", ");
    const errno = rule.errno === 0 ? "" : rule.errno;
    return `| ${rule.id} | ${cell(rule.title)} | ${words} | ${errno} | ${releasesText(rule, every)} | ${ours} |`;
  });
  return `## What ${name} asks

Versions that are known: ${versions}. N, M and other capitals in its words stand for what is known only when it speaks. Where none of the rules in the last
column tells of a refusal, it is a finding of its own, \`${family}/…\` with the id in small letters: ${severityText(family)}.
${note === undefined ? "" : `\n${note}\n`}
| rule | what must hold | ${name} says | errno | versions | told by |
| --- | --- | --- | --- | --- | --- |
${rows.join("\n")}
`;
}

/** The page of all rules, in Markdown. */
export function rulesPage({ rules, judges }: Explained): string {
  const families = new Map<string, JudgeRule[]>();
  for (const entry of judges) families.set(entry.family, [...(families.get(entry.family) ?? []), entry]);
  const sections = [...families].map(([family, entries]) => judgeText(family, entries));
  return `# Rules

Written by \`npx tsx tools/rules-page.ts --update\` from the rules themselves; \`btf-fix explain RULE\` says the same of one.

${oursText(rules)}
${sections.join("\n")}`;
}
