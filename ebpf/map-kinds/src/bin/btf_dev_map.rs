//! `btf_maps::DevMap`: Packets to other devices, by index.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    btf_maps::DevMap,
    macros::{btf_map, xdp},
    programs::XdpContext,
};
use map_kinds as _;

#[btf_map]
static DEVICES: DevMap<8> = DevMap::new();

#[xdp]
pub fn redirect(ctx: XdpContext) -> u32 {
    let index = ctx.rx_queue_index() & 7;
    match DEVICES.get(index) {
        Some(device) if device.if_index != 0 => DEVICES.redirect(index, 0).unwrap_or(xdp_action::XDP_PASS),
        _ => xdp_action::XDP_PASS,
    }
}
