//! Enums with payload in map values: `Option` with a tag, with a niche, and a struct-like variant.
#![no_std]
#![no_main]

use core::num::NonZeroU32;

use aya_ebpf::{
    btf_maps::{HashMap, PerCpuArray},
    macros::{btf_map, tracepoint},
    programs::TracePointContext,
};

pub enum Verdict {
    Unknown,
    Allow(u32),
    Deny { reason: u16, since: u64 },
}

#[repr(C)]
pub struct Slot {
    pub seen: u64,
    pub limit: Option<u64>,
    pub owner: Option<NonZeroU32>,
    pub verdict: Verdict,
    pub outcome: Result<u32, i8>,
}

#[btf_map]
static SLOTS: PerCpuArray<Slot, 16> = PerCpuArray::new();

#[btf_map]
static LIMITS: HashMap<u32, Option<u64>, 64> = HashMap::new();

#[tracepoint(category = "sched", name = "sched_process_fork")]
pub fn judge(ctx: TracePointContext) -> u32 {
    // SAFETY: `child_pid` lies inside the 24-byte record.
    let Ok(pid) = (unsafe { ctx.read_at::<u32>(20) }) else { return 1 };
    let Some(slot) = SLOTS.get_ptr_mut(pid & 15) else { return 0 };
    // SAFETY: the pointer comes from a lookup.
    let slot = unsafe { &mut *slot };
    slot.seen += 1;
    slot.owner = NonZeroU32::new(pid);
    if let Some(limit) = slot.limit {
        if slot.seen > limit {
            slot.verdict = Verdict::Deny { reason: 1, since: slot.seen };
            slot.outcome = Err(-1);
        }
    } else {
        slot.verdict = Verdict::Allow(pid);
        slot.outcome = Ok(pid);
    }
    if let Some(limit) = LIMITS.get_ptr_mut(&pid) {
        // SAFETY: the pointer comes from a lookup.
        unsafe { *limit = Some(slot.seen) };
    }
    0
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";

#[panic_handler]
fn panic(_info: &core::panic::PanicInfo) -> ! {
    loop {}
}
