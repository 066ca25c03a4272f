/**
 * Made by `npm run gpl-helpers`, not by hand: what src/rules/elf/gpl-helpers.ts comes from.
 *
 * Probed: Linux 6.18.44, every helper in 28 types of programs; not to be tried there: LIRC_MODE2, STRUCT_OPS, EXT, LSM.
 * Cross-checked with `.gpl_only` in linux-source-6.1 6.1.192-2 and linux-source-6.12 6.12.117-1~deb12u1.
 */
import type { SeenHelper } from "../../../tools/gpl-helpers/table.ts";

/** Every type that was tried; 18 helpers are barred in all of them. */
// biome-ignore format: a generated table
const ALL: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 23, 24, 25, 26, 30, 31, 32];

// biome-ignore format: a generated table
export const SEEN_HELPERS: readonly SeenHelper[] = [
  { id: 4, name: "probe_read", barredIn: [2, 5, 7, 17, 24, 26, 31], openIn: [], seen: "kernel" },
  { id: 6, name: "trace_printk", barredIn: ALL, openIn: [], seen: "kernel" },
  { id: 22, name: "perf_event_read", barredIn: ALL, openIn: [], seen: "kernel" },
  { id: 25, name: "perf_event_output", barredIn: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 23, 24, 25, 26, 30, 31], openIn: [], seen: "kernel" },
  { id: 27, name: "get_stackid", barredIn: [2, 5, 17, 24, 26, 31], openIn: [7], seen: "kernel" },
  { id: 35, name: "get_current_task", barredIn: ALL, openIn: [], seen: "kernel" },
  { id: 36, name: "probe_write_user", barredIn: [], openIn: [], seen: "source" },
  { id: 45, name: "probe_read_str", barredIn: [2, 5, 7, 17, 24, 26, 31], openIn: [], seen: "kernel" },
  { id: 55, name: "perf_event_read_value", barredIn: ALL, openIn: [], seen: "kernel" },
  { id: 56, name: "perf_prog_read_value", barredIn: [7], openIn: [], seen: "kernel" },
  { id: 58, name: "override_return", barredIn: [], openIn: [], seen: "source" },
  { id: 67, name: "get_stack", barredIn: [2, 5, 7, 17, 24, 26, 31], openIn: [], seen: "kernel" },
  { id: 69, name: "fib_lookup", barredIn: [3, 4, 6], openIn: [], seen: "kernel" },
  { id: 77, name: "rc_repeat", barredIn: [], openIn: [], seen: "source" },
  { id: 78, name: "rc_keydown", barredIn: [], openIn: [], seen: "source" },
  { id: 92, name: "rc_pointer_rel", barredIn: [], openIn: [], seen: "source" },
  { id: 100, name: "tcp_check_syncookie", barredIn: [3, 4, 6], openIn: [], seen: "kernel" },
  { id: 110, name: "tcp_gen_syncookie", barredIn: [3, 4, 6], openIn: [], seen: "kernel" },
  { id: 111, name: "skb_output", barredIn: [26, 31], openIn: [], seen: "kernel" },
  { id: 112, name: "probe_read_user", barredIn: ALL, openIn: [], seen: "kernel" },
  { id: 113, name: "probe_read_kernel", barredIn: ALL, openIn: [], seen: "kernel" },
  { id: 114, name: "probe_read_user_str", barredIn: ALL, openIn: [], seen: "kernel" },
  { id: 115, name: "probe_read_kernel_str", barredIn: ALL, openIn: [], seen: "kernel" },
  { id: 119, name: "read_branch_records", barredIn: [7], openIn: [], seen: "kernel" },
  { id: 121, name: "xdp_output", barredIn: [26, 31], openIn: [], seen: "kernel" },
  { id: 126, name: "seq_printf", barredIn: [26], openIn: [], seen: "kernel" },
  { id: 127, name: "seq_write", barredIn: [26], openIn: [], seen: "kernel" },
  { id: 150, name: "seq_printf_btf", barredIn: [26], openIn: [], seen: "kernel" },
  { id: 158, name: "get_current_task_btf", barredIn: ALL, openIn: [], seen: "kernel" },
  { id: 163, name: "check_mtu", barredIn: [3, 4, 6], openIn: [], seen: "kernel" },
  { id: 165, name: "snprintf", barredIn: ALL, openIn: [], seen: "kernel" },
  { id: 169, name: "timer_init", barredIn: ALL, openIn: [], seen: "kernel" },
  { id: 170, name: "timer_set_callback", barredIn: ALL, openIn: [], seen: "kernel" },
  { id: 171, name: "timer_start", barredIn: ALL, openIn: [], seen: "kernel" },
  { id: 172, name: "timer_cancel", barredIn: ALL, openIn: [], seen: "kernel" },
  { id: 173, name: "get_func_ip", barredIn: [2, 5, 7, 17, 24, 26, 31], openIn: [], seen: "kernel" },
  { id: 175, name: "task_pt_regs", barredIn: ALL, openIn: [], seen: "kernel" },
  { id: 176, name: "get_branch_snapshot", barredIn: ALL, openIn: [], seen: "kernel" },
  { id: 177, name: "trace_vprintk", barredIn: ALL, openIn: [], seen: "kernel" },
  { id: 191, name: "copy_from_user_task", barredIn: ALL, openIn: [], seen: "kernel" },
  { id: 204, name: "tcp_raw_gen_syncookie_ipv4", barredIn: [3, 4, 6], openIn: [], seen: "kernel" },
  { id: 205, name: "tcp_raw_gen_syncookie_ipv6", barredIn: [3, 4, 6], openIn: [], seen: "kernel" },
  { id: 206, name: "tcp_raw_check_syncookie_ipv4", barredIn: [3, 4, 6], openIn: [], seen: "kernel" },
  { id: 207, name: "tcp_raw_check_syncookie_ipv6", barredIn: [3, 4, 6], openIn: [], seen: "kernel" },
];
