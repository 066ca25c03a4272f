//! `maps::CgroupStorage`: A struct for each control group.
#![no_std]
#![no_main]
#![allow(deprecated)]

use aya_ebpf::{
    macros::{cgroup_skb, map},
    maps::CgroupStorage,
    programs::SkBuffContext,
};
use map_kinds as _;

#[repr(C)]
pub struct Tally {
    pub packets: u64,
    pub bytes: u64,
}

#[map]
static USAGE: CgroupStorage<Tally> = CgroupStorage::new();

#[cgroup_skb(ingress)]
pub fn count(ctx: SkBuffContext) -> i32 {
    let usage = USAGE.get_ptr_mut();
    // SAFETY: the helper never gives a null pointer.
    unsafe {
        (*usage).packets += 1;
        (*usage).bytes += u64::from(ctx.len());
    }
    1
}
