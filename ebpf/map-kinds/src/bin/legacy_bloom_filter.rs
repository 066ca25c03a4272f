//! `maps::BloomFilter`: A set of structs.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    macros::{map, xdp},
    maps::BloomFilter,
    programs::XdpContext,
};
use map_kinds as _;

#[repr(C)]
pub struct Flow {
    pub source: u32,
    pub target: u32,
    pub port: u16,
    pub protocol: u16,
}

#[map]
static SEEN: BloomFilter<Flow> = BloomFilter::with_max_entries(1024, 0);

#[xdp]
pub fn once(ctx: XdpContext) -> u32 {
    let flow = Flow { source: ctx.ingress_ifindex() as u32, target: 1, port: ctx.rx_queue_index() as u16, protocol: 6 };
    if SEEN.contains(&flow).is_ok() {
        return xdp_action::XDP_PASS;
    }
    let _ = SEEN.insert(&flow, 0);
    xdp_action::XDP_PASS
}
