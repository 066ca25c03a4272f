import { describe, expect, test } from "vitest";
import { fixObject } from "../../src/fix.ts";
import { mapKind } from "../../src/maps/kinds.ts";
import { readMaps } from "../../src/maps.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { type LibbpfMap, libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { define, event, type Field, mapObject, u32, u64, unit } from "./define.ts";

/** A map kind as aya-ebpf 0.3 defines it, and the type ids that the kernel must hold of it once it is repaired. */
interface KindCase {
  readonly type: number;
  readonly name: string;
  readonly key: Extract<Field, readonly ["key" | "value", unknown]>[1];
  readonly value: Extract<Field, readonly ["key" | "value", unknown]>[1];
  readonly maxEntries?: number;
  readonly flags?: number;
  readonly more?: readonly Field[];
  readonly ids: "both" | "value" | "none";
  /** Sizes that the kernel must see. */
  readonly sizes: readonly [key: number, value: number];
}

const NO_PREALLOC = 1;
const prefix: KindCase["key"] = (g) =>
  g.struct("Prefix", 8, [
    ["length", u32(g), 0],
    ["data", g.array(g.int("u8", 1), u32(g), 4), 32],
  ]);
const inner: Field = [
  "values",
  (g) =>
    g.array(
      g.ptr(
        define(g, [
          ["type", 2],
          ["key", u32],
          ["value", u32],
          ["max_entries", 4],
        ]),
      ),
      u32(g),
      0,
    ),
];
const trace: KindCase["value"] = (g) => g.array(u64(g), u32(g), 127);
const id64 = u64;
const storage = { maxEntries: 0, flags: NO_PREALLOC, key: u32, value: event, ids: "both", sizes: [4, 16] } as const;
const sockets = { key: u32, value: u32, ids: "none", sizes: [4, 4] } as const;

const KINDS: readonly KindCase[] = [
  { type: 1, name: "hash", key: u32, value: event, ids: "both", sizes: [4, 16] },
  { type: 2, name: "array", key: u32, value: event, ids: "both", sizes: [4, 16] },
  { type: 3, name: "prog_array", key: u32, value: u32, ids: "both", sizes: [4, 4] },
  { type: 4, name: "perf_event_array", ...sockets, maxEntries: 0 },
  { type: 5, name: "percpu_hash", key: u32, value: event, ids: "both", sizes: [4, 16] },
  { type: 6, name: "percpu_array", key: u32, value: event, ids: "both", sizes: [4, 16] },
  { type: 7, name: "stack_trace", key: u32, value: trace, ids: "none", sizes: [4, 1016] },
  { type: 8, name: "cgroup_array", ...sockets },
  { type: 9, name: "lru_hash", key: u32, value: event, ids: "both", sizes: [4, 16] },
  { type: 10, name: "lru_percpu_hash", key: u32, value: event, ids: "both", sizes: [4, 16] },
  { type: 11, name: "lpm_trie", key: prefix, value: event, flags: NO_PREALLOC, ids: "both", sizes: [8, 16] },
  { type: 12, name: "array_of_maps", ...sockets, more: [inner] },
  { type: 13, name: "hash_of_maps", ...sockets, more: [inner] },
  { type: 14, name: "devmap", ...sockets },
  { type: 15, name: "sockmap", ...sockets },
  { type: 16, name: "cpumap", ...sockets },
  { type: 17, name: "xskmap", ...sockets },
  { type: 18, name: "sockhash", ...sockets },
  { type: 19, name: "cgroup_storage", key: id64, value: event, maxEntries: 0, ids: "both", sizes: [8, 16] },
  { type: 20, name: "reuseport_sockarray", key: u32, value: u64, ids: "both", sizes: [4, 8] },
  { type: 21, name: "percpu_cgroup_storage", key: id64, value: event, maxEntries: 0, ids: "both", sizes: [8, 16] },
  { type: 22, name: "queue", key: unit, value: event, ids: "none", sizes: [0, 16] },
  { type: 23, name: "stack", key: unit, value: event, ids: "none", sizes: [0, 16] },
  { type: 24, name: "sk_storage", ...storage },
  { type: 25, name: "devmap_hash", ...sockets },
  { type: 27, name: "ringbuf", key: unit, value: event, maxEntries: 4096, ids: "none", sizes: [0, 0] },
  { type: 28, name: "inode_storage", ...storage },
  { type: 29, name: "task_storage", ...storage },
  { type: 30, name: "bloom_filter", key: unit, value: event, ids: "value", sizes: [0, 16] },
  { type: 31, name: "user_ringbuf", key: unit, value: event, maxEntries: 4096, ids: "none", sizes: [0, 0] },
  { type: 32, name: "cgrp_storage", ...storage },
];

function object(kind: KindCase, littleEndian = true): Uint8Array {
  const fields: readonly Field[] = [
    ["type", kind.type],
    ["key", kind.key],
    ["value", kind.value],
    ["max_entries", kind.maxEntries ?? 8],
    ["map_flags", kind.flags ?? 0],
    ...(kind.more ?? []),
  ];
  return mapObject([{ name: "MAP", make: (graph) => define(graph, fields) }], littleEndian);
}

test("every kind of bpf.h but unspec, struct_ops and arena, which Rust does not write, has a case", () => {
  expect(KINDS.map(({ type }) => type)).toEqual(
    Array.from({ length: 32 }, (_, i) => i + 1).filter((type) => type !== 26),
  );
  expect(KINDS.map(({ type }) => mapKind(type).name)).toEqual(KINDS.map(({ name }) => name));
});

describe.each(KINDS)("$name", (kind) => {
  test("is read alike before and after the fix, in both byte orders", async () => {
    const raw = object(kind);
    const { bytes, diagnostics } = await fixObject(raw);
    expect(diagnostics.filter(({ severity, fixed }) => severity === "error" && fixed === undefined)).toEqual([]);
    const [map, ...others] = await readMaps(bytes);
    expect(others).toEqual([]);
    expect(map).toMatchObject({ name: "MAP", section: ".maps", type: kind.type, typeName: kind.name });
    expect([map?.keySize ?? 0, map?.valueSize ?? 0]).toEqual(kind.sizes);
    expect([map?.maxEntries, map?.mapFlags]).toEqual([kind.maxEntries ?? 8, kind.flags ?? 0]);
    expect(await readMaps(raw)).toEqual(await readMaps(bytes));
    expect(await readMaps(object(kind, false))).toEqual(await readMaps(bytes));
    expect(await fixObject(bytes)).toMatchObject({ bytes, changed: false, plan: [] });
  });

  judgeTest(libbpf17())("is created with the type ids that it takes", async () => {
    const { bytes } = await fixObject(object(kind));
    const report = answer(runLibbpf("libbpf17", bytes, { until: "maps" }));
    expect(report.open.ok).toBe(true);
    expect(report.btfFd).toBeGreaterThanOrEqual(0);
    const map = report.maps.find(({ name }) => name === "MAP") satisfies LibbpfMap | undefined;
    expect({ type: map?.type, retried: map?.retriedWithoutBtf }).toEqual({ type: kind.type, retried: false });
    if (map?.kernel == null) throw new Error(`${kind.name} was not created: errno ${map?.errno}`);
    const { keySize, valueSize, btfKeyTypeId, btfValueTypeId } = map.kernel;
    expect([keySize, valueSize]).toEqual(kind.sizes);
    const ids = btfKeyTypeId > 0 ? "both" : btfValueTypeId > 0 ? "value" : "none";
    expect(ids).toBe(kind.ids);
  });
});
