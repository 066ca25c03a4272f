//! `btf_maps::CgrpStorage`: A struct for each control group, bound to the group itself.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::cgroup,
    btf_maps::CgrpStorage,
    macros::{btf_map, btf_tracepoint},
    programs::BtfTracePointContext,
};
use map_kinds as _;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Born {
    pub order: u64,
    pub seen: u32,
}

#[btf_map]
static BIRTHS: CgrpStorage<Born> = CgrpStorage::new();

#[btf_tracepoint(function = "cgroup_mkdir")]
pub fn born(ctx: BtfTracePointContext) -> i32 {
    let group: *mut cgroup = ctx.arg(0);
    let mut born = Born { order: 1, seen: 0 };
    let found = BIRTHS.get_or_insert_ptr_mut(group, Some(&mut born));
    if !found.is_null() {
        // SAFETY: the pointer is checked.
        unsafe { (*found).seen += 1 };
    }
    0
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";
