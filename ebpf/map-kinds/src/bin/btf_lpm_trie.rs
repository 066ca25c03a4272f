//! `btf_maps::LpmTrie`: Longest prefix of an address.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    btf_maps::lpm_trie::{Key, LpmTrie},
    macros::{btf_map, xdp},
    programs::XdpContext,
};
use map_kinds as _;

#[repr(C)]
pub struct Address {
    pub octets: [u8; 4],
}

#[repr(C)]
pub struct Route {
    pub gateway: u32,
    pub device: u32,
    pub is_blocked: bool,
}

#[btf_map]
static ROUTES: LpmTrie<Address, Route, 256> = LpmTrie::new();

#[xdp]
pub fn route(ctx: XdpContext) -> u32 {
    let key = Key::new(32, Address { octets: [10, 0, 0, ctx.rx_queue_index() as u8] });
    match ROUTES.get(&key) {
        Some(route) if route.is_blocked => xdp_action::XDP_DROP,
        Some(_) => xdp_action::XDP_PASS,
        None => {
            let _ = ROUTES.insert(&key, &Route { gateway: 1, device: 2, is_blocked: false }, 0);
            xdp_action::XDP_PASS
        }
    }
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";
