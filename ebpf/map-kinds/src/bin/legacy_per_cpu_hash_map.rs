//! `maps::PerCpuHashMap`: Newtypes as key and value.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    macros::{map, xdp},
    maps::PerCpuHashMap,
    programs::XdpContext,
};
use map_kinds as _;

pub struct Port(pub u16);

#[derive(Clone, Copy)]
pub struct Hits(pub [u64; 2]);

#[map]
static HITS: PerCpuHashMap<Port, Hits> = PerCpuHashMap::with_max_entries(256, 0);

#[xdp]
pub fn count(ctx: XdpContext) -> u32 {
    let port = Port(ctx.rx_queue_index() as u16);
    match HITS.get_ptr_mut(&port) {
        // SAFETY: the pointer comes from a lookup, and no other program runs on this processor.
        Some(hits) => unsafe { (*hits).0[0] += 1 },
        None => {
            let _ = HITS.insert(&port, &Hits([1, 0]), 0);
        }
    }
    xdp_action::XDP_PASS
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";
