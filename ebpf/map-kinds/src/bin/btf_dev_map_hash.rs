//! `btf_maps::DevMapHash`: Packets to other devices, by number.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    btf_maps::DevMapHash,
    macros::{btf_map, xdp},
    programs::XdpContext,
};
use map_kinds as _;

#[btf_map]
static DEVICES: DevMapHash<8> = DevMapHash::new();

#[xdp]
pub fn redirect(ctx: XdpContext) -> u32 {
    let device = ctx.ingress_ifindex() as u32;
    match DEVICES.get_ifindex(device) {
        Some(_) => DEVICES.redirect(device, 0).unwrap_or(xdp_action::XDP_PASS),
        None => xdp_action::XDP_PASS,
    }
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";
