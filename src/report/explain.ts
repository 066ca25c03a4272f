import type { KernelRule } from "../rules/kernel/rule.ts";
import type { Rule } from "../rules/rule.ts";
import type { Paint } from "./paint.ts";

/** What is known of the rules of one name: ours, and the kernel's. */
export interface Explained {
  readonly rules: readonly Omit<Rule, "check">[];
  readonly kernel: readonly KernelRule[];
}

/** "every release", "up to 6.12", "from 6.18 on", "6.1 to 6.12". */
export function releasesText({ since, until }: KernelRule): string {
  if (since !== undefined && until !== undefined) return `${since} to ${until}`;
  if (since !== undefined) return `from ${since} on`;
  return until === undefined ? "every release" : `up to ${until}`;
}

/** What `explain` prints: a paragraph a rule. */
export function explainText({ rules, kernel }: Explained, paint: Paint): string {
  const paragraphs = [
    ...rules.map(({ id, title, covers, source, fixable }) => [
      `${paint.strong(id)}: ${title}`,
      `  = from ${source}`,
      ...(covers.length === 0 ? [] : [`  = covers ${covers.join(", ")}`]),
      `  = ${fixable ? "btf-fix mends what it finds" : "there is no repair: the finding says what to do"}`,
    ]),
    ...kernel.map((rule) => [
      `${paint.strong(rule.id)}: ${rule.title}`,
      `  = from kernel/bpf/btf.c ${rule.source}, ${releasesText(rule)}`,
      rule.text.length === 0
        ? `  = the kernel says nothing (errno ${rule.errno})`
        : `  = the kernel says ${rule.text.map((text) => `"${text}"`).join(" or ")} (errno ${rule.errno})`,
    ]),
  ];
  return paragraphs.map((lines) => `${lines.join("\n")}\n`).join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

/** The page of all rules, in Markdown. */
export function rulesPage({ rules, kernel }: Explained): string {
  const families = new Map<string, Omit<Rule, "check">[]>();
  for (const rule of rules) {
    const family = rule.id.split("/")[0] ?? "";
    families.set(family, [...(families.get(family) ?? []), rule]);
  }
  const ours = [...families].map(([family, members]) => {
    const rows = members.map(
      ({ id, title, covers, fixable }) =>
        `| \`${id}\` | ${cell(title)} | ${covers.join(", ")} | ${fixable ? "yes" : ""} |`,
    );
    return `## ${family}\n\n| rule | what must hold | covers | repair |\n| --- | --- | --- | --- |\n${rows.join("\n")}\n`;
  });
  const rows = kernel.map(
    (rule) =>
      `| ${rule.id} | ${cell(rule.title)} | ${rule.text.map((text) => `\`${cell(text)}\``).join(", ")} | ${releasesText(rule)} |`,
  );
  return `# Rules

Written by \`npx tsx tools/rules-page.ts --update\` from the rules themselves; \`btf-fix explain RULE\` says the same of one.

${ours.join("\n")}
## What the kernel asks of BTF

The conditions of BPF_BTF_LOAD, with the kernel's words; N and M stand for numbers. Releases that are known: 5.10, 6.1, 6.12, 6.18, 7.2, 7.3.

| rule | what must hold | the kernel says | releases |
| --- | --- | --- | --- |
${rows.join("\n")}
`;
}
