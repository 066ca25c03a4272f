//! `btf_maps::ProgramArray`: Tail calls.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    btf_maps::ProgramArray,
    macros::{btf_map, xdp},
    programs::XdpContext,
};
use map_kinds as _;

#[btf_map]
static STEPS: ProgramArray<4> = ProgramArray::new();

#[xdp]
pub fn entry(ctx: XdpContext) -> u32 {
    // SAFETY: on failure control comes back here.
    unsafe { STEPS.tail_call(&ctx, 1) };
    xdp_action::XDP_PASS
}

#[xdp]
pub fn second(_ctx: XdpContext) -> u32 {
    xdp_action::XDP_DROP
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";
