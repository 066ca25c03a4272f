//! Probes: how long functions of the kernel and of programs take, as histograms, with the stacks of the slow ones.
#![no_std]
#![no_main]

use aya_ebpf::{
    btf_maps::{HashMap, StackTrace},
    helpers::{bpf_get_current_pid_tgid, bpf_ktime_get_ns},
    macros::{btf_map, kprobe, kretprobe, map, uprobe, uretprobe},
    maps::{Array, PerCpuArray},
    programs::{tracing::StackIdContext as _, ProbeContext, RetProbeContext},
};
use aya_programs as _;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Start {
    pub nanoseconds: u64,
    pub argument: Option<u64>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Slow {
    pub nanoseconds: u64,
    pub stack: i64,
}

/// Calls by the power of two of their time.
#[repr(transparent)]
pub struct Histogram(pub [u64; 32]);

#[btf_map]
static STARTS: HashMap<u64, Start, 10240> = HashMap::new();

#[map]
static HISTOGRAM: PerCpuArray<Histogram> = PerCpuArray::with_max_entries(2, 0);

#[map]
static SLOWEST: Array<Slow> = Array::with_max_entries(2, 0);

#[btf_map]
static STACKS: StackTrace<128> = StackTrace::new();

/// Calls are slow from here on, in nanoseconds.
#[unsafe(no_mangle)]
static mut SLOW_FROM: u64 = 1_000_000;

fn start(ctx: &ProbeContext) {
    // SAFETY: the helper takes no arguments.
    let start = Start { nanoseconds: unsafe { bpf_ktime_get_ns() }, argument: ctx.arg(0) };
    let _ = STARTS.insert(&bpf_get_current_pid_tgid(), &start, 0);
}

fn end(ctx: &RetProbeContext, which: u32) {
    let thread = bpf_get_current_pid_tgid();
    // SAFETY: the reference is not used after the entry is removed.
    let Some(start) = (unsafe { STARTS.get(&thread) }).copied() else {
        return;
    };
    let _ = STARTS.remove(&thread);
    // SAFETY: the helper takes no arguments.
    let nanoseconds = unsafe { bpf_ktime_get_ns() } - start.nanoseconds;
    if let Some(histogram) = HISTOGRAM.get_ptr_mut(which) {
        let slot = (63 - (nanoseconds | 1).leading_zeros()) as usize & 31;
        // SAFETY: the pointer comes from a lookup, and the entry is this processor's.
        unsafe { (*histogram).0[slot] += 1 };
    }
    // SAFETY: user space alone writes it, in one store.
    if nanoseconds >= unsafe { core::ptr::read_volatile(&raw const SLOW_FROM) } {
        let stack = ctx.get_stackid(&STACKS, 0).unwrap_or(-1);
        let _ = SLOWEST.set(which, &Slow { nanoseconds, stack }, 0);
    }
}

#[kprobe]
pub fn kernel_start(ctx: ProbeContext) -> u32 {
    start(&ctx);
    0
}

#[kretprobe]
pub fn kernel_end(ctx: RetProbeContext) -> u32 {
    end(&ctx, 0);
    0
}

#[uprobe]
pub fn program_start(ctx: ProbeContext) -> u32 {
    start(&ctx);
    0
}

#[uretprobe]
pub fn program_end(ctx: RetProbeContext) -> u32 {
    end(&ctx, 1);
    0
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";
