//! `maps::SockHash`: Sockets by a struct: filled when a connection opens, used for messages.
#![no_std]
#![no_main]

use aya_ebpf::{
    macros::{map, sk_msg, sock_ops},
    maps::SockHash,
    programs::{SkMsgContext, SockOpsContext},
};
use map_kinds as _;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Pair {
    pub local_port: u32,
    pub remote_port: u32,
}

#[map]
static SOCKETS: SockHash<Pair> = SockHash::with_max_entries(64, 0);

/// BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB.
const ACCEPTED: u32 = 5;

#[sock_ops]
pub fn opened(ctx: SockOpsContext) -> u32 {
    if ctx.op() == ACCEPTED {
        let mut pair = Pair { local_port: ctx.local_port(), remote_port: ctx.remote_port() };
        // SAFETY: the context is the kernel's.
        let _ = SOCKETS.update(&mut pair, unsafe { &mut *ctx.ops }, 0);
    }
    0
}

#[sk_msg]
pub fn forward(ctx: SkMsgContext) -> u32 {
    // SAFETY: the context is the kernel's.
    let mut pair = unsafe { Pair { local_port: (*ctx.msg).remote_port, remote_port: (*ctx.msg).local_port } };
    SOCKETS.redirect_msg(&ctx, &mut pair, 0) as u32
}
