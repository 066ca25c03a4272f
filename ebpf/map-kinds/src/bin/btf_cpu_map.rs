//! `btf_maps::CpuMap`: Packets to other processors.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    btf_maps::CpuMap,
    macros::{btf_map, xdp},
    programs::XdpContext,
};
use map_kinds as _;

#[btf_map]
static CPUS: CpuMap<4> = CpuMap::new();

#[xdp]
pub fn redirect(ctx: XdpContext) -> u32 {
    CPUS.redirect(ctx.rx_queue_index() & 3, 0).unwrap_or(xdp_action::XDP_PASS)
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";
