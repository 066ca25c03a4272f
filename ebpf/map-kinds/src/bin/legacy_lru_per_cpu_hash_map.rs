//! `maps::LruPerCpuHashMap`: A tuple as key, an `Option` in the value.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    macros::{map, xdp},
    maps::LruPerCpuHashMap,
    programs::XdpContext,
};
use map_kinds as _;

pub struct Sample {
    pub length: u32,
    pub mark: Option<u32>,
}

#[map]
static SAMPLES: LruPerCpuHashMap<(u32, u32), Sample> = LruPerCpuHashMap::with_max_entries(64, 0);

#[xdp]
pub fn sample(ctx: XdpContext) -> u32 {
    let key = (ctx.ingress_ifindex() as u32, ctx.rx_queue_index());
    let sample = Sample { length: (ctx.data_end() - ctx.data()) as u32, mark: Some(key.1) };
    let _ = SAMPLES.insert(&key, &sample, 0);
    xdp_action::XDP_PASS
}
