//! Accounts for what a socket receives: counters by length, a pinned total, a tail call to a second filter, records in a ring buffer, and
//! log lines. Its maps are legacy definitions; one is a BTF map beside them.
#![no_std]
#![no_main]
#![allow(static_mut_refs)]

use aya_ebpf::btf_maps::Array as BtfArray;
use aya_ebpf::macros::{btf_map, map, socket_filter};
use aya_ebpf::maps::lpm_trie::Key;
use aya_ebpf::maps::{Array, HashMap, LpmTrie, LruHashMap, PerCpuArray, ProgramArray, Queue, RingBuf};
use aya_ebpf::programs::SkBuffContext;
use aya_log_ebpf::info;

#[repr(C)]
pub struct Flow {
    pub length: u32,
    pub family: u32,
}

#[repr(C)]
pub struct Stats {
    pub packets: u64,
    pub bytes: u64,
}

pub struct Record {
    pub mark: char,
    pub length: u32,
    pub route: u32,
}

#[map]
static FLOWS: HashMap<Flow, Stats> = HashMap::with_max_entries(1024, 0);

#[map]
static TOTALS: Array<Stats> = Array::with_max_entries(2, 0);

#[map]
static SCRATCH: PerCpuArray<[u8; 64]> = PerCpuArray::with_max_entries(1, 0);

#[map]
static STATE: LruHashMap<u32, u64> = LruHashMap::pinned(16, 0);

#[map]
static STEPS: ProgramArray = ProgramArray::with_max_entries(4, 0);

#[map]
static ROUTES: LpmTrie<[u8; 4], u32> = LpmTrie::with_max_entries(8, 1);

#[map]
static JOBS: Queue<Record> = Queue::with_max_entries(32, 0);

#[map]
static EVENTS: RingBuf = RingBuf::with_byte_size(4096, 0);

#[btf_map]
static MODERN: BtfArray<u64, 4> = BtfArray::new();

fn count(stats: *mut Stats, length: u32) {
    // SAFETY: the pointer comes from a lookup.
    unsafe {
        (*stats).packets += 1;
        (*stats).bytes += u64::from(length);
    }
}

#[socket_filter]
pub fn account(ctx: SkBuffContext) -> i64 {
    let length = ctx.len();
    let flow = Flow { length, family: 2 };
    match FLOWS.get_ptr_mut(&flow) {
        Some(stats) => count(stats, length),
        None => {
            let _ = FLOWS.insert(&flow, &Stats { packets: 1, bytes: u64::from(length) }, 0);
        }
    }
    if let Some(stats) = TOTALS.get_ptr_mut(1) {
        count(stats, length);
    }
    if let Some(seen) = STATE.get_ptr_mut(&7) {
        // SAFETY: the pointer comes from a lookup.
        unsafe { *seen += 1 };
    } else {
        let _ = STATE.insert(&7, &1, 0);
    }
    if let Some(scratch) = SCRATCH.get_ptr_mut(0) {
        // SAFETY: the pointer comes from a lookup, and no other program runs on this processor.
        unsafe { (*scratch)[3] = length as u8 };
    }
    if let Some(slot) = MODERN.get_ptr_mut(2) {
        // SAFETY: the pointer comes from a lookup.
        unsafe { *slot += 1 };
    }
    let route = ROUTES.get(&Key::new(32, [127, 0, 0, 1])).copied().unwrap_or(0);
    let _ = JOBS.push(&Record { mark: 'ä', length, route }, 0);
    if let Some(mut entry) = EVENTS.reserve::<u32>(0) {
        entry.write(length);
        entry.submit(0);
    }
    info!(&ctx, "received {} bytes", length);
    // SAFETY: the program behind the index takes the same context.
    let _ = unsafe { STEPS.tail_call(&ctx, 1) };
    i64::from(length)
}

#[socket_filter]
pub fn second(ctx: SkBuffContext) -> i64 {
    if let Some(stats) = TOTALS.get_ptr_mut(0) {
        count(stats, ctx.len());
    }
    i64::from(ctx.len())
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
