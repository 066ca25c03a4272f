//! `maps::PerCpuArray`: One struct for each processor.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    macros::{map, xdp},
    maps::PerCpuArray,
    programs::XdpContext,
};
use map_kinds as _;

#[repr(C)]
pub struct Tally {
    pub packets: u64,
    pub bytes: u64,
}

#[map]
static COUNTERS: PerCpuArray<Tally> = PerCpuArray::with_max_entries(1, 0);

#[xdp]
pub fn count(ctx: XdpContext) -> u32 {
    if let Some(tally) = COUNTERS.get_ptr_mut(0) {
        // SAFETY: the pointer comes from a lookup, and no other program runs on this processor.
        unsafe {
            (*tally).packets += 1;
            (*tally).bytes += (ctx.data_end() - ctx.data()) as u64;
        }
    }
    xdp_action::XDP_PASS
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";
