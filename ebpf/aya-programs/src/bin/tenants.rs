//! Maps of maps: each tenant has a hash of flows of its own, each device an array of queues; a legacy map counts the misses.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    btf_maps::{Array, ArrayOfMaps, HashMap, HashOfMaps},
    macros::{btf_map, map, xdp},
    maps::Array as LegacyArray,
    programs::XdpContext,
};
use aya_programs::{header, Ipv4};

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Tenant {
    pub network: u32,
    pub zone: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Flow {
    pub source: u32,
    pub target: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Usage {
    pub packets: u64,
    pub bytes: u64,
}

#[btf_map]
static TENANTS: HashOfMaps<Tenant, HashMap<Flow, Usage, 64>, 16> = HashOfMaps::new();

#[btf_map]
static DEVICES: ArrayOfMaps<Array<Usage, 8>, 4> = ArrayOfMaps::new();

#[map]
static MISSES: LegacyArray<u64> = LegacyArray::with_max_entries(2, 0);

fn miss(which: u32) {
    if let Some(misses) = MISSES.get_ptr_mut(which) {
        // SAFETY: the pointer comes from a lookup.
        unsafe { *misses += 1 };
    }
}

#[xdp]
pub fn account(ctx: XdpContext) -> u32 {
    let (start, end) = (ctx.data(), ctx.data_end());
    let bytes = (end - start) as u64;
    let device = ctx.ingress_ifindex() as u32 & 3;
    match DEVICES.get_value_ptr_mut(device, &(ctx.rx_queue_index() & 7)) {
        // SAFETY: the pointer comes from a lookup.
        Some(usage) => unsafe {
            (*usage).packets += 1;
            (*usage).bytes += bytes;
        },
        None => miss(0),
    }
    let Some(ip) = header::<Ipv4>(start, end, 14) else {
        return xdp_action::XDP_PASS;
    };
    let tenant = Tenant { network: ip.source & u32::to_be(0xffff_0000), zone: 0 };
    let flow = Flow { source: ip.source, target: ip.target };
    // SAFETY: nothing removes entries while the value is written.
    match unsafe { TENANTS.get_value_ptr_mut(&tenant, &flow) } {
        Some(usage) => unsafe { (*usage).packets += 1 },
        None => miss(1),
    }
    xdp_action::XDP_PASS
}
