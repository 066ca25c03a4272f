//! `btf_maps::RingBuf`: Events with an enum that has a payload.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    btf_maps::RingBuf,
    macros::{btf_map, xdp},
    programs::XdpContext,
};
use map_kinds as _;

pub enum What {
    Packet { length: u32 },
    Other(u32),
}

#[repr(C)]
pub struct Event {
    pub device: u32,
    pub what: What,
}

#[btf_map]
static EVENTS: RingBuf<Event, 4096> = RingBuf::new();

#[xdp]
pub fn report(ctx: XdpContext) -> u32 {
    let Some(mut entry) = EVENTS.reserve(0) else {
        return xdp_action::XDP_PASS;
    };
    let what = match ctx.rx_queue_index() {
        0 => What::Packet { length: (ctx.data_end() - ctx.data()) as u32 },
        queue => What::Other(queue),
    };
    entry.write(Event { device: ctx.ingress_ifindex() as u32, what });
    entry.submit(0);
    xdp_action::XDP_PASS
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";
