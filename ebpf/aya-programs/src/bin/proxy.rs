//! Sockets spliced together: filled when connections open, used for messages and for packets.
#![no_std]
#![no_main]

use aya_ebpf::{
    btf_maps::{SockHash, SockMap},
    macros::{btf_map, map, sk_msg, sock_ops, stream_parser, stream_verdict},
    maps::{HashMap, SockHash as LegacySockHash},
    programs::{SkBuffContext, SkMsgContext, SockOpsContext},
};
use aya_programs as _;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Pair {
    pub local_ip: u32,
    pub remote_ip: u32,
    pub local_port: u32,
    pub remote_port: u32,
}

#[btf_map]
static PAIRS: SockHash<Pair, 1024> = SockHash::new();

#[btf_map]
static BACKENDS: SockMap<8> = SockMap::new();

#[map]
static CLIENTS: LegacySockHash<u32> = LegacySockHash::with_max_entries(64, 0);

#[map]
static OPENED: HashMap<u32, u64> = HashMap::with_max_entries(16, 0);

/// BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB and BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB.
const CONNECTED: u32 = 4;
const ACCEPTED: u32 = 5;

#[sock_ops]
pub fn opened(ctx: SockOpsContext) -> u32 {
    let operation = ctx.op();
    if operation != CONNECTED && operation != ACCEPTED {
        return 0;
    }
    match OPENED.get_ptr_mut(&operation) {
        // SAFETY: the pointer comes from a lookup.
        Some(count) => unsafe { *count += 1 },
        None => {
            let _ = OPENED.insert(&operation, &1, 0);
        }
    }
    let mut pair = Pair {
        local_ip: ctx.local_ip4(),
        remote_ip: ctx.remote_ip4(),
        local_port: ctx.local_port(),
        remote_port: u32::from_be(ctx.remote_port()),
    };
    // SAFETY: the context is the kernel's.
    let operations = unsafe { &mut *ctx.ops };
    let _ = PAIRS.update(&mut pair, operations, 0);
    if operation == ACCEPTED {
        let _ = CLIENTS.update(&mut pair.remote_port, operations, 0);
    }
    0
}

#[sk_msg]
pub fn splice(ctx: SkMsgContext) -> u32 {
    // SAFETY: the context is the kernel's.
    let mut pair = unsafe {
        Pair {
            local_ip: (*ctx.msg).remote_ip4,
            remote_ip: (*ctx.msg).local_ip4,
            local_port: u32::from_be((*ctx.msg).remote_port),
            remote_port: (*ctx.msg).local_port,
        }
    };
    PAIRS.redirect_msg(&ctx, &mut pair, 1) as u32
}

#[stream_parser]
pub fn whole(ctx: SkBuffContext) -> u32 {
    ctx.len()
}

#[stream_verdict]
pub fn spread(ctx: SkBuffContext) -> u32 {
    BACKENDS.redirect_skb(&ctx, ctx.len() & 7, 0) as u32
}
