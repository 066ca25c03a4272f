//! `maps::CgroupArray`: Packets by the control group of their socket.
#![no_std]
#![no_main]

use aya_ebpf::{
    macros::{classifier, map},
    maps::CgroupArray,
    programs::TcContext,
};
use map_kinds as _;

#[map]
static GROUPS: CgroupArray = CgroupArray::with_max_entries(4, 0);

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

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";
