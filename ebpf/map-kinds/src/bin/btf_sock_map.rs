//! `btf_maps::SockMap`: Sockets by index: filled when a connection opens, used by a verdict.
#![no_std]
#![no_main]

use aya_ebpf::{
    btf_maps::SockMap,
    macros::{btf_map, sock_ops, stream_verdict},
    programs::{SkBuffContext, SockOpsContext},
};
use map_kinds as _;

#[btf_map]
static SOCKETS: SockMap<16> = SockMap::new();

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
