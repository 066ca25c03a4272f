import { expect } from "vitest";
import { typeById, typesWithIds } from "../../src/btf/model.ts";
import { nameText } from "../../src/btf/names.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { checkObject } from "../../src/check.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { fixObject } from "../../src/fix.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { kernel, kernelBtfLoad } from "../judges/kernel.ts";
import { answer } from "../judges/run.ts";
import { RUST_TYPES } from "../lower/rust-types.ts";
import { compileRust, rustc } from "../lower/rustc.ts";

/** The rules that need DWARF, with what they say of `RUST_TYPES`, ids left out. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  "btf/type-missing": [
    "STRUCT Key holds a char, for which LLVM wrote no type",
    "ARRAY holds a char, for which LLVM wrote no type",
  ],
  "btf/forward-incomplete": ["FWD Peer is only declared, though DWARF describes it"],
  "btf/bound-by-name": ["PTR leads to STRUCT Node, another type of the same name than in the source"],
  "btf/tag-unnamed": ["the tag of UNION has no name and no values"],
};

const blobOf = (bytes: Uint8Array): Uint8Array => sectionNamed(parseElf(bytes), ".BTF")?.bytes ?? new Uint8Array(0);

judgeTest(rustc(), kernel())("what DWARF alone shows is told, mended, and then taken by the kernel", async () => {
  const raw = compileRust(RUST_TYPES);
  const { diagnostics } = await checkObject(raw);
  for (const [rule, messages] of Object.entries(EXPECTED)) {
    const said = diagnostics
      .filter((finding) => finding.rule === rule)
      .map(({ message }) => message.replaceAll(/ \[\d+\]/g, ""));
    expect([...new Set(said)].sort(), rule).toEqual([...messages].sort());
  }
  const fixed = await fixObject(raw);
  expect(fixed.diagnostics.filter(({ rule, fixed: how }) => rule in EXPECTED && how === undefined)).toEqual([]);
  const after = await checkObject(fixed.bytes);
  expect(after.diagnostics.filter(({ rule }) => rule in EXPECTED)).toEqual([]);
  expect(answer(kernelBtfLoad([blobOf(fixed.bytes)]))).toMatchObject([{ errno: 0 }]);
  expect((await fixObject(fixed.bytes)).bytes).toEqual(fixed.bytes);

  // Ids stay: every type is of its old kind and name, but for what the repairs name.
  const [before, now] = [parseBtf(blobOf(raw)), parseBtf(blobOf(fixed.bytes))];
  const changed = [...typesWithIds(before)].flatMap(([id, type]) => {
    const kind = typeById(now, id)?.kind;
    return kind === type.kind ? [] : [`${type.kind} ${nameText(before, type.nameOff)} → ${kind}`];
  });
  expect(changed.sort()).toEqual([
    "fwd Peer → struct",
    "int () → struct",
    'struct Option<extern "C" fn(u32) -> u64> → ptr',
  ]);
});

judgeTest(rustc())("without such types the rules say nothing", async () => {
  const { diagnostics } = await checkObject(
    compileRust(
      '#[no_mangle] pub static mut N: (u8, u16) = (1, 2);\n#[no_mangle] pub extern "C" fn f() -> u16 { unsafe { N.1 } }',
    ),
  );
  expect(diagnostics.filter(({ rule }) => rule in EXPECTED)).toEqual([]);
});
