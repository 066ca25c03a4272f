//! `maps::DevMapHash`: Packets to other devices, by number.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    macros::{map, xdp},
    maps::DevMapHash,
    programs::XdpContext,
};
use map_kinds as _;

#[map]
static DEVICES: DevMapHash = DevMapHash::with_max_entries(8, 0);

#[xdp]
pub fn redirect(ctx: XdpContext) -> u32 {
    let device = ctx.ingress_ifindex() as u32;
    match DEVICES.get_ifindex(device) {
        Some(_) => DEVICES.redirect(device, 0).unwrap_or(xdp_action::XDP_PASS),
        None => xdp_action::XDP_PASS,
    }
}
