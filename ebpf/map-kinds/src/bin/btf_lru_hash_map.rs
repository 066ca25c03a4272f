//! `btf_maps::LruHashMap`: A key with a plain enum, a value with an enum that has a payload.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    btf_maps::LruHashMap,
    macros::{btf_map, xdp},
    programs::XdpContext,
};
use map_kinds as _;

#[repr(u8)]
#[derive(Clone, Copy)]
pub enum Zone {
    Inside = 1,
    Outside = 2,
}

#[repr(C)]
pub struct Peer {
    pub address: [u8; 4],
    pub zone: Zone,
}

pub enum State {
    New,
    Syn { retries: u32 },
    Open(u64),
}

#[repr(C)]
pub struct Seen {
    pub first: u64,
    pub state: State,
}

#[btf_map]
static PEERS: LruHashMap<Peer, Seen, 512> = LruHashMap::new();

#[xdp]
pub fn remember(ctx: XdpContext) -> u32 {
    let peer = Peer { address: [10, 0, 0, ctx.rx_queue_index() as u8], zone: Zone::Inside };
    let seen = Seen { first: ctx.ingress_ifindex() as u64, state: State::Syn { retries: 1 } };
    // SAFETY: the reference is not used after the next write.
    let known = unsafe { PEERS.get(&peer) }.is_some();
    if !known {
        let _ = PEERS.insert(&peer, &seen, 0);
    }
    xdp_action::XDP_PASS
}
