/** The committed module against `src/dwarf/abi.ts`, read by an independent parser. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { decode, type Field } from "@webassemblyjs/wasm-parser";
import { wasmBytes } from "gimli-wasm";
import { describe, expect, test, vi } from "vitest";
import {
  ABI_VERSION,
  BATCH_ATTRIBUTES,
  BATCH_ROWS,
  COLUMN,
  FUNCTIONS,
  type GimliExports,
  GLOBALS,
  MEMORY,
  RECORD,
  RECORD_WORDS,
  WIDE,
} from "../../src/dwarf/abi.ts";
import { Gimli, loadDwarfModule, loadDwarfModuleAsync } from "../../src/dwarf/module.ts";

const path = fileURLToPath(new URL("../../wasm/gimli_wasm.wasm", import.meta.url));
const committed = new Uint8Array(readFileSync(path));

/** Differences between a module and the interface block; empty if they agree. */
function differences(bytes: Uint8Array): string[] {
  const fields: readonly Field[] = decode(bytes, {}).body[0]?.fields ?? [];
  const functions = fields.filter((field) => field.type === "Func");
  const found: string[] = [];
  const exported = new Map<string, string>();
  for (const field of fields) {
    if (field.type === "ModuleImport") found.push(`import ${String(field.name)}`);
    if (field.type === "Memory") {
      if (field.limits?.min !== MEMORY.pages) found.push(`memory starts with ${field.limits?.min} pages`);
      if (field.limits?.max !== MEMORY.maximum) found.push(`memory ends at ${field.limits?.max} pages`);
    }
    if (field.type !== "ModuleExport" || typeof field.name !== "string" || field.descr === undefined) continue;
    const { exportType, id } = field.descr;
    if (exportType !== "Func") {
      exported.set(field.name, exportType);
      continue;
    }
    const signature = functions[Number(id.value)]?.signature;
    const types = [...(signature?.params.map(({ valtype }) => valtype) ?? []), ...(signature?.results ?? [])];
    if (types.some((type) => type !== "i32")) found.push(`${field.name} takes or gives other than i32`);
    exported.set(field.name, `${signature?.params.length}→${signature?.results.length}`);
  }
  const expected = new Map<string, string>([[MEMORY.name, "Memory"]]);
  for (const name of GLOBALS) expected.set(name, "Global");
  for (const [name, [parameters, results]] of Object.entries(FUNCTIONS)) expected.set(name, `${parameters}→${results}`);
  for (const [name, type] of expected) {
    if (exported.get(name) !== type) found.push(`${name} is ${exported.get(name)}, not ${type}`);
  }
  for (const name of exported.keys()) if (!expected.has(name)) found.push(`${name} is not in the interface`);
  return found;
}

/** A module of one exported function and one page of memory, and of what else is asked for. */
function otherModule(withImport: boolean): Uint8Array {
  const imports = withImport ? [2, 7, 1, 1, 97, 1, 98, 0, 0] : [];
  return new Uint8Array([
    ...[0, 97, 115, 109, 1, 0, 0, 0],
    ...[1, 5, 1, 96, 0, 1, 127],
    ...imports,
    ...[3, 2, 1, 0],
    ...[5, 3, 1, 0, 1],
    ...[7, 5, 1, 1, 120, 0, withImport ? 1 : 0],
    ...[10, 6, 1, 4, 0, 65, 0, 11],
  ]);
}

describe("gimli_wasm.wasm", () => {
  test("exports, imports and memory are those of the interface", () => {
    expect(differences(committed)).toEqual([]);
  });

  test("a module with another interface is told", () => {
    expect(WebAssembly.validate(otherModule(true) as BufferSource)).toBe(true);
    const found = differences(otherModule(true));
    expect(found).toContain("memory starts with 1 pages");
    expect(found).toContain("x is not in the interface");
    expect(found).toContain("open_unit is undefined, not 1→1");
    expect(found.some((text) => text.startsWith("import"))).toBe(true);
    expect(differences(otherModule(false)).some((text) => text.startsWith("import"))).toBe(false);
  });

  test("the digest is the recorded one, and the base64 twin holds the same bytes", () => {
    const record: unknown = JSON.parse(
      readFileSync(fileURLToPath(new URL("../../wasm/BUILD.json", import.meta.url)), "utf8"),
    );
    expect(record).toMatchObject({ sha256: createHash("sha256").update(committed).digest("hex") });
    expect(Buffer.compare(wasmBytes(), committed)).toBe(0);
    // As in a browser.
    vi.stubGlobal("Buffer", undefined);
    const decoded = wasmBytes();
    vi.unstubAllGlobals();
    expect(Buffer.compare(decoded, committed)).toBe(0);
  });

  test("record and columns lie apart, each with room for a batch", () => {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(committed));
    const exports = instance.exports as unknown as GimliExports;
    expect(exports.abi_version()).toBe(ABI_VERSION);
    const spans: [start: number, end: number][] = [[exports.record(), exports.record() + 4 * RECORD_WORDS]];
    const sizes: Record<keyof typeof COLUMN, number> = {
      offset: 4 * BATCH_ROWS,
      depth: 4 * BATCH_ROWS,
      tag: 2 * BATCH_ROWS,
      start: 4 * (BATCH_ROWS + 1),
      attribute: 2 * BATCH_ATTRIBUTES,
      kind: 2 * BATCH_ATTRIBUTES,
      low: 4 * BATCH_ATTRIBUTES,
      high: 4 * BATCH_ATTRIBUTES,
      wide: 4 * WIDE * BATCH_ROWS,
      names: 4 * BATCH_ROWS,
    };
    for (const [name, number] of Object.entries(COLUMN)) {
      const start = exports.column(number);
      spans.push([start, start + sizes[name as keyof typeof COLUMN]]);
    }
    spans.sort(([a], [b]) => a - b);
    for (const [i, [start]] of spans.entries()) if (i > 0) expect(start).toBeGreaterThanOrEqual(spans[i - 1]?.[1] ?? 0);
    expect(spans.at(-1)?.[1]).toBeLessThanOrEqual(exports.memory.buffer.byteLength);
    expect(exports.column(Object.keys(COLUMN).length) >>> 0).toBe(0xffff_ffff);
    expect(Math.max(...Object.values(RECORD))).toBe(RECORD_WORDS - 1);
  });

  test("loads at once, later, or compiled already; a foreign module is refused", async () => {
    const atOnce = loadDwarfModule(wasmBytes());
    const later = await loadDwarfModuleAsync(wasmBytes());
    expect(loadDwarfModule(later.compiled)).toEqual({ compiled: later.compiled });
    expect((await loadDwarfModuleAsync(atOnce.compiled)).compiled).toBe(atOnce.compiled);
    const foreign = loadDwarfModule(otherModule(false) as BufferSource);
    expect(() => new Gimli(foreign, true, [])).toThrow("the gimli module does not export");
  });
});
