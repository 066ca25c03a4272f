//! `btf_maps::SkStorage`: A struct for each socket.
#![no_std]
#![no_main]

use aya_ebpf::{
    btf_maps::SkStorage,
    macros::{btf_map, cgroup_sock_addr},
    programs::SockAddrContext,
};
use map_kinds as _;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Attempts {
    pub count: u64,
    pub last_port: u32,
}

#[btf_map]
static ATTEMPTS: SkStorage<Attempts> = SkStorage::new();

#[cgroup_sock_addr(connect4)]
pub fn connect(ctx: SockAddrContext) -> i32 {
    let mut fresh = Attempts { count: 0, last_port: 0 };
    let found = ATTEMPTS.get_or_insert_ptr_mut(&ctx, Some(&mut fresh));
    if !found.is_null() {
        // SAFETY: both pointers are checked or given by the kernel.
        unsafe {
            (*found).count += 1;
            (*found).last_port = (*ctx.sock_addr).user_port;
        }
    }
    1
}
