//! `maps::ReusePortSockArray`: Connections to listening sockets.
#![no_std]
#![no_main]

use aya_ebpf::{
    macros::{map, sk_reuseport},
    maps::ReusePortSockArray,
    programs::SkReuseportContext,
};
use map_kinds as _;

#[map]
static LISTENERS: ReusePortSockArray = ReusePortSockArray::with_max_entries(4, 0);

/// SK_PASS.
const PASS: u32 = 1;

#[sk_reuseport]
pub fn choose(ctx: SkReuseportContext) -> u32 {
    let _ = LISTENERS.select_reuseport(&ctx, ctx.hash() & 3);
    PASS
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";
