//! Maps of maps: array of arrays, hash of hashes with a struct key, each with the inner definition in its type.
#![no_std]
#![no_main]

use aya_ebpf::{
    btf_maps::{Array, ArrayOfMaps, HashMap, HashOfMaps},
    macros::{btf_map, tracepoint},
    programs::TracePointContext,
};

#[repr(C)]
pub struct Bucket {
    pub hits: u64,
    pub misses: u64,
}

#[repr(C)]
pub struct GroupKey {
    pub group: u32,
    pub zone: u32,
}

#[btf_map]
static BUCKETS: ArrayOfMaps<Array<Bucket, 16>, 4> = ArrayOfMaps::new();

#[btf_map]
static GROUPS: HashOfMaps<GroupKey, HashMap<u32, u64, 128>, 8> = HashOfMaps::new();

#[tracepoint(category = "sched", name = "sched_process_fork")]
pub fn descend(ctx: TracePointContext) -> u32 {
    // SAFETY: `child_pid` lies inside the 24-byte record.
    let Ok(pid) = (unsafe { ctx.read_at::<u32>(20) }) else { return 1 };
    if let Some(bucket) = BUCKETS.get_value_ptr_mut(pid & 3, &(pid & 15)) {
        // SAFETY: the pointer comes from a lookup.
        unsafe { (*bucket).hits += 1 };
    }
    // SAFETY: nothing removes entries while the value is read.
    if let Some(count) = unsafe { GROUPS.get_value_ptr_mut(&GroupKey { group: pid & 7, zone: 0 }, &pid) } {
        unsafe { *count += 1 };
    }
    0
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";

#[panic_handler]
fn panic(_info: &core::panic::PanicInfo) -> ! {
    loop {}
}
