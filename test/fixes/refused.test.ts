import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { typesWithIds } from "../../src/btf/model.ts";
import { nameText } from "../../src/btf/names.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { BtfFixError } from "../../src/errors.ts";
import { fixObject } from "../../src/fix.ts";
import { lastMapType, mapKind } from "../../src/maps/kinds.ts";
import { readMaps } from "../../src/maps.ts";
import { clang, compileC, replaceText } from "../judges/c-object.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";

const RUNNING_KERNEL = "/sys/kernel/btf/vmlinux";

const PROGRAM = `SEC("socket") int prog(void *ctx) { u32 key = 0; return !lookup(&seen, &key); }`;

/** Definitions that say two things, with both in the one error that they give. */
const CASES = [
  {
    what: "a type that no kernel has",
    source: `struct { __uint(type, 99); __type(key, u32); __type(value, u32); __uint(max_entries, 8); } seen SEC(".maps");`,
    facts: ["seen", "99", "35", "map/unknown-type"],
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

  judgeTest(clang())("a type that only newer kernels have is none of these", async () => {
    // BPF_MAP_TYPE_RHASH, which 7.2 makes and 6.18 does not.
    const source = CASES[0].source.replace("99", "35");
    const { bytes, diagnostics } = await fixObject(compileC(`${source}\n${PROGRAM}`));
    expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
    expect((await readMaps(bytes)).map(({ typeName }) => typeName)).toEqual(["rhash"]);
  });

  test.skipIf(!existsSync(RUNNING_KERNEL))("every map type of the running kernel is known by its name", () => {
    const btf = parseBtf(new Uint8Array(readFileSync(RUNNING_KERNEL)));
    const types = [...typesWithIds(btf)].find(([, type]) => nameText(btf, type.nameOff) === "bpf_map_type")?.[1];
    const all = types?.kind === "enum" ? types.values : [];
    const values = all.filter(({ nameOff }) => !nameText(btf, nameOff).startsWith("__MAX"));
    const known = values.filter(({ value }) => value > 0 && value <= lastMapType());
    expect(known.length).toBeGreaterThan(30);
    const beyond = values.filter(({ value }) => value > lastMapType()).map(({ nameOff }) => nameText(btf, nameOff));
    expect(beyond).toEqual([]);
    for (const { nameOff, value } of known) {
      const names = values.filter((other) => other.value === value).map((other) => nameText(btf, other.nameOff));
      // A kind that has been renamed keeps its old name beside the new one.
      const wanted = mapKind(value).name.toUpperCase();
      expect(
        names.some((name) => name.startsWith(`BPF_MAP_TYPE_${wanted}`)),
        nameText(btf, nameOff),
      ).toBe(true);
    }
  });

  test("the cases name each refusing rule once or more", () => {
    expect(new Set(CASES.map(({ facts }) => facts.at(-1))).size).toBe(3);
  });
});
