import fc from "fast-check";
import { expect, test } from "vitest";
import { paint } from "../../src/report/paint.ts";
import { printable } from "../../src/report/printable.ts";
import { answersText, diagnosticsText, diagnosticText, placeText } from "../../src/report/text.ts";
import type { Diagnostic } from "../../src/rules/rule.ts";

const plain = paint(false);

/** The message that the project promises its users, part by part. */
const conflict: Diagnostic = {
  rule: "map/value-size-conflict",
  severity: "error",
  message: "map EVENTS: value is Event (16 bytes) but value_size is 0",
  target: {},
  place: { file: "src/main.rs", line: 21, column: undefined },
  subject: "static EVENTS: RingBuf<Event, 4096>",
  answers: [
    { judge: "libbpf", answer: "rejects", text: "conflicting value size 16 != 0" },
    { judge: "cilium/ebpf", answer: "rejects" },
    { judge: "aya", answer: "accepts" },
  ],
  help: "remove the member",
  fixed: "dropped member value",
};

test("a finding in full", () => {
  expect(diagnosticText(conflict, plain)).toBe(
    `error[map/value-size-conflict]: map EVENTS: value is Event (16 bytes) but value_size is 0
  --> src/main.rs:21 in static EVENTS: RingBuf<Event, 4096>
  = libbpf rejects the object ("conflicting value size 16 != 0"); cilium/ebpf rejects it; aya accepts
  = fixed: dropped member value
`,
  );
});

test("a finding that remains says what to do; parts that are unknown are left out", () => {
  const { place: _place, fixed: _fixed, ...left } = conflict;
  expect(diagnosticText({ ...left, answers: [], severity: "warning" }, plain)).toBe(
    `warning[map/value-size-conflict]: map EVENTS: value is Event (16 bytes) but value_size is 0
  --> in static EVENTS: RingBuf<Event, 4096>
  = help: remove the member
`,
  );
  const { subject: _subject, help: _help, ...bare } = left;
  expect(diagnosticText({ ...bare, answers: [] }, plain)).toBe(
    "error[map/value-size-conflict]: map EVENTS: value is Event (16 bytes) but value_size is 0\n",
  );
});

test.each([
  [{ file: "src/main.rs", line: 21, column: 5 }, "src/main.rs:21:5"],
  [{ file: "./fork/src/main.rs", line: 21, column: 0 }, "fork/src/main.rs:21"],
  [{ file: "../a.rs", line: 0, column: 7 }, "../a.rs"],
])("the place %j is %s", (place, text) => {
  expect(placeText(place)).toBe(text);
});

test("every answer has its words", () => {
  expect(
    answersText([
      { judge: "kernel", answer: "drops the BTF", text: "Invalid name" },
      { judge: "bpftool", answer: "misreads" },
      { judge: "libbpf", answer: "rejects" },
      { judge: "aya", answer: "repairs" },
    ]),
  ).toBe(
    'the kernel drops the whole BTF ("Invalid name"); bpftool misreads the object; libbpf rejects it; aya repairs it',
  );
});

test("quiet shows errors that remain, normal hides notes, verbose shows all", () => {
  const { fixed: _fixed, ...error } = conflict;
  const all: Diagnostic[] = [conflict, error, { ...error, severity: "warning" }, { ...error, severity: "note" }];
  const heads = (loudness: "quiet" | "normal" | "verbose") =>
    diagnosticsText(all, loudness, plain).match(/^(error|warning|note)/gm);
  expect(heads("quiet")).toEqual(["error"]);
  expect(heads("normal")).toEqual(["error", "error", "warning"]);
  expect(heads("verbose")).toEqual(["error", "error", "warning", "note"]);
});

test("many repairs of one rule are counted; what a rule of ours finds and remains is always shown", () => {
  const { fixed: _fixed, ...error } = conflict;
  const all = [...Array<Diagnostic>(9).fill(conflict), ...Array<Diagnostic>(9).fill(error)];
  const text = diagnosticsText(all, "normal", plain);
  expect(text.match(/^error/gm)).toHaveLength(5 + 9);
  expect(text).toContain("(4 more fixed by map/value-size-conflict; -v shows them)\n");
  expect(diagnosticsText(all, "verbose", plain).match(/^error/gm)).toHaveLength(18);
});

test("types that break one rule of the kernel are counted, too, even with -q", () => {
  const { fixed: _fixed, ...error } = conflict;
  const all = ["kernel/ke-01", "kernel/kr-01"].flatMap((rule) => Array<Diagnostic>(30).fill({ ...error, rule }));
  for (const loudness of ["normal", "quiet"] as const) {
    const text = diagnosticsText(all, loudness, plain);
    expect(text.match(/^error/gm)).toHaveLength(2 * 5);
    expect(text).toContain("(25 more of kernel/ke-01; -v shows them)\n(25 more of kernel/kr-01; -v shows them)\n");
  }
  expect(diagnosticsText(all, "verbose", plain).match(/^error/gm)).toHaveLength(60);
});

test("nothing in a name reaches the terminal as a command or breaks the line", () => {
  expect(printable("a\x1b[2Jb\nc\u202ed\u0085")).toBe("a\\x1b[2Jb\\x0ac\\u{202e}d\\x85");
  expect(printable("größe 日本 HashMap<u32, T>")).toBe("größe 日本 HashMap<u32, T>");
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (name) => {
      const text = diagnosticText({ ...conflict, message: name, subject: name, fixed: name, rule: name }, plain);
      expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      expect(text.match(/\n/g)).toHaveLength(4);
    }),
  );
});

test("colour adds escape codes and nothing else", () => {
  const coloured = diagnosticText(conflict, paint(true));
  expect(coloured).toContain("\x1b[1;31merror[map/value-size-conflict]\x1b[0m");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the codes are what is taken away
  expect(coloured.replace(/\x1b\[[0-9;]*m/g, "")).toBe(diagnosticText(conflict, plain));
});
