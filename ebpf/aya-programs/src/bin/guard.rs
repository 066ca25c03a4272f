//! Control groups: who may connect where and use which device; verdicts are enums.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::bpf_cgroup_dev_ctx,
    btf_maps::{Array, HashMap},
    macros::{btf_map, cgroup_device, cgroup_skb, cgroup_sock_addr, map},
    maps::HashMap as LegacyHashMap,
    programs::{DeviceContext, SkBuffContext, SockAddrContext},
    EbpfContext as _,
};
use aya_programs as _;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Target {
    pub address: u32,
    pub port: u16,
    pub protocol: u16,
}

#[derive(Clone, Copy)]
pub enum Verdict {
    Allow,
    Refuse,
    Redirect { address: u32, port: u16 },
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Device {
    pub kind: u32,
    pub major: u32,
    pub minor: u32,
}

#[btf_map]
static TARGETS: HashMap<Target, Verdict, 1024> = HashMap::new();

#[map]
static DEVICES: LegacyHashMap<Device, bool> = LegacyHashMap::with_max_entries(64, 0);

/// Refused connections, refused devices, packets seen.
#[btf_map]
static COUNTS: Array<u64, 3> = Array::new();

fn count(which: u32) {
    if let Some(count) = COUNTS.get_ptr_mut(which) {
        // SAFETY: the pointer comes from a lookup.
        unsafe { *count += 1 };
    }
}

#[cgroup_sock_addr(connect4)]
pub fn connect4(ctx: SockAddrContext) -> i32 {
    // SAFETY: the context is the kernel's.
    let (address, port) = unsafe { ((*ctx.sock_addr).user_ip4, (*ctx.sock_addr).user_port) };
    let target = Target { address, port: u16::from_be(port as u16), protocol: 6 };
    // SAFETY: the reference is not used after the entry could change.
    match unsafe { TARGETS.get(&target) } {
        Some(Verdict::Refuse) => {
            count(0);
            0
        }
        Some(Verdict::Redirect { address, port }) => {
            // SAFETY: the context is the kernel's.
            unsafe {
                (*ctx.sock_addr).user_ip4 = *address;
                (*ctx.sock_addr).user_port = u32::from(port.to_be());
            }
            1
        }
        Some(Verdict::Allow) | None => 1,
    }
}

#[cgroup_device]
pub fn devices(ctx: DeviceContext) -> i32 {
    // SAFETY: the context is the kernel's.
    let device = unsafe {
        let asked = ctx.as_ptr().cast::<bpf_cgroup_dev_ctx>();
        Device { kind: (*asked).access_type & 0xffff, major: (*asked).major, minor: (*asked).minor }
    };
    // SAFETY: the reference is not used after the entry could change.
    match unsafe { DEVICES.get(&device) } {
        Some(false) => {
            count(1);
            0
        }
        _ => 1,
    }
}

#[cgroup_skb(egress)]
pub fn sent(_ctx: SkBuffContext) -> i32 {
    count(2);
    1
}
