//! Routing: tries for IPv4 (typed) and IPv6 (legacy), next hops, and a device map to send packets on.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    btf_maps::{
        lpm_trie::{Key, LpmTrie},
        DevMapHash, HashMap,
    },
    macros::{btf_map, map, xdp},
    maps::{lpm_trie::LpmTrie as LegacyLpmTrie, PerCpuArray},
    programs::XdpContext,
};
use aya_programs::{header, Ethernet, Ipv4, ETHERTYPE_IPV4, ETHERTYPE_IPV6};

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Address4(pub [u8; 4]);

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Address6(pub [u32; 4]);

#[repr(C)]
pub struct Route {
    pub device: u32,
    pub next_hop: u32,
}

#[repr(C)]
pub struct Neighbour {
    pub hardware: [u8; 6],
    pub is_reachable: bool,
}

#[btf_map]
static ROUTES4: LpmTrie<Address4, Route, 4096> = LpmTrie::new();

#[map]
static ROUTES6: LegacyLpmTrie<Address6, Route> = LegacyLpmTrie::with_max_entries(1024, 1);

#[btf_map]
static NEIGHBOURS: HashMap<u32, Neighbour, 256> = HashMap::new();

#[btf_map]
static DEVICES: DevMapHash<64> = DevMapHash::new();

/// Packets without a route, packets to a route whose neighbour is unknown, packets sent on.
#[map]
static OUTCOMES: PerCpuArray<u64> = PerCpuArray::with_max_entries(3, 0);

fn outcome(which: u32) {
    if let Some(count) = OUTCOMES.get_ptr_mut(which) {
        // SAFETY: the pointer comes from a lookup, and the entry is this processor's.
        unsafe { *count += 1 };
    }
}

fn forward(route: Option<&Route>) -> u32 {
    let Some(Route { device, next_hop }) = route else {
        outcome(0);
        return xdp_action::XDP_PASS;
    };
    // SAFETY: the reference is not used after the entry could change.
    match unsafe { NEIGHBOURS.get(next_hop) } {
        Some(neighbour) if neighbour.is_reachable => {
            outcome(2);
            DEVICES.redirect(*device, 0).unwrap_or(xdp_action::XDP_DROP)
        }
        _ => {
            outcome(1);
            xdp_action::XDP_PASS
        }
    }
}

#[xdp]
pub fn route(ctx: XdpContext) -> u32 {
    let (start, end) = (ctx.data(), ctx.data_end());
    let Some(ethernet) = header::<Ethernet>(start, end, 0) else {
        return xdp_action::XDP_DROP;
    };
    match u16::from_be(ethernet.protocol) {
        ETHERTYPE_IPV4 => match header::<Ipv4>(start, end, 14) {
            Some(ip) => forward(ROUTES4.get(&Key::new(32, Address4(ip.target.to_ne_bytes())))),
            None => xdp_action::XDP_DROP,
        },
        ETHERTYPE_IPV6 => match header::<Address6>(start, end, 38) {
            Some(target) => forward(ROUTES6.get(&Key::new(128, *target))),
            None => xdp_action::XDP_DROP,
        },
        _ => xdp_action::XDP_PASS,
    }
}
