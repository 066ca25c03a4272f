//! Maps without a key: queue, stack, bloom filter and ring buffer; aya gives them the key type `()`.
#![no_std]
#![no_main]

use aya_ebpf::{
    btf_maps::{BloomFilter, Queue, RingBuf, Stack},
    macros::{btf_map, tracepoint},
    programs::TracePointContext,
};

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Job {
    pub parent: u32,
    pub child: u32,
}

#[btf_map]
static JOBS: Queue<Job, 256> = Queue::new();

#[btf_map]
static UNDO: Stack<[u64; 2], 32> = Stack::new();

#[btf_map]
static SEEN: BloomFilter<u32, 1024, 0, 3> = BloomFilter::new();

#[btf_map]
static NOTICES: RingBuf<Job, 8192> = RingBuf::new();

#[tracepoint(category = "sched", name = "sched_process_fork")]
pub fn enqueue(ctx: TracePointContext) -> u32 {
    // SAFETY: both fields lie inside the 24-byte record.
    let (Ok(parent), Ok(child)) = (unsafe { ctx.read_at::<u32>(12) }, unsafe { ctx.read_at::<u32>(20) }) else {
        return 1;
    };
    if SEEN.contains(&parent).is_ok() {
        return 0;
    }
    let job = Job { parent, child };
    let _ = SEEN.insert(&parent, 0);
    let _ = JOBS.push(&job, 0);
    let _ = UNDO.push(&[u64::from(parent), u64::from(child)], 0);
    let _ = NOTICES.output(&job, 0);
    0
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";

#[panic_handler]
fn panic(_info: &core::panic::PanicInfo) -> ! {
    loop {}
}
