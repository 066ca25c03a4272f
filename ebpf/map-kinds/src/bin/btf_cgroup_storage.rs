//! `btf_maps::CgroupStorage`: A struct for each control group.
#![no_std]
#![no_main]
#![allow(deprecated)]

use aya_ebpf::{
    btf_maps::CgroupStorage,
    macros::{btf_map, cgroup_skb},
    programs::SkBuffContext,
};
use map_kinds as _;

#[repr(C)]
pub struct Tally {
    pub packets: u64,
    pub bytes: u64,
}

#[btf_map]
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

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";
