//! `btf_maps::StackTrace`: Stacks of the callers.
#![no_std]
#![no_main]

use aya_ebpf::{
    btf_maps::StackTrace,
    macros::{btf_map, tracepoint},
    programs::{tracing::StackIdContext as _, TracePointContext},
};
use map_kinds as _;

#[btf_map]
static STACKS: StackTrace<64> = StackTrace::new();

#[tracepoint(category = "sched", name = "sched_process_fork")]
pub fn fork(ctx: TracePointContext) -> u32 {
    match ctx.get_stackid(&STACKS, 0) {
        Ok(_) => 0,
        Err(_) => 1,
    }
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";
