//! Work lists: jobs are queued when a process starts, done when it ends, and undone from a stack; a filter keeps doubles out.
#![no_std]
#![no_main]

use aya_ebpf::{
    btf_maps::{BloomFilter, Queue},
    macros::{btf_map, map, raw_tracepoint, tracepoint},
    maps::{Array, Queue as LegacyQueue, Stack},
    programs::{RawTracePointContext, TracePointContext},
    EbpfContext as _,
};
use aya_programs as _;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Job {
    pub pid: u32,
    pub attempts: u16,
    pub urgency: Urgency,
}

#[repr(u16)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    Low = 10,
    High = 20,
}

#[btf_map]
static JOBS: Queue<Job, 1024> = Queue::new();

#[map]
static URGENT: LegacyQueue<Job> = LegacyQueue::with_max_entries(64, 0);

#[map]
static DONE: Stack<Job> = Stack::with_max_entries(4096, 0);

#[btf_map]
static KNOWN: BloomFilter<u32, 65536, 0, 5> = BloomFilter::new();

/// Queued, known before, done.
#[map]
static COUNTS: Array<u64> = Array::with_max_entries(3, 0);

fn count(which: u32) {
    if let Some(count) = COUNTS.get_ptr_mut(which) {
        // SAFETY: the pointer comes from a lookup.
        unsafe { *count += 1 };
    }
}

#[tracepoint(category = "sched", name = "sched_process_fork")]
pub fn queue(ctx: TracePointContext) -> u32 {
    // SAFETY: the field lies inside the 24-byte record.
    let Ok(pid) = (unsafe { ctx.read_at::<u32>(20) }) else {
        return 1;
    };
    if KNOWN.contains(&pid).is_ok() {
        count(1);
    }
    let _ = KNOWN.insert(&pid, 0);
    let urgency = if pid & 1 == 0 { Urgency::Low } else { Urgency::High };
    let job = Job { pid, attempts: 0, urgency };
    let pushed = if urgency == Urgency::High { URGENT.push(&job, 0) } else { JOBS.push(&job, 0) };
    if pushed.is_ok() {
        count(0);
    }
    0
}

#[raw_tracepoint(tracepoint = "sched_process_exit")]
pub fn finish(ctx: RawTracePointContext) -> i32 {
    let job = match URGENT.pop() {
        Ok(Some(job)) => Some(job),
        _ => JOBS.pop().unwrap_or(None),
    };
    if let Some(mut job) = job {
        job.attempts += 1;
        if job.pid == ctx.pid() {
            job.attempts += 1;
        }
        if DONE.push(&job, 2).is_ok() {
            count(2);
        }
    }
    0
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";
