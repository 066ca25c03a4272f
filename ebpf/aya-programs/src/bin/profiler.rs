//! Samples of a perf event: stacks counted by process, and each sample sent to user space.
#![no_std]
#![no_main]

use aya_ebpf::{
    btf_maps::{HashMap, PerfEventArray},
    helpers::{bpf_get_current_comm, bpf_get_smp_processor_id},
    macros::{btf_map, map, perf_event},
    maps::{PerfEventArray as LegacyPerfEventArray, StackTrace},
    programs::{tracing::StackIdContext as _, PerfEventContext},
    EbpfContext as _,
};
use aya_programs as _;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Place {
    pub pid: u32,
    pub processor: u32,
    pub kernel_stack: i64,
    pub user_stack: i64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Sample {
    pub place: Place,
    pub name: [u8; 16],
}

#[btf_map]
static COUNTS: HashMap<Place, u64, 4096> = HashMap::new();

#[map]
static STACKS: StackTrace = StackTrace::with_max_entries(1024, 0);

#[btf_map]
static SAMPLES: PerfEventArray<0, 0> = PerfEventArray::new();

#[map]
static PLACES: LegacyPerfEventArray<Place> = LegacyPerfEventArray::new(0);

/// BPF_F_USER_STACK.
const USER: u64 = 256;

#[perf_event]
pub fn sample(ctx: PerfEventContext) -> u32 {
    let place = Place {
        pid: ctx.tgid(),
        // SAFETY: the helper takes no arguments.
        processor: unsafe { bpf_get_smp_processor_id() },
        kernel_stack: ctx.get_stackid(&STACKS, 0).unwrap_or(-1),
        user_stack: ctx.get_stackid(&STACKS, USER).unwrap_or(-1),
    };
    match COUNTS.get_ptr_mut(&place) {
        // SAFETY: the pointer comes from a lookup.
        Some(count) => unsafe { *count += 1 },
        None => {
            let _ = COUNTS.insert(&place, &1, 0);
        }
    }
    SAMPLES.output(&ctx, &Sample { place, name: bpf_get_current_comm().unwrap_or([0; 16]) }, 0);
    PLACES.output(&ctx, &place, 0);
    0
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";
