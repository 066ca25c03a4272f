//! `btf_maps::ReusePortSockArray`: Connections to listening sockets.
#![no_std]
#![no_main]

use aya_ebpf::{
    btf_maps::ReusePortSockArray,
    macros::{btf_map, sk_reuseport},
    programs::SkReuseportContext,
};
use map_kinds as _;

#[btf_map]
static LISTENERS: ReusePortSockArray<4> = ReusePortSockArray::new();

/// SK_PASS.
const PASS: u32 = 1;

#[sk_reuseport]
pub fn choose(ctx: SkReuseportContext) -> u32 {
    let _ = LISTENERS.select_reuseport(&ctx, ctx.hash() & 3);
    PASS
}
