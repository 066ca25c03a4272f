import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { attach } from "../judges/attach.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { elements, returned, runFixed } from "./run-objects.ts";

/**
 * Each kind of map does its work in a loaded program, typed and legacy alike, once the object is fixed. Not run: `inode_storage`, whose
 * program the kernel here refuses, `reuseport_sock_array`, which wants listeners, and `cgrp_storage`, which wants a new control group.
 */
const judged = judgeTest(attach());

/** What a program is made to do, and what its map holds then. */
interface Scene {
  readonly script: string;
  /** The program that is run on a packet and what it gives back, if it is. */
  readonly gives?: readonly [program: string, value: number];
  readonly attached?: readonly string[];
  /** The map that is dumped, and what stands in it. */
  readonly holds?: readonly [map: string, elements: unknown];
}

/** `enum xdp_action`; TC_ACT_OK. */
const DROP = 1;
const PASS = 2;
const TC_OK = 0;

const TALLY = { packets: 3, bytes: 192 };
const FLOW = { source: 1, target: 1, port: 0, protocol: 6 };
const someTally = { packets: expect.toSatisfy((count: number) => count > 0) };

function onPackets(program: string, value: number, map?: string, held?: unknown): Scene {
  const script = `run ${program} inside 3;${map === undefined ? "" : ` dump ${map}`}`;
  const scene = { script, gives: [program, value] } as const;
  return map === undefined ? scene : { ...scene, holds: [map, held] };
}

const SCENES: Readonly<Record<string, Scene>> = {
  array: onPackets("count", PASS, "COUNTERS", expect.arrayContaining([{ key: 0, value: TALLY }])),
  array_of_maps: onPackets("count", PASS),
  bloom_filter: onPackets("once", PASS),
  cgroup_array: onPackets("filter", TC_OK),
  cgroup_storage: {
    script: "connect 9; dump USAGE",
    attached: ["count"],
    holds: ["USAGE", [{ key: expect.anything(), value: expect.objectContaining(someTally) }]],
  },
  cpu_map: onPackets("redirect", PASS),
  dev_map: onPackets("redirect", PASS),
  dev_map_hash: onPackets("redirect", PASS),
  hash_map: onPackets("count", PASS, "FLOWS", [{ key: FLOW, value: { packets: 3, bytes: 128 } }]),
  hash_of_maps: onPackets("count", PASS),
  lpm_trie: onPackets("route", PASS, "ROUTES", [
    { key: { prefix_len: 32, data: { octets: [10, 0, 0, 0] } }, value: { gateway: 1, device: 2, is_blocked: false } },
  ]),
  lru_hash_map: onPackets("remember", PASS, "PEERS", [
    {
      key: { address: [10, 0, 0, 0], zone: "Inside" },
      value: { first: 1, state: { "": expect.objectContaining({ tag: "Syn", Syn: { retries: 1 } }) } },
    },
  ]),
  lru_per_cpu_hash_map: onPackets("sample", PASS, "SAMPLES", [
    { key: { __0: 1, __1: 0 }, value: expect.objectContaining({ length: 64 }) },
  ]),
  per_cpu_array: onPackets("count", PASS, "COUNTERS", [{ key: 0, value: TALLY }]),
  per_cpu_cgroup_storage: {
    script: "connect 9; dump USAGE",
    attached: ["count"],
    holds: ["USAGE", [{ key: expect.anything(), value: expect.objectContaining(someTally) }]],
  },
  per_cpu_hash_map: onPackets("count", PASS, "HITS", [{ key: { __0: 0 }, value: { __0: [3, 0] } }]),
  perf_event_array: { script: "/bin/true", attached: ["fork"] },
  perf_event_byte_array: { script: "/bin/true", attached: ["fork"] },
  program_array: {
    script:
      '"$bpftool" map update pinned $(map STEPS) key hex 01 00 00 00 value pinned $programs/second; run entry inside',
    gives: ["entry", DROP],
  },
  queue: onPackets("pass_on", PASS),
  ring_buf: onPackets("report", PASS),
  sk_storage: { script: "connect 9", attached: ["connect"] },
  sock_hash: { script: "connect 9", attached: ["opened"] },
  sock_map: { script: "connect 9", attached: ["opened"] },
  stack: onPackets("pass_on", PASS),
  stack_trace: { script: '/bin/true; "$bpftool" -j map dump pinned $(map STACKS) | grep -q key', attached: ["fork"] },
  xsk_map: onPackets("redirect", PASS),
};

for (const declaration of ["btf", "legacy"]) {
  describe(declaration, () => {
    for (const [kind, { script, gives, attached, holds }] of Object.entries(SCENES)) {
      const object = `aya-kinds/${declaration}_${kind}.bpfel.o`;
      if (!existsSync(join(import.meta.dirname, "../../corpus", object))) continue;
      judged(kind, async () => {
        const report = await runFixed(object, script);
        expect(report.attached).toEqual(attached ?? []);
        if (gives !== undefined) expect(returned(report, gives[0])).toBe(gives[1]);
        if (holds !== undefined) expect(elements(report, holds[0])).toEqual(holds[1]);
      });
    }
  });
}
