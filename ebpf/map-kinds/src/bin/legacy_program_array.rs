//! `maps::ProgramArray`: Tail calls.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    macros::{map, xdp},
    maps::ProgramArray,
    programs::XdpContext,
};
use map_kinds as _;

#[map]
static STEPS: ProgramArray = ProgramArray::with_max_entries(4, 0);

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
