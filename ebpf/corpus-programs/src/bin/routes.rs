//! Longest-prefix match: the packed key of aya's `LpmTrie`, one map with a Rust array as data, one with a struct.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action::{XDP_DROP, XDP_PASS},
    btf_maps::{lpm_trie::Key, LpmTrie},
    macros::{btf_map, xdp},
    programs::XdpContext,
};

#[repr(C)]
pub struct Route {
    pub interface: u32,
    pub metric: u16,
    pub flags: u16,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Tenant {
    pub id: u32,
    pub address: [u8; 4],
}

#[btf_map]
static ROUTES: LpmTrie<[u8; 4], Route, 1024> = LpmTrie::new();

#[btf_map]
static TENANTS: LpmTrie<Tenant, u32, 256> = LpmTrie::new();

#[xdp]
pub fn route(ctx: XdpContext) -> u32 {
    let queue = ctx.rx_queue_index();
    let address = queue.to_be_bytes();
    if let Some(route) = ROUTES.get(&Key::new(32, address)) {
        if route.flags & 1 != 0 {
            return XDP_DROP;
        }
    }
    match TENANTS.get(&Key::new(64, Tenant { id: queue, address })) {
        Some(_) => XDP_DROP,
        None => XDP_PASS,
    }
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";

#[panic_handler]
fn panic(_info: &core::panic::PanicInfo) -> ! {
    loop {}
}
