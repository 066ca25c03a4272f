//! Tail calls: a packet goes from parser to parser; what they hand on lies in a legacy map.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    btf_maps::ProgramArray,
    macros::{btf_map, map, xdp},
    maps::PerCpuArray,
    programs::XdpContext,
};
use aya_programs::{header, Ethernet, Ipv4, ETHERTYPE_IPV4, ETHERTYPE_IPV6};

/// Which parser stands where in `PARSERS`.
#[repr(u32)]
pub enum Step {
    Ipv4 = 0,
    Ipv6 = 1,
    Verdict = 2,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Parsed {
    pub steps: u32,
    pub protocol: u16,
    pub time_to_live: u8,
    pub is_done: bool,
}

#[btf_map]
static PARSERS: ProgramArray<8> = ProgramArray::new();

#[map]
static PARSED: PerCpuArray<Parsed> = PerCpuArray::with_max_entries(1, 0);

#[map(name = "STEP_COUNTS")]
static COUNTS: PerCpuArray<u64> = PerCpuArray::with_max_entries(4, 0);

fn step(number: u32) {
    if let Some(count) = COUNTS.get_ptr_mut(number) {
        // SAFETY: the pointer comes from a lookup, and the entry is this processor's.
        unsafe { *count += 1 };
    }
}

fn go(ctx: &XdpContext, next: Step) -> u32 {
    // SAFETY: on failure control comes back here.
    unsafe { PARSERS.tail_call(ctx, next as u32) };
    xdp_action::XDP_ABORTED
}

#[xdp]
pub fn entry(ctx: XdpContext) -> u32 {
    step(3);
    let Some(ethernet) = header::<Ethernet>(ctx.data(), ctx.data_end(), 0) else {
        return xdp_action::XDP_DROP;
    };
    let protocol = u16::from_be(ethernet.protocol);
    let Some(parsed) = PARSED.get_ptr_mut(0) else {
        return xdp_action::XDP_ABORTED;
    };
    // SAFETY: the pointer comes from a lookup, and the entry is this processor's.
    unsafe { *parsed = Parsed { steps: 1, protocol, time_to_live: 0, is_done: false } };
    match protocol {
        ETHERTYPE_IPV4 => go(&ctx, Step::Ipv4),
        ETHERTYPE_IPV6 => go(&ctx, Step::Ipv6),
        _ => xdp_action::XDP_PASS,
    }
}

#[xdp]
pub fn ipv4(ctx: XdpContext) -> u32 {
    step(0);
    let (Some(ip), Some(parsed)) = (header::<Ipv4>(ctx.data(), ctx.data_end(), 14), PARSED.get_ptr_mut(0)) else {
        return xdp_action::XDP_DROP;
    };
    // SAFETY: the pointer comes from a lookup, and the entry is this processor's.
    unsafe {
        (*parsed).steps += 1;
        (*parsed).time_to_live = ip.time_to_live;
    }
    go(&ctx, Step::Verdict)
}

#[xdp]
pub fn ipv6(ctx: XdpContext) -> u32 {
    step(1);
    let (Some(hops), Some(parsed)) = (header::<u8>(ctx.data(), ctx.data_end(), 21), PARSED.get_ptr_mut(0)) else {
        return xdp_action::XDP_DROP;
    };
    // SAFETY: the pointer comes from a lookup, and the entry is this processor's.
    unsafe {
        (*parsed).steps += 1;
        (*parsed).time_to_live = *hops;
    }
    go(&ctx, Step::Verdict)
}

#[xdp]
pub fn verdict(_ctx: XdpContext) -> u32 {
    step(2);
    let Some(parsed) = PARSED.get_ptr_mut(0) else {
        return xdp_action::XDP_ABORTED;
    };
    // SAFETY: the pointer comes from a lookup, and the entry is this processor's.
    unsafe {
        (*parsed).steps += 1;
        (*parsed).is_done = true;
        if (*parsed).time_to_live > 1 {
            xdp_action::XDP_PASS
        } else {
            xdp_action::XDP_DROP
        }
    }
}
