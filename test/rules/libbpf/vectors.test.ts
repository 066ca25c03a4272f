import { describe, expect, test } from "vitest";
import { parseElf } from "../../../src/elf/parse.ts";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import { hasRule } from "../../../src/rules/libbpf/rule.ts";
import { libbpfRules, libbpfVerdict } from "../../../src/rules/libbpf/verdict.ts";
import { LOADED, type LoaderRule, type LoaderVerdict } from "../../../src/rules/loader.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { libbpf11, libbpf17, runLibbpf } from "../../judges/libbpf.ts";
import { answer } from "../../judges/run.ts";
import { BTF_CASES, EXT_CASES, type Vector } from "./btf-cases.ts";
import { DATA_CASES, EXTERN_CASES, FALL_CASES, OPS_CASES } from "./code-cases.ts";
import { ELF_CASES } from "./elf-cases.ts";
import { LOAD_CASES } from "./load-cases.ts";
import { MAP_CASES, SLOT_CASES } from "./map-cases.ts";

const CASES: Readonly<Record<string, Vector>> = {
  ...ELF_CASES,
  ...BTF_CASES,
  ...EXT_CASES,
  ...DATA_CASES,
  ...EXTERN_CASES,
  ...MAP_CASES,
  ...SLOT_CASES,
  ...OPS_CASES,
  ...LOAD_CASES,
  ...FALL_CASES,
};

const VERSIONS = [
  { version: "1.1", name: "libbpf11", judge: libbpf11() },
  { version: "1.7", name: "libbpf17", judge: libbpf17() },
] as const;

const shown = libbpfRules.filter(({ unreachable }) => unreachable === undefined);

test("ids are unique, and every rule has its vectors", () => {
  const ids = libbpfRules.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(Object.keys(CASES).sort()).toEqual(shown.map(({ id }) => id).sort());
});

/** Text with holes: what stands there is known to the loader alone. */
function withHoles(text: string, hole: RegExp): RegExp {
  const escaped = text.split(hole).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${escaped.join(".*")}$`);
}

/** The forms of a rule's words, in which letters that stand alone are filled in. */
function forms({ text }: LoaderRule): readonly RegExp[] {
  return text.map((form) => withHoles(form, /(?<=\b0x|\b)[A-Z]\b|…/));
}

describe.each(VERSIONS)("libbpf $version", ({ version, name, judge }) => {
  describe.each(shown.filter((rule) => hasRule(version, rule)).map((rule) => [rule.id, rule] as const))(
    "%s",
    (id, rule) => {
      const { broken = [], kept = [] } = CASES[id] ?? {};
      /** Of what is opened the kernel may still refuse a map, which says nothing of a rule about opening. */
      const ours = (bytes: Uint8Array): LoaderVerdict | undefined => {
        const verdict = libbpfVerdict(parseElf(bytes), version, KERNEL_PROFILES["6.18"]);
        return rule.stage === "open" && verdict?.stage === "load" ? LOADED : verdict;
      };

      test("is broken by its failing vectors, and kept by their neighbours", () => {
        expect(broken.length).toBeGreaterThan(0);
        const others: string[] = [];
        for (const bytes of broken) {
          const verdict = ours(bytes);
          expect(verdict).toMatchObject({ accepted: false, stage: rule.stage });
          if (verdict?.rule !== id) others.push(`${verdict?.rule}: ${verdict?.message}`);
          else if (verdict.message !== "")
            expect(
              forms(rule).some((form) => form.test(verdict.message)),
              verdict.message,
            ).toBe(true);
        }
        // A version may have another word for one of them.
        expect(others.length, others.join("\n")).toBeLessThan(broken.length);
        for (const bytes of kept) expect(ours(bytes)).toMatchObject({ accepted: true });
      });

      judgeTest(judge)("is libbpf's own: it refuses and takes the same, with that number and in those words", () => {
        for (const bytes of [...broken, ...kept]) {
          const verdict = ours(bytes);
          const until = rule.stage === "open" ? "open" : rule.id.startsWith("LN-") ? "load" : "maps";
          const run = runLibbpf(name, bytes, { until, seconds: 3 });
          if (verdict?.rule?.startsWith("LC-")) {
            expect(["crash", "timeout"]).toContain(run.outcome);
            continue;
          }
          const { open, load, log } = answer(run);
          const said = log.map(({ text }) => text.replace(/^libbpf: /, ""));
          const theirs = { accepted: open.ok && load?.ok !== false, errno: open.errno || (load?.errno ?? 0) };
          expect(theirs, said.slice(-4).join("\n")).toEqual({
            accepted: verdict?.accepted,
            errno: verdict?.errno,
          });
          const line = withHoles(verdict?.message ?? "", /…/);
          const isSaid = verdict?.message === "" || said.some((each) => line.test(each));
          expect(isSaid, `${verdict?.message}\n${said.join("\n")}`).toBe(true);
        }
      });
    },
  );
});
