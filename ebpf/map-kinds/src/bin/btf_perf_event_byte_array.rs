//! `btf_maps::PerfEventByteArray`: Bytes to user space; no license, though the helper is for GPL programs only.
#![no_std]
#![no_main]

use aya_ebpf::{
    btf_maps::PerfEventByteArray,
    macros::{btf_map, tracepoint},
    programs::TracePointContext,
};
use map_kinds as _;

#[btf_map]
static FORKS: PerfEventByteArray = PerfEventByteArray::new();

#[tracepoint(category = "sched", name = "sched_process_fork")]
pub fn fork(ctx: TracePointContext) -> u32 {
    // SAFETY: the field lies inside the 24-byte record.
    let Ok(child) = (unsafe { ctx.read_at::<u32>(20) }) else {
        return 1;
    };
    FORKS.output(&ctx, &child.to_ne_bytes(), 0);
    0
}
