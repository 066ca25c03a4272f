import type { Graph } from "../../graph.ts";
import { license, main, mapSymbol, maps, object, PROGRAM, usual, withMap } from "./draft.ts";
import { elfCorners } from "./elf-corners.ts";
import { fixUpCorners } from "./fix-up-cases.ts";
import { mapCorners } from "./map-corners.ts";
import { recordCorners } from "./record-corners.ts";

/** Objects at the edges of rules; found as mutants that no case of a rule noticed. What aya says of them is for it to tell. */
export interface AyaCorner {
  readonly name: string;
  readonly bytes: () => Uint8Array;
}

/** Sections of programs, as aya's documentation names their types, and others that look like them. */
const SECTIONS: readonly string[] = [
  ...["kprobe", "kretprobe", "uprobe", "uprobe.s", "uretprobe", "uretprobe.s", "uprobe.multi", "uprobe.multi.s"],
  ...["uretprobe.multi", "uretprobe.multi.s", "kprobe.multi", "tp_btf", "tracepoint", "tp", "socket", "sk_msg"],
  ...["sockops", "classifier", "lirc_mode2", "perf_event", "raw_tp", "raw_tracepoint", "lsm", "lsm.s", "lsm_cgroup"],
  ...["fentry", "fentry.s", "fexit", "fexit.s", "flow_dissector", "freplace", "sk_lookup", "iter", "iter.s"],
  ...["xdp", "xdp.frags", "xdp/cpumap", "xdp/devmap", "xdp.frags/cpumap", "xdp.frags/devmap", "xdp/other"],
  ...["sk_skb", "sk_skb/stream_parser", "sk_skb/stream_verdict", "sk_skb/other", "cgroup_skb", "cgroup_skb/ingress"],
  ...["cgroup_skb/egress", "cgroup_skb/other", "sk_reuseport", "sk_reuseport/migrate", "sk_reuseport/other", "cgroup"],
  ...["skb", "sysctl", "dev", "getsockopt", "setsockopt", "sock", "post_bind4", "post_bind6", "sock_create"].map(
    (name) => `cgroup/${name}`,
  ),
  ...["sock_release", "bind4", "bind6", "connect4", "connect6", "getpeername4", "getpeername6", "getsockname4"].map(
    (name) => `cgroup/${name}`,
  ),
  ...["getsockname6", "sendmsg4", "sendmsg6", "recvmsg4", "recvmsg6", "other", "connect_unix"].map(
    (name) => `cgroup/${name}`,
  ),
  ...["kprobe/one/two", "cgroup/bind4/two", "action", "tc", "netfilter", "struct_ops/one", "other", "constructor"],
];

const inSection = (name: string, btf: Uint8Array): Uint8Array =>
  object({
    sections: [{ name, insns: PROGRAM }, license, maps],
    symbols: [{ ...main, section: name }, mapSymbol],
    btf,
  });

/** BTF that the kernel refuses, and nobody else: the name of a STRUCT. */
function refusedBtf(): Uint8Array {
  return withMap((graph: Graph) => {
    graph.struct("no name", 4, []);
    return usual(graph);
  });
}

export const ayaCorners: readonly AyaCorner[] = [
  ...SECTIONS.flatMap((name): readonly AyaCorner[] => [
    { name: `a program in ${name}`, bytes: () => inSection(name, withMap(usual)) },
    { name: `a program in ${name}, with BTF that the kernel refuses`, bytes: () => inSection(name, refusedBtf()) },
  ]),
  ...elfCorners,
  ...fixUpCorners,
  ...mapCorners,
  ...recordCorners,
];
