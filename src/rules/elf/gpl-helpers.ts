/**
 * Made by `npm run gpl-helpers`, not by hand, of what test/rules/elf/gpl-helpers.ts lists.
 *
 * Probed: Linux 6.18.44, every helper in 28 types of programs; not to be tried there: LIRC_MODE2, STRUCT_OPS, EXT, LSM.
 * Cross-checked with `.gpl_only` in linux-source-6.1 6.1.192-2 and linux-source-6.12 6.12.117-1~deb12u1.
 */

/** Helpers that only programs with a GPL-compatible license may call: `enum bpf_func_id`, and its name without "bpf_". */
export const GPL_HELPERS: readonly (readonly [id: number, name: string])[] = [
  [4, "probe_read"],
  [6, "trace_printk"],
  [22, "perf_event_read"],
  [25, "perf_event_output"],
  [27, "get_stackid"],
  [35, "get_current_task"],
  [36, "probe_write_user"],
  [45, "probe_read_str"],
  [55, "perf_event_read_value"],
  [56, "perf_prog_read_value"],
  [58, "override_return"],
  [67, "get_stack"],
  [69, "fib_lookup"],
  [77, "rc_repeat"],
  [78, "rc_keydown"],
  [92, "rc_pointer_rel"],
  [100, "tcp_check_syncookie"],
  [110, "tcp_gen_syncookie"],
  [111, "skb_output"],
  [112, "probe_read_user"],
  [113, "probe_read_kernel"],
  [114, "probe_read_user_str"],
  [115, "probe_read_kernel_str"],
  [119, "read_branch_records"],
  [121, "xdp_output"],
  [126, "seq_printf"],
  [127, "seq_write"],
  [150, "seq_printf_btf"],
  [158, "get_current_task_btf"],
  [163, "check_mtu"],
  [165, "snprintf"],
  [169, "timer_init"],
  [170, "timer_set_callback"],
  [171, "timer_start"],
  [172, "timer_cancel"],
  [173, "get_func_ip"],
  [175, "task_pt_regs"],
  [176, "get_branch_snapshot"],
  [177, "trace_vprintk"],
  [191, "copy_from_user_task"],
  [204, "tcp_raw_gen_syncookie_ipv4"],
  [205, "tcp_raw_gen_syncookie_ipv6"],
  [206, "tcp_raw_check_syncookie_ipv4"],
  [207, "tcp_raw_check_syncookie_ipv6"],
];

/** Those of them that perf_event programs, unlike others, may call with any license. */
export const OPEN_IN_PERF_EVENT: ReadonlySet<number> = new Set([27]);
