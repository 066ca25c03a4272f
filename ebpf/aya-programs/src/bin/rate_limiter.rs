//! Timers and spin locks: buckets of tokens for each mark of a packet, filled up by a timer.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::{__sk_buff, bpf_spin_lock, bpf_timer},
    btf_maps::{Array, HashMap},
    helpers::generated::{bpf_spin_lock, bpf_spin_unlock, bpf_timer_init, bpf_timer_set_callback, bpf_timer_start},
    macros::{btf_map, classifier, map},
    maps::PerCpuArray,
    programs::TcContext,
    EbpfContext as _,
};
use aya_programs::address;

#[repr(C)]
pub struct Bucket {
    pub lock: bpf_spin_lock,
    pub tokens: u32,
    pub taken: u64,
}

#[repr(C)]
pub struct Refill {
    pub timer: bpf_timer,
    pub rounds: u64,
    pub is_running: u32,
}

#[btf_map]
static BUCKETS: HashMap<u32, Bucket, 256> = HashMap::new();

#[btf_map]
static REFILLS: Array<Refill, 1> = Array::new();

#[map]
static VERDICTS: PerCpuArray<u64> = PerCpuArray::with_max_entries(2, 0);

/// TC_ACT_OK, TC_ACT_SHOT, CLOCK_MONOTONIC.
const PASS: i32 = 0;
const DROP: i32 = 2;
const MONOTONIC: u64 = 1;
const PERIOD: u64 = 1_000_000;
const FULL: u32 = 10;

extern "C" fn refill(_map: *mut core::ffi::c_void, _key: *mut u32, refill: *mut Refill) -> i32 {
    // SAFETY: the kernel hands over the element that holds the timer.
    unsafe {
        (*refill).rounds += 1;
        if (*refill).rounds < 1000 {
            bpf_timer_start(&raw mut (*refill).timer, PERIOD, 0);
        }
    }
    if let Some(bucket) = BUCKETS.get_ptr_mut(&0) {
        // SAFETY: the pointer comes from a lookup; the lock guards the tokens.
        unsafe {
            bpf_spin_lock(&raw mut (*bucket).lock);
            (*bucket).tokens = FULL;
            bpf_spin_unlock(&raw mut (*bucket).lock);
        }
    }
    0
}

fn start_timer() {
    let Some(refills) = REFILLS.get_ptr_mut(0) else { return };
    // SAFETY: the pointer comes from a lookup; the map is the one that holds the timer.
    unsafe {
        if (*refills).is_running != 0 {
            return;
        }
        (*refills).is_running = 1;
        let timer = &raw mut (*refills).timer;
        bpf_timer_init(timer, address(&REFILLS), MONOTONIC);
        bpf_timer_set_callback(timer, refill as *mut core::ffi::c_void);
        bpf_timer_start(timer, PERIOD, 0);
    }
}

#[classifier]
pub fn limit(ctx: TcContext) -> i32 {
    start_timer();
    // SAFETY: the context is the kernel's.
    let mark = unsafe { (*ctx.as_ptr().cast::<__sk_buff>()).mark };
    let Some(bucket) = BUCKETS.get_ptr_mut(&mark) else {
        let fresh = Bucket { lock: bpf_spin_lock { val: 0 }, tokens: FULL - 1, taken: 1 };
        let _ = BUCKETS.insert(&mark, &fresh, 0);
        return PASS;
    };
    // SAFETY: the pointer comes from a lookup; the lock guards the tokens.
    let has_token = unsafe {
        bpf_spin_lock(&raw mut (*bucket).lock);
        let has_token = (*bucket).tokens > 0;
        if has_token {
            (*bucket).tokens -= 1;
            (*bucket).taken += 1;
        }
        bpf_spin_unlock(&raw mut (*bucket).lock);
        has_token
    };
    if let Some(count) = VERDICTS.get_ptr_mut(u32::from(has_token)) {
        // SAFETY: the pointer comes from a lookup, and the entry is this processor's.
        unsafe { *count += 1 };
    }
    if has_token {
        PASS
    } else {
        DROP
    }
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";
