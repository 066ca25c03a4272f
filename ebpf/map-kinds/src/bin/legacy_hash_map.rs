//! `maps::HashMap`: Struct to struct.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    macros::{map, xdp},
    maps::HashMap,
    programs::XdpContext,
};
use map_kinds as _;

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

#[map]
static FLOWS: HashMap<Flow, Tally> = HashMap::with_max_entries(1024, 0);

#[xdp]
pub fn count(ctx: XdpContext) -> u32 {
    let flow = Flow { source: ctx.ingress_ifindex() as u32, target: 1, port: ctx.rx_queue_index() as u16, protocol: 6 };
    match FLOWS.get_ptr_mut(&flow) {
        // SAFETY: the pointer comes from a lookup.
        Some(tally) => unsafe {
            (*tally).packets += 1;
            (*tally).bytes += (ctx.data_end() - ctx.data()) as u64;
        },
        None => {
            let _ = FLOWS.insert(&flow, &Tally { packets: 1, bytes: 0 }, 0);
        }
    }
    xdp_action::XDP_PASS
}
