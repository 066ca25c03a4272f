//! `maps::SockMap`: Sockets by index: filled when a connection opens, used by a verdict.
#![no_std]
#![no_main]

use aya_ebpf::{
    macros::{map, sock_ops, stream_verdict},
    maps::SockMap,
    programs::{SkBuffContext, SockOpsContext},
};
use map_kinds as _;

#[map]
static SOCKETS: SockMap = SockMap::with_max_entries(16, 0);

/// BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB.
const ACCEPTED: u32 = 5;

#[sock_ops]
pub fn opened(ctx: SockOpsContext) -> u32 {
    if ctx.op() == ACCEPTED {
        // SAFETY: the context is the kernel's.
        let _ = unsafe { SOCKETS.update(ctx.local_port() & 15, ctx.ops, 0) };
    }
    0
}

#[stream_verdict]
pub fn verdict(ctx: SkBuffContext) -> u32 {
    SOCKETS.redirect_skb(&ctx, 0, 0) as u32
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";
