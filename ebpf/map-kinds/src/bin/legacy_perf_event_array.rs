//! `maps::PerfEventArray`: Structs to user space, processor by processor.
#![no_std]
#![no_main]

use aya_ebpf::{
    macros::{map, tracepoint},
    maps::PerfEventArray,
    programs::TracePointContext,
};
use map_kinds as _;

#[repr(C)]
pub struct Fork {
    pub parent: u32,
    pub child: u32,
}

#[map]
static FORKS: PerfEventArray<Fork> = PerfEventArray::new(0);

#[tracepoint(category = "sched", name = "sched_process_fork")]
pub fn fork(ctx: TracePointContext) -> u32 {
    // SAFETY: both fields lie inside the 24-byte record.
    let (Ok(parent), Ok(child)) = (unsafe { ctx.read_at::<u32>(12) }, unsafe { ctx.read_at::<u32>(20) }) else {
        return 1;
    };
    FORKS.output(&ctx, &Fork { parent, child }, 0);
    0
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";
