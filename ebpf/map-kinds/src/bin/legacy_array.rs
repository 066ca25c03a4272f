//! `maps::Array`: A struct for each receive queue.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    macros::{map, xdp},
    maps::Array,
    programs::XdpContext,
};
use map_kinds as _;

#[repr(C)]
pub struct Tally {
    pub packets: u64,
    pub bytes: u64,
}

#[map]
static COUNTERS: Array<Tally> = Array::with_max_entries(8, 0);

#[xdp]
pub fn count(ctx: XdpContext) -> u32 {
    if let Some(tally) = COUNTERS.get_ptr_mut(ctx.rx_queue_index() & 7) {
        // SAFETY: the pointer comes from a lookup.
        unsafe {
            (*tally).packets += 1;
            (*tally).bytes += (ctx.data_end() - ctx.data()) as u64;
        }
    }
    xdp_action::XDP_PASS
}
