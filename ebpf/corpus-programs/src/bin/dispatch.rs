//! Tail calls through a program array, a pinned map, a perf event array and a stack trace map.
#![no_std]
#![no_main]

use aya_ebpf::{
    btf_maps::{Array, PerfEventArray, ProgramArray, StackTrace},
    macros::{btf_map, kprobe},
    programs::{tracing::StackIdContext, ProbeContext},
};

#[btf_map]
static JUMP_TABLE: ProgramArray<4> = ProgramArray::new();

#[btf_map(pin_by_name)]
static BTF_FIX_DISPATCH_COUNTS: Array<u64, 4> = Array::new();

#[btf_map]
static STACKS: StackTrace<64> = StackTrace::new();

#[repr(C)]
pub struct Call {
    pub index: u32,
    pub stack: i64,
}

#[btf_map]
static CALLS: PerfEventArray<0, 0> = PerfEventArray::new();

#[kprobe]
pub fn entry(ctx: ProbeContext) -> u32 {
    // SAFETY: on failure control comes back here.
    unsafe { JUMP_TABLE.tail_call(&ctx, 1) };
    0
}

#[kprobe]
pub fn second(ctx: ProbeContext) -> u32 {
    if let Some(count) = BTF_FIX_DISPATCH_COUNTS.get_ptr_mut(1) {
        // SAFETY: the pointer comes from a lookup.
        unsafe { *count += 1 };
    }
    let stack = ctx.get_stackid(&STACKS, 0).unwrap_or(-1);
    CALLS.output(&ctx, &Call { index: 1, stack }, 0);
    0
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";

#[panic_handler]
fn panic(_info: &core::panic::PanicInfo) -> ! {
    loop {}
}
