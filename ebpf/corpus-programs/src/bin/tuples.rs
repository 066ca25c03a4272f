//! Tuples and structs with Rust's own layout, whose members stand in another order than their offsets.
#![no_std]
#![no_main]

use aya_ebpf::{
    btf_maps::{HashMap, LruHashMap, LruPerCpuHashMap},
    macros::{btf_map, tracepoint},
    programs::TracePointContext,
};

#[derive(Clone, Copy)]
pub struct Unordered {
    pub small: u8,
    pub large: u64,
    pub middle: u32,
    pub pair: (u16, u64, u8),
}

pub struct Newtype(pub u32, pub u64, pub bool);

#[btf_map]
static RECENT: LruHashMap<(u32, u16), (u8, u64, u16), 512> = LruHashMap::new();

#[btf_map]
static UNORDERED: HashMap<(u64,), Unordered, 64> = HashMap::new();

#[btf_map]
static LRU_PER_CPU: LruPerCpuHashMap<[u32; 2], Newtype, 32> = LruPerCpuHashMap::new();

#[tracepoint(category = "sched", name = "sched_process_fork")]
pub fn remember(ctx: TracePointContext) -> u32 {
    // SAFETY: both fields lie inside the 24-byte record.
    let (Ok(parent), Ok(child)) = (unsafe { ctx.read_at::<u32>(12) }, unsafe { ctx.read_at::<u32>(20) }) else {
        return 1;
    };
    // A key with padding must be zeroed as a whole: the verifier refuses uninitialised stack bytes.
    let mut key = core::mem::MaybeUninit::<(u32, u16)>::zeroed();
    // SAFETY: `key` is zeroed, which is a value of its type.
    unsafe {
        (*key.as_mut_ptr()).0 = parent;
        (*key.as_mut_ptr()).1 = child as u16;
    }
    if let Some(value) = RECENT.get_ptr_mut(unsafe { key.assume_init_ref() }) {
        unsafe { (*value).1 += 1 };
    }
    if let Some(value) = UNORDERED.get_ptr_mut(&(u64::from(child),)) {
        unsafe {
            (*value).large += 1;
            (*value).pair.1 = (*value).large;
        }
    }
    if let Some(value) = LRU_PER_CPU.get_ptr_mut(&[parent, child]) {
        unsafe { (*value).1 += 1 };
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
