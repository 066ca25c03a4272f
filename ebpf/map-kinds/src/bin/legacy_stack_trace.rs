//! `maps::StackTrace`: Stacks of the callers.
#![no_std]
#![no_main]

use aya_ebpf::{
    macros::{map, tracepoint},
    maps::StackTrace,
    programs::{tracing::StackIdContext as _, TracePointContext},
};
use map_kinds as _;

#[map]
static STACKS: StackTrace = StackTrace::with_max_entries(64, 0);

#[tracepoint(category = "sched", name = "sched_process_fork")]
pub fn fork(ctx: TracePointContext) -> u32 {
    match ctx.get_stackid(&STACKS, 0) {
        Ok(_) => 0,
        Err(_) => 1,
    }
}
