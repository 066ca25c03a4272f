import { describe, expect, test } from "vitest";
import { readLinkCall } from "../../../src/cli/linker/link-call.ts";
import { responseWords } from "../../../src/cli/linker/response-file.ts";

/** As rustc 1.96 calls a linker of flavour bpf. */
const RUSTC = [
  "--export-symbols",
  "t/symbols",
  "t/symbols.o",
  "a.o",
  "-L",
  "t/raw",
  "--cpu",
  "generic",
  "-o",
  "out",
  "-O3",
  "--debug",
];

function noFile(path: string): never {
  throw new Error(`no file was to be read: ${path}`);
}

describe("a call of the linker", () => {
  test("is given --btf where it has none", () => {
    const call = readLinkCall(RUSTC, true, noFile);
    expect(call).toEqual({ args: ["--btf", ...RUSTC], output: "out", isObject: true, addedBtf: true });
  });

  test("is passed through where it has --btf, or is not to get it", () => {
    expect(readLinkCall([...RUSTC, "--btf"], true, noFile).args).toEqual([...RUSTC, "--btf"]);
    expect(readLinkCall(RUSTC, false, noFile).args).toEqual(RUSTC);
  });

  test.each([["--emit", "llvm-ir"], ["--emit=asm"]])("is passed through for another output: %s", (...emit) => {
    const call = readLinkCall([...RUSTC, ...emit], true, noFile);
    expect(call).toMatchObject({ args: [...RUSTC, ...emit], isObject: false, addedBtf: false });
  });

  test.each([
    [["-o", "-x y\n'z'"], "-x y\n'z'"],
    [["-oout"], "out"],
    [["--output=a=b"], "a=b"],
    [["--output", "--btf"], "--btf"],
    [["-o", "first", "-o", "last"], "last"],
    [["--log-file", "-o", "in.o"], undefined],
    [["--version"], undefined],
  ])("names its output: %j", (args, output) => {
    expect(readLinkCall(args, true, noFile).output).toBe(output);
  });

  test("an option's value is no option", () => {
    expect(readLinkCall(["--export", "--btf", "-o", "out"], true, noFile).addedBtf).toBe(true);
    expect(readLinkCall(["--log-file", "--emit=asm", "-o", "out"], true, noFile).isObject).toBe(true);
  });

  test("response files are put in place, those within them too", () => {
    const files: Record<string, string> = { "a rsp": "-o\nsome\\ out\n@b\n", b: "--btf" };
    const call = readLinkCall(["@a rsp", "x.o"], true, (path) => files[path] ?? noFile(path));
    expect(call.args).toEqual(["-o", "some out", "--btf", "x.o"]);
    expect(call.output).toBe("some out");
  });

  test("a response file that names itself is refused", () => {
    expect(() => readLinkCall(["@a"], true, () => "@a")).toThrow(/nested too deeply/);
  });
});

describe("words of a response file", () => {
  /** rustc_codegen_ssa's form: a line an argument, a backslash before spaces and backslashes. */
  const written = (args: readonly string[]): string => args.map((arg) => `${arg.replace(/[\\ ]/g, "\\$&")}\n`).join("");

  test.each([[["plain"]], [["a b", "c\\d", "it's", '"q"', "tab\there", "größe", "-dash"]]])(
    "are what rustc meant: %j",
    (args) => {
      expect(responseWords(written(args))).toEqual(args);
    },
  );

  test("may stand on one line, and may end as Windows ends lines", () => {
    expect(responseWords("-o out\r\n\r\nx.o")).toEqual(["-o", "out", "x.o"]);
  });
});
