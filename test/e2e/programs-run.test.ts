import { describe, expect } from "vitest";
import { attach } from "../judges/attach.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { count, elements, returned, runFixed, valueAt } from "./run-objects.ts";

/**
 * The programs of `corpus/aya-programs` do their work once they are fixed: on packets, at tracepoints, in a control group. Not run here:
 * `balancer`, `latency` and `profiler`, which must be told sockets, functions and events; they are loaded by `programs.test.ts`.
 */
const judged = judgeTest(attach());

/** `enum xdp_action` */
const XDP_DROP = 1;
const XDP_PASS = 2;

const FORK = "for i in 1 2 3 4; do /bin/true; done;";

describe("on packets", () => {
  judged("firewall", async () => {
    const block = "element BLOCKED '10 00 00 00 c0 a8 00 00' '10 00 00 00 00 00 00 00';";
    const report = await runFixed(
      "aya-programs/firewall.bpfel.o",
      `${block} run firewall inside 5; run firewall outside; dump TOTALS; dump CONNECTIONS`,
    );
    expect(returned(report, "firewall")).toBe(XDP_DROP);
    expect([0, 1, 2].map((index) => count(report, "TOTALS", index))).toEqual([6, 5, 1]);
    expect(elements(report, "CONNECTIONS")).toMatchObject([
      { key: { protocol: 17 }, value: { packets: 5, bytes: 320 } },
    ]);
  });

  judged("dispatcher", async () => {
    const steps = ["ipv4", "ipv6", "verdict"].map(
      (name, index) =>
        `"$bpftool" map update pinned $(map PARSERS) key hex 0${index} 00 00 00 value pinned $programs/${name};`,
    );
    const report = await runFixed(
      "aya-programs/dispatcher.bpfel.o",
      `${steps.join(" ")} run entry inside 4; dump STEP_COUNTS; dump PARSED`,
    );
    expect(returned(report, "entry")).toBe(XDP_PASS);
    expect([0, 1, 2, 3].map((index) => count(report, "STEP_COUNTS", index))).toEqual([4, 0, 4, 4]);
    expect(valueAt(report, "PARSED", 0)).toEqual({ steps: 3, protocol: 0x800, time_to_live: 64, is_done: true });
  });

  judged("rate_limiter", async () => {
    const report = await runFixed(
      "aya-programs/rate_limiter.bpfel.o",
      "run limit inside 15; sleep 0.1; dump BUCKETS; dump REFILLS; dump VERDICTS",
    );
    const verdicts = [0, 1].map((index) => count(report, "VERDICTS", index));
    // The first packet makes the bucket; of the others those pass that find a token.
    expect((verdicts[0] ?? 0) + (verdicts[1] ?? 0)).toBe(14);
    expect(valueAt(report, "BUCKETS", 0)).toMatchObject({ lock: { val: 0 }, taken: 1 + (verdicts[1] ?? 0) });
    const refill = valueAt(report, "REFILLS", 0) as { readonly rounds: number };
    expect(refill.rounds).toBeGreaterThan(0);
  });

  judged("census", async () => {
    const report = await runFixed("aya-programs/census.bpfel.o", "run census inside; dump RESULTS; dump CITIZENS");
    expect(returned(report, "census")).toBe(XDP_PASS);
    expect(elements(report, "CITIZENS")).toHaveLength(16);
    // The packet comes from the loopback device, which has the number 1.
    expect(valueAt(report, "RESULTS", 0)).toEqual({ citizens: 16, years: 456, oldest: 36, districts: [4, 4, 4, 4] });
  });

  judged("tenants", async () => {
    const inner = '"$bpftool" map create $maps/inner type hash key 8 value 16 entries 64 name inner;';
    const outer =
      '"$bpftool" map update pinned $(map TENANTS) key hex 0a 00 00 00 00 00 00 00 value pinned $maps/inner;';
    const zeros = Array(16).fill("00").join(" ");
    const report = await runFixed(
      "aya-programs/tenants.bpfel.o",
      `${inner} ${outer} element inner '0a 00 00 01 0a 09 08 07' '${zeros}';
       run account inside 3; dump inner; run account outside; dump MISSES`,
    );
    const raw = report.left.get("inner") as readonly { readonly value: readonly string[] }[];
    expect(raw[0]?.value[0]).toBe("0x03");
    expect([0, 1].map((index) => count(report, "MISSES", index))).toEqual([4, 1]);
  });

  judged("keeper", async () => {
    const report = await runFixed(
      "aya-programs/keeper.bpfel.o",
      "ls /sys/fs/bpf/KEEPER_TOTAL; run keep inside 3; dump KEEPER_SESSIONS; dump KEEPER_TOTAL; dump RECENT",
    );
    expect(count(report, "KEEPER_TOTAL", 0)).toBe(3);
    expect(valueAt(report, "KEEPER_SESSIONS", 0)).toEqual({ packets: 3, state: "Known" });
    expect(count(report, "RECENT", 0)).toBe(64);
  });

  judged("router", async () => {
    const report = await runFixed(
      "aya-programs/router.bpfel.o",
      `run route inside; element ROUTES4 '18 00 00 00 0a 09 08 00' '01 00 00 00 05 00 00 00'; run route inside 2;
       element NEIGHBOURS '05 00 00 00' '02 00 00 00 00 01 01'; run route inside 3; run route ipv6;
       dump OUTCOMES; dump ROUTES4`,
    );
    // No route, then no neighbour, then a neighbour; and none for IPv6.
    expect([0, 1, 2].map((index) => count(report, "OUTCOMES", index))).toEqual([2, 2, 3]);
    expect(elements(report, "ROUTES4")).toEqual([
      { key: { prefix_len: 24, data: { __0: [10, 9, 8, 0] } }, value: { device: 1, next_hop: 5 } },
    ]);
  });
});

