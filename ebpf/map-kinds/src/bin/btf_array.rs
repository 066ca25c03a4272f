//! `btf_maps::Array`: A struct for each receive queue.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    btf_maps::Array,
    macros::{btf_map, xdp},
    programs::XdpContext,
};
use map_kinds as _;

#[repr(C)]
pub struct Tally {
    pub packets: u64,
    pub bytes: u64,
}

#[btf_map]
static COUNTERS: Array<Tally, 8> = Array::new();

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

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";
