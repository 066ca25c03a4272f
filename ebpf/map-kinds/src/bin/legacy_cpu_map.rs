//! `maps::CpuMap`: Packets to other processors.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    macros::{map, xdp},
    maps::CpuMap,
    programs::XdpContext,
};
use map_kinds as _;

#[map]
static CPUS: CpuMap = CpuMap::with_max_entries(4, 0);

#[xdp]
pub fn redirect(ctx: XdpContext) -> u32 {
    CPUS.redirect(ctx.rx_queue_index() & 3, 0).unwrap_or(xdp_action::XDP_PASS)
}
