import { describe, expect, test } from "vitest";
import { BtfFixError } from "../../src/errors.ts";
import { fixObject } from "../../src/fix.ts";
import { clang, compileC, replaceText } from "../judges/c-object.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";

const PROGRAM = `SEC("socket") int prog(void *ctx) { u32 key = 0; return !lookup(&seen, &key); }`;

/** Definitions that say two things, with both in the one error that they give. */
const CASES = [
  {
    what: "a type that no kernel has",
    source: `struct { __uint(type, 99); __type(key, u32); __type(value, u32); __uint(max_entries, 8); } seen SEC(".maps");`,
    facts: ["seen", "99", "34", "map/unknown-type"],
  },
  {
    what: "a key type and another key size",
    source: `struct { __uint(type, 1); __type(key, u32); __uint(key_size, 8); __type(value, u32); __uint(max_entries, 8); } seen SEC(".maps");`,
    facts: ["seen", "4 bytes", "8", "map/size-contradiction"],
  },
  {
    what: "a value type and another value size",
    source: `struct { __uint(type, 1); __type(key, u32); __type(value, u64); __uint(value_size, 4); __uint(max_entries, 8); } seen SEC(".maps");`,
    facts: ["seen", "8 bytes", "4", "map/size-contradiction"],
  },
  {
    what: "a name that the kernel forbids",
    source: `struct { __uint(type, 1); __type(key, u32); __type(value, u32); __uint(max_entries, 8); } my_map_v1 SEC(".maps");`,
    facts: ["my-map.v1", "map/name-invalid"],
  },
] as const;

describe("definitions that contradict themselves", () => {
  for (const { what, source, facts } of CASES) {
    judgeTest(clang(), libbpf17())(`${what}: refused with both facts, as libbpf or the kernel refuses it`, async () => {
      const name = /(\w+) SEC/.exec(source)?.[1] ?? "";
      const compiled = compileC(`${source}\n${PROGRAM.replace("&seen", `&${name}`)}`);
      // No compiler of C lets a name through that only linkers take.
      const raw = name === "seen" ? compiled : replaceText(compiled, name, "my-map.v1");
      const { open, load } = answer(runLibbpf("libbpf17", raw));
      expect(open.ok && load?.ok === true).toBe(false);
      const error: unknown = await fixObject(raw).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(BtfFixError);
      expect((error as BtfFixError).code).toBe("REFUSED");
      for (const fact of facts) expect((error as BtfFixError).message).toContain(fact);
    });
  }

  test("the cases name each refusing rule once or more", () => {
    expect(new Set(CASES.map(({ facts }) => facts.at(-1))).size).toBe(3);
  });
});
