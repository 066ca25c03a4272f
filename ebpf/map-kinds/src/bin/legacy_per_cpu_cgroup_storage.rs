//! `maps::PerCpuCgroupStorage`: A struct for each control group and processor.
#![no_std]
#![no_main]
#![allow(deprecated)]

use aya_ebpf::{
    macros::{cgroup_skb, map},
    maps::PerCpuCgroupStorage,
    programs::SkBuffContext,
};
use map_kinds as _;

#[repr(C)]
pub struct Tally {
    pub packets: u64,
    pub bytes: u64,
}

#[map]
static USAGE: PerCpuCgroupStorage<Tally> = PerCpuCgroupStorage::new();

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

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";
