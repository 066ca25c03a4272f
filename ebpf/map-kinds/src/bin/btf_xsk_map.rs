//! `btf_maps::XskMap`: Packets to AF_XDP sockets.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    btf_maps::XskMap,
    macros::{btf_map, xdp},
    programs::XdpContext,
};
use map_kinds as _;

#[btf_map]
static SOCKETS: XskMap<4> = XskMap::new();

#[xdp]
pub fn redirect(ctx: XdpContext) -> u32 {
    let queue = ctx.rx_queue_index();
    match SOCKETS.get(queue) {
        Some(own) if own == queue => SOCKETS.redirect(queue, 0).unwrap_or(xdp_action::XDP_PASS),
        _ => xdp_action::XDP_PASS,
    }
}
