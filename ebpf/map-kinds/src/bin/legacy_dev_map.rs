//! `maps::DevMap`: Packets to other devices, by index.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    macros::{map, xdp},
    maps::DevMap,
    programs::XdpContext,
};
use map_kinds as _;

#[map]
static DEVICES: DevMap = DevMap::with_max_entries(8, 0);

#[xdp]
pub fn redirect(ctx: XdpContext) -> u32 {
    let index = ctx.rx_queue_index() & 7;
    match DEVICES.get(index) {
        Some(device) if device.if_index != 0 => DEVICES.redirect(index, 0).unwrap_or(xdp_action::XDP_PASS),
        _ => xdp_action::XDP_PASS,
    }
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";
