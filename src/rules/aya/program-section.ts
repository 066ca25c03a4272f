import type { AyaVersion } from "./rule.ts";

/** Sections that are a program's by their first part alone, whatever follows. */
const BY_NAME: ReadonlySet<string> = new Set([
  ...["kprobe", "kretprobe", "uprobe", "uprobe.s", "uretprobe", "uretprobe.s", "tp_btf", "tracepoint", "tp", "socket"],
  ...["sk_msg", "sockops", "classifier", "lirc_mode2", "perf_event", "raw_tp", "raw_tracepoint", "lsm", "lsm.s"],
  ...[
    "lsm_cgroup",
    "fentry",
    "fentry.s",
    "fexit",
    "fexit.s",
    "flow_dissector",
    "freplace",
    "sk_lookup",
    "iter",
    "iter.s",
  ],
]);
const SINCE_0_6: ReadonlySet<string> = new Set([
  ...["uprobe.multi", "uprobe.multi.s", "uretprobe.multi", "uretprobe.multi.s"],
]);

const CGROUP: readonly string[] = [
  ...["skb", "sysctl", "dev", "getsockopt", "setsockopt", "sock", "post_bind4", "post_bind6", "sock_create"],
  ...["sock_release", "bind4", "bind6", "connect4", "connect6", "getpeername4", "getpeername6", "getsockname4"],
  ...["getsockname6", "sendmsg4", "sendmsg6", "recvmsg4", "recvmsg6"],
];

/** What the second part may be, and whether it may be left out. */
const WITH_SECOND: Readonly<Record<string, { readonly optional: boolean; readonly names: readonly string[] }>> = {
  xdp: { optional: true, names: ["cpumap", "devmap"] },
  "xdp.frags": { optional: true, names: ["cpumap", "devmap"] },
  sk_skb: { optional: false, names: ["stream_parser", "stream_verdict"] },
  cgroup_skb: { optional: false, names: ["ingress", "egress"] },
  cgroup: { optional: false, names: CGROUP },
  sk_reuseport: { optional: true, names: ["migrate"] },
};

/** Programs that cannot do without BTF in the kernel (Ebpf::load). */
const NEED_BTF: ReadonlySet<string> = new Set([
  ...["freplace", "fentry", "fentry.s", "fexit", "fexit.s", "lsm", "lsm.s", "lsm_cgroup", "tp_btf", "iter", "iter.s"],
]);

/** Whether aya knows which type the programs of a section are of. */
export function isProgramSection(section: string, version: AyaVersion): boolean {
  const [first = "", second] = section.split("/", 2);
  if (BY_NAME.has(first) || (version !== "0.3" && SINCE_0_6.has(first))) return true;
  const rule = Object.hasOwn(WITH_SECOND, first) ? WITH_SECOND[first] : undefined;
  if (rule === undefined) return false;
  return second === undefined ? rule.optional : rule.names.includes(second);
}

/** Whether the programs of a section make aya give up when the kernel refuses the object's BTF. */
export function needsBtf(section: string): boolean {
  return NEED_BTF.has(section.split("/", 1)[0] ?? "");
}
