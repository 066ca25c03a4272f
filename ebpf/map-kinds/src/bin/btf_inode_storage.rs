//! `btf_maps::InodeStorage`: A struct for each inode.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::inode,
    btf_maps::InodeStorage,
    macros::{btf_map, lsm},
    programs::LsmContext,
};
use map_kinds as _;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Touched {
    pub times: u64,
}

#[btf_map]
static TOUCHED: InodeStorage<Touched> = InodeStorage::new();

#[lsm(hook = "inode_unlink")]
pub fn unlink(ctx: LsmContext) -> i32 {
    let folder: *mut inode = ctx.arg(0);
    let mut fresh = Touched { times: 0 };
    let found = TOUCHED.get_or_insert_ptr_mut(folder, Some(&mut fresh));
    if !found.is_null() {
        // SAFETY: the pointer is checked.
        unsafe { (*found).times += 1 };
    }
    0
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";
