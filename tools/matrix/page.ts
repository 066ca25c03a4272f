import { KERNEL_PROFILES } from "../../src/rules/kernel/profile.ts";
import type { Agreement } from "./blobs.ts";
import { MATRIX_KERNELS, type MatrixRelease, storedKernel } from "./kernels.ts";
import { ENDINGS, type ObjectVerdict } from "./objects.ts";

/** What one kernel said of everything that it was asked. */
export interface KernelRecord {
  readonly release: MatrixRelease;
  readonly vectors: Agreement;
  readonly generated: Agreement;
  readonly objects: readonly ObjectVerdict[];
}

/** A table in Markdown. */
function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function agreement({ release, vectors, generated }: KernelRecord): readonly (string | number)[] {
  const wrong = (what: string): number =>
    [...vectors.disagreements, ...generated.disagreements].filter((found) => found.what === what).length;
  const both = vectors.count + generated.count;
  const messages = vectors.messages + generated.messages;
  const stored = storedKernel(release);
  return [
    release,
    `${stored?.package} ${stored?.version}`,
    vectors.count,
    generated.count,
    `${Math.round((100 * generated.accepted) / generated.count)} %`,
    `${both - wrong("verdict")} of ${both}`,
    `${messages - wrong("message")} of ${messages}`,
  ];
}

function objectRow({ release, objects }: KernelRecord): readonly (string | number)[] {
  const count = (is: (verdict: ObjectVerdict) => boolean): number => objects.filter(is).length;
  return [
    release,
    count(({ opens }) => opens),
    count(({ loads }) => loads),
    count(({ holdsBtf }) => holdsBtf),
    ...ENDINGS.map((ending) => count((verdict) => verdict.ending === ending)),
  ];
}

/** Objects that a kernel refuses for their BTF, or for what refers to it. */
function aboutBtf({ release, objects }: KernelRecord): readonly (readonly string[])[] {
  return objects
    .filter(({ ending }) => ending === "BTF" || ending === "func_info" || ending === "type ids")
    .map(({ name, ending, said }) => [release, name, ending, `\`${said.replaceAll("|", "\\|")}\``]);
}

/** docs/kernels.md. */
export function kernelsPage(records: readonly KernelRecord[], seed: number): string {
  const objects = records[0]?.objects.length ?? 0;
  const suites = MATRIX_KERNELS.map(({ release, suites: [first] }) => `${release} from ${first?.name}`).join(", ");
  const foretold = records.flatMap((record) => record.objects).filter(({ wrong }) => wrong !== "").length;
  return `<!-- Made by \`npm run matrix -- --update\`, not by hand. -->
# Five kernels as judges

\`check --kernel X.Y\` answers for kernels that are not running. What it says is compared with real ones, Debian's packages
(${suites}), booted in qemu
without KVM in 2 to 3 s each, with the programs that also ask the running kernel. \`npm run judges\` downloads them, \`npm run matrix\` asks.

## Verdict and words

The same vectors for each (every rule, broken and kept), and generated BTF (seed ${seed}), fitted to the kinds that a release knows.

${table(["kernel", "package", "vectors", "generated", "of these accepted", "verdict and errno agree", "last line agrees"], records.map(agreement))}

${Object.values(KERNEL_PROFILES).length - records.length === 1 ? "6.18 is the kernel that runs where this was made; `npm run fuzz:kernel` asks it." : ""}

## Objects

${objects} objects of the corpus that, fixed, are loaded by libbpf 1.7 and 6.18 with their BTF; loaded by the same libbpf in each kernel.

* *fine*: loads, and the kernel holds its BTF and the same type ids of every map as 6.18.
* *BTF*, *func_info*, *type ids*: what the kernel does not take. *func_info* was found by a control: without \`.BTF.ext\` the object loads.
* *kind of map*: refused also without type ids. *extern*: a kfunc, a variable or the configuration of the kernel is not there (the machines have no
  configuration file). *program*: refused also without \`.BTF.ext\`, for its type, helpers or instructions.

${table(["kernel", "opens", "loads", "BTF held", ...ENDINGS], records.map(objectRow))}

What our rules foretold of the BTF that libbpf sends (sanitised for each kernel) is wrong for ${foretold} of ${objects * records.length}.

${table(["kernel", "object", "ends at", "said"], records.flatMap(aboutBtf))}
`;
}
