//! Calls of the kernel by number, and for one process the last ones, with a log; bytes go out by a legacy perf array.
#![no_std]
#![no_main]

use aya_ebpf::{
    btf_maps::{HashMap, LruHashMap},
    helpers::bpf_get_current_pid_tgid,
    macros::{btf_map, map, raw_tracepoint},
    maps::{PerCpuArray, PerfEventByteArray},
    programs::RawTracePointContext,
};
use aya_log_ebpf::warn;
use aya_programs as _;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Last {
    pub numbers: [u16; 8],
    pub next: u8,
}

pub mod policy {
    /// What happens to a call.
    #[derive(Clone, Copy)]
    pub enum Action<T> {
        Ignore,
        Report(T),
    }
}

#[map]
static BY_NUMBER: PerCpuArray<u64> = PerCpuArray::with_max_entries(512, 0);

#[btf_map]
static LAST: LruHashMap<u32, Last, 256> = LruHashMap::new();

#[btf_map]
static ACTIONS: HashMap<u64, policy::Action<(u32, u8)>, 64> = HashMap::new();

#[map]
static RAW: PerfEventByteArray = PerfEventByteArray::new(0);

#[raw_tracepoint(tracepoint = "sys_enter")]
pub fn enter(ctx: RawTracePointContext) -> i32 {
    let number: u64 = ctx.arg(1);
    if let Some(count) = BY_NUMBER.get_ptr_mut(number as u32 & 511) {
        // SAFETY: the pointer comes from a lookup, and the entry is this processor's.
        unsafe { *count += 1 };
    }
    let process = (bpf_get_current_pid_tgid() >> 32) as u32;
    match LAST.get_ptr_mut(&process) {
        // SAFETY: the pointer comes from a lookup.
        Some(last) => unsafe {
            let next = (*last).next & 7;
            (*last).numbers[next as usize] = number as u16;
            (*last).next = next + 1;
        },
        None => {
            let _ = LAST.insert(&process, &Last { numbers: [number as u16; 8], next: 1 }, 0);
        }
    }
    // SAFETY: the reference is not used after the entry could change.
    if let Some(policy::Action::Report((level, _))) = unsafe { ACTIONS.get(&number) } {
        warn!(&ctx, "process {} calls {} (level {})", process, number, *level);
        RAW.output(&ctx, &number.to_ne_bytes(), 0);
    }
    0
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";
