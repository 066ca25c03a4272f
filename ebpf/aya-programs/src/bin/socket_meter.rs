//! Local storage: what each socket and each control group has tried, with totals in a legacy hash.
#![no_std]
#![no_main]
#![allow(deprecated)]

use aya_ebpf::{
    btf_maps::{CgroupStorage, SkStorage},
    macros::{btf_map, cgroup_skb, cgroup_sock_addr, map},
    maps::HashMap,
    programs::{SkBuffContext, SockAddrContext},
};
use aya_programs as _;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Attempts {
    pub connects: u32,
    pub last_port: u16,
    pub family: Family,
}

#[repr(u8)]
#[derive(Clone, Copy)]
pub enum Family {
    Unknown,
    Inet,
    Inet6,
}

#[repr(C)]
pub struct GroupUsage {
    pub packets: u64,
    pub bytes: u64,
}

#[btf_map]
static SOCKETS: SkStorage<Attempts> = SkStorage::new();

#[btf_map]
static GROUPS: CgroupStorage<GroupUsage> = CgroupStorage::new();

#[map]
static PORTS: HashMap<u16, u64> = HashMap::with_max_entries(1024, 0);

fn note(ctx: &SockAddrContext, family: Family) {
    // SAFETY: the context is the kernel's.
    let port = u16::from_be(unsafe { (*ctx.sock_addr).user_port } as u16);
    let mut fresh = Attempts { connects: 0, last_port: 0, family };
    let attempts = SOCKETS.get_or_insert_ptr_mut(ctx, Some(&mut fresh));
    if !attempts.is_null() {
        // SAFETY: the pointer is checked.
        unsafe {
            (*attempts).connects += 1;
            (*attempts).last_port = port;
        }
    }
    match PORTS.get_ptr_mut(&port) {
        // SAFETY: the pointer comes from a lookup.
        Some(count) => unsafe { *count += 1 },
        None => {
            let _ = PORTS.insert(&port, &1, 0);
        }
    }
}

#[cgroup_sock_addr(connect4)]
pub fn connect4(ctx: SockAddrContext) -> i32 {
    note(&ctx, Family::Inet);
    1
}

#[cgroup_sock_addr(connect6)]
pub fn connect6(ctx: SockAddrContext) -> i32 {
    note(&ctx, Family::Inet6);
    1
}

#[cgroup_skb(egress)]
pub fn sent(ctx: SkBuffContext) -> i32 {
    let usage = GROUPS.get_ptr_mut();
    // SAFETY: the helper never gives a null pointer.
    unsafe {
        (*usage).packets += 1;
        (*usage).bytes += u64::from(ctx.len());
    }
    1
}
