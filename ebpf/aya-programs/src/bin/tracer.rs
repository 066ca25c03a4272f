//! Tracer of processes with a log: `aya-log`'s own maps beside a typed hash and legacy counters.
#![no_std]
#![no_main]

use aya_ebpf::{
    btf_maps::HashMap,
    helpers::{bpf_get_current_comm, bpf_ktime_get_ns},
    macros::{btf_map, map, tracepoint},
    maps::PerCpuArray,
    programs::TracePointContext,
    EbpfContext as _,
};
use aya_log_ebpf::{debug, info};
use aya_programs as _;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Process {
    pub started: u64,
    pub parent: u32,
    pub name: [u8; 16],
    pub exit_code: Option<i32>,
}

#[btf_map]
static PROCESSES: HashMap<u32, Process, 8192> = HashMap::new();

#[map]
static EVENTS_SEEN: PerCpuArray<[u64; 2]> = PerCpuArray::with_max_entries(1, 0);

fn seen(which: usize) {
    if let Some(counts) = EVENTS_SEEN.get_ptr_mut(0) {
        // SAFETY: the pointer comes from a lookup, and the entry is this processor's.
        unsafe { (*counts)[which & 1] += 1 };
    }
}

#[tracepoint(category = "sched", name = "sched_process_fork")]
pub fn started(ctx: TracePointContext) -> u32 {
    seen(0);
    // SAFETY: both fields lie inside the 24-byte record.
    let (Ok(parent), Ok(child)) = (unsafe { ctx.read_at::<u32>(12) }, unsafe { ctx.read_at::<u32>(20) }) else {
        return 1;
    };
    let name = bpf_get_current_comm().unwrap_or([0; 16]);
    // SAFETY: the helper takes no arguments.
    let process = Process { started: unsafe { bpf_ktime_get_ns() }, parent, name, exit_code: None };
    let _ = PROCESSES.insert(&child, &process, 0);
    info!(&ctx, "process {} has the child {}", parent, child);
    0
}

#[tracepoint(category = "sched", name = "sched_process_exit")]
pub fn ended(ctx: TracePointContext) -> u32 {
    seen(1);
    let pid = ctx.pid();
    if let Some(process) = PROCESSES.get_ptr_mut(&pid) {
        // SAFETY: the pointer comes from a lookup.
        unsafe { (*process).exit_code = Some(0) };
        debug!(&ctx, "process {} ends", pid);
    }
    0
}
