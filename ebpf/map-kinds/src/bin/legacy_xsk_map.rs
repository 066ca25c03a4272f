//! `maps::XskMap`: Packets to AF_XDP sockets.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    macros::{map, xdp},
    maps::XskMap,
    programs::XdpContext,
};
use map_kinds as _;

#[map]
static SOCKETS: XskMap = XskMap::with_max_entries(4, 0);

#[xdp]
pub fn redirect(ctx: XdpContext) -> u32 {
    let queue = ctx.rx_queue_index();
    match SOCKETS.get(queue) {
        Some(own) if own == queue => SOCKETS.redirect(queue, 0).unwrap_or(xdp_action::XDP_PASS),
        _ => xdp_action::XDP_PASS,
    }
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";
