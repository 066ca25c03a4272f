//! `btf_maps::PerCpuHashMap`: Newtypes as key and value.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    btf_maps::PerCpuHashMap,
    macros::{btf_map, xdp},
    programs::XdpContext,
};
use map_kinds as _;

pub struct Port(pub u16);

#[derive(Clone, Copy)]
pub struct Hits(pub [u64; 2]);

#[btf_map]
static HITS: PerCpuHashMap<Port, Hits, 256> = PerCpuHashMap::new();

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
