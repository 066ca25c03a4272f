//! `btf_maps::CgroupArray`: Packets by the control group of their socket.
#![no_std]
#![no_main]

use aya_ebpf::{
    btf_maps::CgroupArray,
    macros::{btf_map, classifier},
    programs::TcContext,
};
use map_kinds as _;

#[btf_map]
static GROUPS: CgroupArray<4> = CgroupArray::new();

/// TC_ACT_OK and TC_ACT_SHOT.
const PASS: i32 = 0;
const DROP: i32 = 2;

#[classifier]
pub fn filter(ctx: TcContext) -> i32 {
    match ctx.skb_under_cgroup(&GROUPS, 0) {
        Ok(true) => DROP,
        _ => PASS,
    }
}
