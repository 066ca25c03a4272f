import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { fixObject } from "../../src/index.ts";
import { type AttachReport, runAttached } from "../judges/attach.ts";
import { answer } from "../judges/run.ts";

/** An Ethernet frame of 64 bytes that holds UDP over IPv4, or only the start of what `type` says. */
export function packet(source: readonly number[], type = 0x0800): Uint8Array {
  const bytes = Buffer.alloc(64);
  bytes.writeUInt16BE(type, 12);
  // Version and length, time to live, protocol; then ports 5000 and 53.
  bytes.set([0x45], 14);
  bytes.set([64, 17], 22);
  bytes.set([...source, 10, 9, 8, 7], 26);
  bytes.writeUInt16BE(5000, 34);
  bytes.writeUInt16BE(53, 36);
  return bytes;
}

/** The packets that scripts find under these names. */
const PACKETS = {
  inside: packet([10, 0, 0, 1]),
  outside: packet([192, 168, 1, 1]),
  ipv6: packet([0, 0, 0, 0], 0x86dd),
};

/** Fixes an object of the corpus, loads and attaches it, and runs a script, which must end well. */
export async function runFixed(name: string, script: string): Promise<AttachReport> {
  const raw = readFileSync(join(import.meta.dirname, "../../corpus", name));
  const { bytes } = await fixObject(raw, { license: "GPL" });
  const report = answer(runAttached(bytes, script, PACKETS));
  expect(report).toMatchObject({ status: 0 });
  return report;
}

/** What a program that was run on a packet gave back. */
export function returned({ left }: AttachReport, program: string): unknown {
  return (left.get(program) as { readonly retval?: number } | undefined)?.retval;
}

interface Formatted {
  readonly key?: unknown;
  readonly value?: unknown;
  readonly values?: readonly { readonly value: unknown }[];
}

/** The elements of a map as its BTF shows them, numbers of several processors summed up. */
export function elements({ left }: AttachReport, map: string): readonly { key: unknown; value: unknown }[] {
  const dump = left.get(map) as readonly { readonly formatted?: Formatted }[];
  return dump.map(({ formatted }) => {
    if (formatted === undefined) throw new Error(`${map} has no types`);
    const { key, value, values } = formatted;
    return { key, value: values === undefined ? value : values.map((entry) => entry.value).reduce(sum) };
  });
}

/** The value of an element, by its key. */
export function valueAt(report: AttachReport, map: string, key: unknown): unknown {
  const text = JSON.stringify(key);
  return elements(report, map).find((element) => JSON.stringify(element.key) === text)?.value;
}

/** A counter by its key; NaN where there is none. */
export function count(report: AttachReport, map: string, key: unknown): number {
  return Number(valueAt(report, map, key) ?? Number.NaN);
}

/** Numbers of two processors added, member by member. */
function sum(a: unknown, b: unknown): unknown {
  if (typeof a === "number" && typeof b === "number") return a + b;
  if (typeof a === "boolean" && typeof b === "boolean") return a || b;
  if (Array.isArray(a) && Array.isArray(b)) return a.map((entry: unknown, index) => sum(entry, b[index]));
  if (typeof a === "object" && a !== null && typeof b === "object" && b !== null) {
    const other = b as Readonly<Record<string, unknown>>;
    return Object.fromEntries(Object.entries(a).map(([name, entry]) => [name, sum(entry, other[name])]));
  }
  return a;
}
