//! `btf_maps::HashOfMaps`: Hashes with struct keys in a hash with a struct key.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    btf_maps::{HashMap, HashOfMaps},
    macros::{btf_map, xdp},
    programs::XdpContext,
};
use map_kinds as _;

#[repr(C)]
pub struct Tenant {
    pub id: u32,
    pub zone: u32,
}

#[repr(C)]
pub struct Flow {
    pub source: u32,
    pub target: u32,
    pub port: u16,
    pub protocol: u16,
}

#[repr(C)]
pub struct Tally {
    pub packets: u64,
    pub bytes: u64,
}

#[btf_map]
static TENANTS: HashOfMaps<Tenant, HashMap<Flow, Tally, 128>, 8> = HashOfMaps::new();

#[xdp]
pub fn count(ctx: XdpContext) -> u32 {
    let tenant = Tenant { id: ctx.ingress_ifindex() as u32, zone: 0 };
    let flow = Flow { source: 1, target: 2, port: ctx.rx_queue_index() as u16, protocol: 6 };
    // SAFETY: nothing removes entries while the value is written.
    if let Some(tally) = unsafe { TENANTS.get_value_ptr_mut(&tenant, &flow) } {
        unsafe { (*tally).packets += 1 };
    }
    xdp_action::XDP_PASS
}
