/** What a section says of the programs in it, as loaders read its name. */
export interface ProgramKind {
  /** The struct that the kernel knows the context by; undefined where a pointer to no struct is one (tracepoints, fentry, LSM). */
  readonly context: string | undefined;
  /** Whether the program may return any number. */
  readonly anyResult: boolean;
}

/** First words of section names (libbpf `section_defs`, aya-obj `ProgramSection`); a dot and what follows are variants. */
const KINDS: readonly (readonly [words: string, context: string | undefined, anyResult: boolean])[] = [
  ["xdp", "xdp_md", true],
  [
    "socket tc tcx netkit classifier action lwt_in lwt_out lwt_xmit lwt_seg6local sk_skb flow_dissector",
    "__sk_buff",
    true,
  ],
  ["cgroup_skb", "__sk_buff", false],
  ["kprobe kretprobe uprobe uretprobe ksyscall kretsyscall usdt", "bpf_user_pt_regs_t", true],
  ["raw_tracepoint raw_tp", "bpf_raw_tracepoint_args", true],
  ["perf_event", "bpf_perf_event_data", true],
  ["sockops", "bpf_sock_ops", false],
  ["sk_msg", "sk_msg_md", true],
  ["sk_reuseport", "sk_reuseport_md", true],
  ["sk_lookup", "bpf_sk_lookup", false],
  ["netfilter", "bpf_nf_ctx", false],
  ["tracepoint tp", undefined, true],
  ["lsm lsm_cgroup fentry fexit fmod_ret tp_btf iter syscall struct_ops lirc_mode2", undefined, false],
];

/** Second words of `cgroup/…`. */
const CGROUP_KINDS: readonly (readonly [words: RegExp, context: string])[] = [
  [/^skb$/, "__sk_buff"],
  [/^dev$/, "bpf_cgroup_dev_ctx"],
  [/^sysctl$/, "bpf_sysctl"],
  [/^[gs]etsockopt$/, "bpf_sockopt"],
  [/^(?:sock|sock_create|sock_release|post_bind[46])$/, "bpf_sock"],
  [/^(?:bind|connect|sendmsg|recvmsg|getpeername|getsockname)(?:[46]|_unix)$/, "bpf_sock_addr"],
];

const byWord: ReadonlyMap<string, ProgramKind> = new Map(
  KINDS.flatMap(([words, context, anyResult]) =>
    words.split(" ").map((word) => [word, { context, anyResult }] as const),
  ),
);

/** The kind of the programs in a section; undefined where its name does not tell (freplace takes its target's). */
export function programKind(section: string): ProgramKind | undefined {
  // libbpf does not load a program of its own accord whose section begins with a question mark.
  const [first = "", second = ""] = section.replace(/^\?/, "").split("/");
  if (first === "cgroup") {
    const kind = CGROUP_KINDS.find(([words]) => words.test(second));
    return kind === undefined ? undefined : { context: kind[1], anyResult: false };
  }
  return byWord.get(first.split(".")[0] ?? "");
}

/** Offsets in bytes of the fields of contexts that a program reads as pointers: packets, sockets; of all others, any may be one. */
const POINTER_FIELDS: ReadonlyMap<string | undefined, readonly number[]> = new Map([
  ["xdp_md", [0, 4, 8]],
  ["__sk_buff", [76, 80, 140, 144, 168]],
  ["bpf_user_pt_regs_t", []],
  ["bpf_perf_event_data", []],
  ["bpf_raw_tracepoint_args", []],
  ["bpf_sysctl", []],
  ["bpf_cgroup_dev_ctx", []],
]);

/** Whether what a program reads at an offset of its context may be a pointer. */
export function mayBePointer(context: string | undefined, offset: number): boolean {
  return POINTER_FIELDS.get(context)?.includes(offset) ?? true;
}

/** The one struct by which the programs of all these sections know their context. */
export function contextOf(sections: ReadonlySet<string>): string | undefined {
  const structs = new Set([...sections].map((section) => programKind(section)?.context));
  const [struct] = structs;
  return structs.size === 1 ? struct : undefined;
}

/** Structs that are a context for some kind of program, whatever section names them. */
export const CONTEXT_STRUCTS: ReadonlySet<string> = new Set([
  ...KINDS.flatMap(([, context]) => (context === undefined ? [] : [context])),
  ...CGROUP_KINDS.map(([, context]) => context),
  "pt_regs",
  "bpf_flow_keys",
]);
