//! `maps::Queue`: Jobs, the oldest first.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    macros::{map, xdp},
    maps::Queue,
    programs::XdpContext,
};
use map_kinds as _;

#[repr(C)]
pub struct Job {
    pub device: u32,
    pub queue: u32,
    pub ticket: u64,
}

#[map]
static JOBS: Queue<Job> = Queue::with_max_entries(128, 0);

#[xdp]
pub fn pass_on(ctx: XdpContext) -> u32 {
    let job = Job { device: ctx.ingress_ifindex() as u32, queue: ctx.rx_queue_index(), ticket: 7 };
    let _ = JOBS.push(&job, 0);
    match JOBS.peek() {
        Ok(Some(first)) if first.ticket == 7 => {
            let _ = JOBS.pop();
            xdp_action::XDP_PASS
        }
        _ => xdp_action::XDP_DROP,
    }
}
