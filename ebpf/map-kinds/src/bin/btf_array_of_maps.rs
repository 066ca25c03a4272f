//! `btf_maps::ArrayOfMaps`: Arrays of structs in an array.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    btf_maps::{Array, ArrayOfMaps},
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
static DEVICES: ArrayOfMaps<Array<Tally, 16>, 4> = ArrayOfMaps::new();

#[xdp]
pub fn count(ctx: XdpContext) -> u32 {
    if let Some(tally) = DEVICES.get_value_ptr_mut(ctx.ingress_ifindex() as u32 & 3, &(ctx.rx_queue_index() & 15)) {
        // SAFETY: the pointer comes from a lookup.
        unsafe { (*tally).packets += 1 };
    }
    xdp_action::XDP_PASS
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";
