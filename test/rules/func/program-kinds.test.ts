import { expect, test } from "vitest";
import { CONTEXT_STRUCTS, contextOf, mayBePointer, programKind } from "../../../src/rules/func/program-kinds.ts";

/**
 * What a section says of a program: the struct of its context by the program's type (include/linux/bpf_types.h, libbpf's program_types.rst),
 * and whether the verifier takes any result from it (kernel/bpf/verifier.c check_return_code).
 */
const KINDS: readonly (readonly [sections: string, context: string | undefined, anyResult: boolean])[] = [
  ["xdp xdp/x xdp.frags xdp.frags/devmap xdp/cpumap ?xdp", "xdp_md", true],
  ["socket tc tc/ingress tcx/egress netkit/peer classifier classifier/x action", "__sk_buff", true],
  ["lwt_in lwt_out lwt_xmit lwt_seg6local sk_skb sk_skb/stream_parser flow_dissector", "__sk_buff", true],
  ["cgroup_skb/ingress cgroup_skb/egress cgroup/skb", "__sk_buff", false],
  [
    "kprobe/x kprobe.multi/x kretprobe uprobe.s/x uretprobe ksyscall/x kretsyscall/x usdt ?kprobe/x",
    "bpf_user_pt_regs_t",
    true,
  ],
  ["raw_tracepoint/x raw_tp/x raw_tp.w/x", "bpf_raw_tracepoint_args", true],
  ["perf_event", "bpf_perf_event_data", true],
  ["sockops", "bpf_sock_ops", false],
  ["sk_msg", "sk_msg_md", true],
  ["sk_reuseport sk_reuseport/migrate", "sk_reuseport_md", true],
  ["sk_lookup", "bpf_sk_lookup", false],
  ["netfilter", "bpf_nf_ctx", false],
  ["tracepoint/x/y tp/x/y", undefined, true],
  [
    "lsm/x lsm.s/x lsm_cgroup/x fentry/x fentry.s/x fexit/x fmod_ret/x tp_btf/x iter/x iter.s/x syscall",
    undefined,
    false,
  ],
  ["struct_ops struct_ops.s/x lirc_mode2", undefined, false],
  ["cgroup/dev", "bpf_cgroup_dev_ctx", false],
  ["cgroup/sysctl", "bpf_sysctl", false],
  ["cgroup/getsockopt cgroup/setsockopt", "bpf_sockopt", false],
  ["cgroup/sock cgroup/sock_create cgroup/sock_release cgroup/post_bind4 cgroup/post_bind6", "bpf_sock", false],
  ["cgroup/bind4 cgroup/bind6 cgroup/connect4 cgroup/connect6 cgroup/connect_unix", "bpf_sock_addr", false],
  ["cgroup/sendmsg4 cgroup/sendmsg6 cgroup/sendmsg_unix cgroup/recvmsg4 cgroup/recvmsg6", "bpf_sock_addr", false],
  ["cgroup/recvmsg_unix cgroup/getpeername4 cgroup/getpeername6 cgroup/getsockname4", "bpf_sock_addr", false],
  ["cgroup/getsockname6 cgroup/getsockname_unix ?cgroup/connect4", "bpf_sock_addr", false],
];

const SECTIONS = KINDS.flatMap(([sections, context, anyResult]) =>
  sections.split(" ").map((section) => [section, context, anyResult] as const),
);

test.each(SECTIONS)("%s", (section, context, anyResult) => {
  expect(programKind(section)).toEqual({ context, anyResult });
});

test("sections that tell nothing", () => {
  const unknown =
    "freplace/x .text maps socket1 xdp_ x?xdp cgroup cgroup/x cgroup/skbx cgroup/xskb cgroup/devx cgroup/xdev";
  const more =
    "cgroup/sysctlx cgroup/xsysctl cgroup/xgetsockopt cgroup/getsockoptx cgroup/etsockopt cgroup/xsock cgroup/sockx";
  const last =
    "cgroup/post_bind cgroup/post_bind5 cgroup/bind cgroup/bind5 cgroup/xbind4 cgroup/bind4x cgroup/connect_unixx";
  for (const section of ["", ...`${unknown} ${more} ${last}`.split(" ")]) {
    expect([section, programKind(section)]).toEqual([section, undefined]);
  }
});

test("fields of contexts that hold pointers (include/uapi/linux/bpf.h)", () => {
  const pointers = (context: string | undefined) =>
    Array.from({ length: 50 }, (_, index) => index * 4).filter((offset) => mayBePointer(context, offset));
  // data, data_end, data_meta; and of packets flow_keys and sk.
  expect(pointers("xdp_md")).toEqual([0, 4, 8]);
  expect(pointers("__sk_buff")).toEqual([76, 80, 140, 144, 168]);
  for (const context of ["bpf_user_pt_regs_t", "bpf_perf_event_data", "bpf_raw_tracepoint_args", "bpf_sysctl"]) {
    expect([context, pointers(context)]).toEqual([context, []]);
  }
  expect(pointers("bpf_cgroup_dev_ctx")).toEqual([]);
  for (const context of ["sk_msg_md", "bpf_sock_addr", "", undefined]) expect(pointers(context)).toHaveLength(50);
});

test("programs have one context if all of them have it", () => {
  const of = (...sections: readonly string[]) => contextOf(new Set(sections));
  expect(of("tc", "socket", "cgroup/skb")).toBe("__sk_buff");
  expect(of("xdp")).toBe("xdp_md");
  expect(of("xdp", "tc")).toBeUndefined();
  expect(of("xdp", "freplace/x")).toBeUndefined();
  expect(of("fentry/x")).toBeUndefined();
  expect(of()).toBeUndefined();
});

test("structs that are a context of some program", () => {
  const known = new Set(KINDS.flatMap(([, context]) => (context === undefined ? [] : [context])));
  // Behind the typedef of the registers, and by the kernel's own name.
  expect([...CONTEXT_STRUCTS].sort()).toEqual([...known, "pt_regs", "bpf_flow_keys"].sort());
});