describe("at tracepoints", () => {
  judged("tracer", async () => {
    const report = await runFixed("aya-programs/tracer.bpfel.o", `${FORK} dump EVENTS_SEEN; dump PROCESSES`);
    expect([...report.attached].sort()).toEqual(["ended", "started"]);
    const [forks = 0, exits = 0] = valueAt(report, "EVENTS_SEEN", 0) as readonly number[];
    expect(forks).toBeGreaterThanOrEqual(4);
    expect(exits).toBeGreaterThanOrEqual(4);
    const processes = elements(report, "PROCESSES") as readonly { readonly value: { readonly exit_code: unknown } }[];
    // `Option<i32>` as the dump shows it: which variant holds, by name.
    expect(processes.map(({ value }) => value.exit_code)).toContainEqual({
      "": { tag: "Some", None: {}, Some: { __0: 0 } },
    });
  });

  judged("events", async () => {
    const report = await runFixed("aya-programs/events.bpfel.o", `${FORK} dump SENT`);
    expect([...report.attached].sort()).toEqual(["ended", "executed", "forked"]);
    for (const kind of [0, 1, 2]) expect(count(report, "SENT", kind)).toBeGreaterThanOrEqual(4);
  });

  judged("work_lists", async () => {
    const report = await runFixed("aya-programs/work_lists.bpfel.o", `${FORK} dump COUNTS`);
    expect([...report.attached].sort()).toEqual(["finish", "queue"]);
    for (const kind of [0, 2]) expect(count(report, "COUNTS", kind)).toBeGreaterThanOrEqual(3);
  });

  judged("syscalls", async () => {
    const report = await runFixed("aya-programs/syscalls.bpfel.o", `${FORK} dump BY_NUMBER; dump LAST`);
    expect(report.attached).toEqual(["enter"]);
    const calls = elements(report, "BY_NUMBER").map(({ value }) => Number(value));
    expect(calls.reduce((a, b) => a + b)).toBeGreaterThan(100);
    expect(elements(report, "LAST").length).toBeGreaterThan(3);
  });
});

describe("in a control group", () => {
  judged("group_stats", async () => {
    const report = await runFixed("aya-programs/group_stats.bpfel.o", "connect 9; dump BY_DIRECTION; dump BY_PROTOCOL");
    expect([...report.attached].sort()).toEqual(["received", "sent"]);
    const packets = [0, 1].map((index) => valueAt(report, "BY_DIRECTION", index) as { readonly packets: number });
    for (const direction of packets) expect(direction.packets).toBeGreaterThan(0);
    // ETH_P_IP in network order.
    expect(elements(report, "BY_PROTOCOL").map(({ key }) => key)).toContain(8);
  });

  judged("socket_meter", async () => {
    const report = await runFixed("aya-programs/socket_meter.bpfel.o", "connect 9; connect 9; dump PORTS; dump GROUPS");
    expect([...report.attached].sort()).toEqual(["connect4", "connect6", "sent"]);
    expect(count(report, "PORTS", 9)).toBe(2);
    const usages = elements(report, "GROUPS") as readonly { readonly value: { readonly packets: number } }[];
    expect(usages.filter(({ value }) => value.packets > 0)).toHaveLength(1);
  });

  judged("guard", async () => {
    const refuse = "element TARGETS '7f 00 00 01 09 00 06 00' '01 00 00 00 00 00 00 00';";
    const report = await runFixed(
      "aya-programs/guard.bpfel.o",
      `${refuse} connect 9; connect 10; dump TARGETS; dump COUNTS`,
    );
    expect([...report.attached].sort()).toEqual(["connect4", "devices", "sent"]);
    expect(count(report, "COUNTS", 0)).toBe(1);
    expect(count(report, "COUNTS", 2)).toBeGreaterThan(0);
    expect(elements(report, "TARGETS")).toMatchObject([{ value: { "": { tag: "Refuse" } } }]);
  });

  judged("proxy", async () => {
    const talk = `const { createServer, connect } = require("net");
      const server = createServer((socket) => socket.on("data", (text) => { console.error(String(text)); process.exit(String(text) === "hello" ? 0 : 1); }));
      server.listen(0, "127.0.0.1", () => connect(server.address().port, "127.0.0.1").end("hello"));
      setTimeout(() => process.exit(2), 5000);`;
    const report = await runFixed(
      "aya-programs/proxy.bpfel.o",
      `"$bpftool" prog attach pinned $programs/splice sk_msg_verdict pinned $(map PAIRS)
       "$node" -e '${talk}'; dump OPENED`,
    );
    expect(report.attached).toEqual(["opened"]);
    // BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB and BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB.
    expect([4, 5].map((operation) => count(report, "OPENED", operation))).toEqual([1, 1]);
  });
});
