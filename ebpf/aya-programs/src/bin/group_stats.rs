//! Statistics for each processor: bytes by socket mark and by protocol, in and out of a control group.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::__sk_buff,
    btf_maps::{LruPerCpuHashMap, PerCpuArray},
    macros::{btf_map, cgroup_skb, map},
    maps::PerCpuHashMap,
    programs::SkBuffContext,
    EbpfContext as _,
};
use aya_programs as _;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Counters {
    pub packets: u64,
    pub bytes: u64,
    /// Packets by the power of two of their length.
    pub sizes: [u32; 16],
}

pub struct Direction<const OUT: bool>;

#[btf_map]
static BY_DIRECTION: PerCpuArray<Counters, 2> = PerCpuArray::new();

#[map]
static BY_PROTOCOL: PerCpuHashMap<u32, Counters> = PerCpuHashMap::with_max_entries(64, 0);

#[btf_map]
static BY_MARK: LruPerCpuHashMap<(u32, bool), [u64; 2], 128> = LruPerCpuHashMap::new();

fn add(counters: *mut Counters, length: u32) {
    // SAFETY: the pointer comes from a lookup, and the entry is this processor's.
    unsafe {
        (*counters).packets += 1;
        (*counters).bytes += u64::from(length);
        (*counters).sizes[(31 - (length | 1).leading_zeros()) as usize & 15] += 1;
    }
}

impl<const OUT: bool> Direction<OUT> {
    fn count(ctx: &SkBuffContext) {
        let length = ctx.len();
        // SAFETY: the context is the kernel's.
        let (mark, protocol) = unsafe {
            let packet = ctx.as_ptr().cast::<__sk_buff>();
            ((*packet).mark, (*packet).protocol)
        };
        if let Some(counters) = BY_DIRECTION.get_ptr_mut(u32::from(OUT)) {
            add(counters, length);
        }
        match BY_PROTOCOL.get_ptr_mut(&protocol) {
            Some(counters) => add(counters, length),
            None => {
                let first = Counters { packets: 1, bytes: u64::from(length), sizes: [0; 16] };
                let _ = BY_PROTOCOL.insert(&protocol, &first, 0);
            }
        }
        let _ = BY_MARK.insert(&(mark, OUT), &[1, u64::from(length)], 0);
    }
}

#[cgroup_skb(ingress)]
pub fn received(ctx: SkBuffContext) -> i32 {
    Direction::<false>::count(&ctx);
    1
}

#[cgroup_skb(egress)]
pub fn sent(ctx: SkBuffContext) -> i32 {
    Direction::<true>::count(&ctx);
    1
}
