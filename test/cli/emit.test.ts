import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { library } from "../../src/cli/library.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { BtfFixError } from "../../src/errors.ts";
import { nameText, parseBtf } from "../../src/index.ts";
import { runIn } from "./double.ts";

const CORPUS = new URL("../../corpus/shapes", import.meta.url).pathname;

test("emit hands its options on and writes what comes back", async () => {
  const seen: unknown[] = [];
  const emit = async (bytes: Uint8Array, { from, rust, sourceText }: Parameters<typeof library.emit>[1]) => {
    seen.push([new TextDecoder().decode(bytes), from, rust, sourceText?.("/build/src/main.rs", 2)]);
    return new Uint8Array([7]);
  };
  const files = { o: "object", "here/src/main.rs": "one\r\ntwo\r\n" };
  const plain = await runIn(["emit", "o", "-o", "out"], files, { emit });
  expect(plain).toMatchObject({ exit: 0, stdout: "", stderr: "" });
  expect(plain.written).toEqual([{ path: "out", bytes: new Uint8Array([7]), source: "o", mode: 0o755 }]);
  const args = ["emit", "o", "-o", "-", "--from", "dwarf", "--rust", "--source", "here"];
  const piped = await runIn(args, files, { emit });
  expect([...piped.stdoutBytes]).toEqual([7]);
  expect(seen).toEqual([
    ["object", "both", false, undefined],
    ["object", "dwarf", true, new TextEncoder().encode("two")],
  ]);
});

test("source paths never lead out of the folder", async () => {
  const texts: unknown[] = [];
  const emit: typeof library.emit = async (_, { sourceText }) => {
    texts.push(sourceText?.("../secret", 1), sourceText?.("a/../../secret", 1), sourceText?.("a", 9));
    return new Uint8Array(0);
  };
  await runIn(["emit", "o", "-o", "-", "--source", "here"], { o: "", "here/../secret": "s", "here/a": "" }, { emit });
  expect(texts).toEqual([undefined, undefined, undefined]);
});

test.each([
  [["emit", "-o", "x"], "emit takes one object"],
  [["emit", "o"], "say where the result goes: -o FILE"],
  [["emit", "o", "-o", "x", "--from", "btf"], '--from takes dwarf, both; not "btf"'],
  [["emit", "o", "--in-place"], "--in-place is not an option of emit"],
])("%j is wrong usage", async (args, message) => {
  expect(await runIn(args, { o: "" })).toMatchObject({ exit: 2, stderr: expect.stringContaining(message) });
});

test("an object that cannot be used: one error, nothing written", async () => {
  const emit = async (): Promise<never> => {
    throw new BtfFixError("DWARF_UNSUPPORTED", "no debug info");
  };
  const ran = await runIn(["emit", "o", "-o", "x"], { o: "" }, { emit });
  expect(ran).toMatchObject({ exit: 3, written: [], stderr: "o: error[DWARF_UNSUPPORTED]: no debug info\n" });
});

test("what LLVM wrote is written again, byte for byte", async () => {
  const bytes = new Uint8Array(readFileSync(join(CORPUS, "s10_enum_values.bpfel.o")));
  const same = await library.emit(bytes, { from: "both", rust: false, sourceText: undefined });
  expect(Buffer.compare(Buffer.from(same), Buffer.from(bytes))).toBe(0);
});

test("spoiled sections do not matter to debug info alone", async () => {
  const bytes = new Uint8Array(readFileSync(join(CORPUS, "s10_enum_values.bpfel.o")));
  const section = parseElf(bytes).sections.find(({ name }) => name === ".BTF");
  expect(section).toBeDefined();
  const spoiled = bytes.slice().fill(0, section?.offset, (section?.offset ?? 0) + 64);
  const request = { rust: false, sourceText: undefined };
  await expect(library.emit(spoiled, { from: "both", ...request })).rejects.toMatchObject({ code: "BTF_MALFORMED" });
  const again = await library.emit(spoiled, { from: "dwarf", ...request });
  const types = (of: Uint8Array): string[] => {
    const btf = parseBtf(parseElf(of).sections.find(({ name }) => name === ".BTF")?.bytes ?? new Uint8Array(0));
    return btf.types.map((type) => `${type.kind} ${nameText(btf, type.nameOff)}`);
  };
  expect(types(again)).toEqual(types(bytes));
});
