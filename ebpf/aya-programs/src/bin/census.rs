//! Callbacks: `bpf_loop` fills a map, `bpf_for_each_map_elem` sums it up; the results lie in a legacy map.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    btf_maps::{Array, HashMap},
    helpers::generated::{bpf_for_each_map_elem, bpf_loop},
    macros::{btf_map, map, xdp},
    maps::Array as LegacyArray,
    programs::XdpContext,
};
use aya_programs::address;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Citizen {
    pub age: u32,
    pub district: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Sum {
    pub citizens: u64,
    pub years: u64,
    pub oldest: u32,
    pub districts: [u32; 4],
}

/// What a callback works on; it lies on the stack of the program.
struct Round {
    base: u32,
    failures: u32,
}

#[btf_map]
static CITIZENS: HashMap<u32, Citizen, 128> = HashMap::new();

#[btf_map]
static SCRATCH: Array<Sum, 1> = Array::new();

#[map]
static RESULTS: LegacyArray<Sum> = LegacyArray::with_max_entries(1, 0);

extern "C" fn settle(index: u32, round: *mut Round) -> i64 {
    // SAFETY: the kernel hands over the pointer that `bpf_loop` was given.
    let base = unsafe { (*round).base };
    let citizen = Citizen { age: base + index, district: index & 3 };
    if CITIZENS.insert(&index, &citizen, 0).is_err() {
        // SAFETY: as above.
        unsafe { (*round).failures += 1 };
    }
    0
}

extern "C" fn ask<const STEP: u64>(
    _map: *mut core::ffi::c_void,
    _key: *const u32,
    citizen: *const Citizen,
    _context: *mut core::ffi::c_void,
) -> i64 {
    if let Some(sum) = SCRATCH.get_ptr_mut(0) {
        // SAFETY: the kernel hands over a value of the map, and the other pointer comes from a lookup.
        unsafe {
            let Citizen { age, district } = *citizen;
            (*sum).citizens += STEP;
            (*sum).years += u64::from(age);
            (*sum).districts[(district & 3) as usize] += 1;
            if age > (*sum).oldest {
                (*sum).oldest = age;
            }
        }
    }
    0
}

#[xdp]
pub fn census(ctx: XdpContext) -> u32 {
    let mut round = Round { base: 20 + (ctx.ingress_ifindex() as u32 & 1), failures: 0 };
    let nobody = Sum { citizens: 0, years: 0, oldest: 0, districts: [0; 4] };
    let _ = SCRATCH.set(0, &nobody, 0);
    // SAFETY: the callbacks have the signatures that the helpers ask for.
    unsafe {
        bpf_loop(16, settle as *mut core::ffi::c_void, (&raw mut round).cast(), 0);
        bpf_for_each_map_elem(address(&CITIZENS), ask::<1> as *mut core::ffi::c_void, core::ptr::null_mut(), 0);
    }
    if let Some(sum) = SCRATCH.get(0) {
        let _ = RESULTS.set(0, sum, 0);
    }
    if round.failures == 0 {
        xdp_action::XDP_PASS
    } else {
        xdp_action::XDP_ABORTED
    }
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";
