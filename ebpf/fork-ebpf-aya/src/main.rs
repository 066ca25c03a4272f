//! The seed's program, on today's Aya: notes every fork in a BTF hash map, sends it through a ring buffer and logs it.
#![no_std]
#![no_main]

use aya_ebpf::{
    btf_maps::{HashMap, RingBuf},
    helpers::{bpf_ktime_get_ns, bpf_printk},
    macros::{btf_map, tracepoint},
    programs::TracePointContext,
};

/// Offsets in the record of `sched:sched_process_fork`, 24 bytes long on 6.18: a program that reads past its end is refused
/// at attach (EACCES). rustc knows no CO-RE, so the build asks the running kernel (`npm run build-ebpf`) where they differ.
const PARENT_PID: usize = offset(option_env!("FORK_PARENT_PID_OFFSET"), 12);
const CHILD_PID: usize = offset(option_env!("FORK_CHILD_PID_OFFSET"), 20);

/// One fork, as user space reads it from `EVENTS`.
#[repr(C)]
pub struct ForkEvent {
    pub nanoseconds: u64,
    pub parent_pid: u32,
    pub child_pid: u32,
}

/// Parent pid to the pid of its last child.
#[btf_map]
static PID_MAP: HashMap<u32, u32, 1024> = HashMap::new();

#[btf_map]
static EVENTS: RingBuf<ForkEvent, 4096> = RingBuf::new();

#[tracepoint(category = "sched", name = "sched_process_fork")]
pub fn fork(ctx: TracePointContext) -> u32 {
    match try_fork(&ctx) {
        Ok(()) => 0,
        Err(_) => 1,
    }
}

fn try_fork(ctx: &TracePointContext) -> Result<(), i32> {
    // SAFETY: both fields are `pid_t` inside the 24-byte record.
    let parent_pid: u32 = unsafe { ctx.read_at(PARENT_PID) }?;
    let child_pid: u32 = unsafe { ctx.read_at(CHILD_PID) }?;

    PID_MAP.insert(&parent_pid, &child_pid, 0)?;

    if let Some(mut event) = EVENTS.reserve(0) {
        event.write(ForkEvent {
            // SAFETY: the helper takes no arguments.
            nanoseconds: unsafe { bpf_ktime_get_ns() },
            parent_pid,
            child_pid,
        });
        event.submit(0);
    }

    // SAFETY: the format holds as many conversions as there are arguments.
    unsafe { bpf_printk!(c"fork! parent pid: %d, child pid: %d", parent_pid, child_pid) };
    Ok(())
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";

#[panic_handler]
fn panic(_info: &core::panic::PanicInfo) -> ! {
    loop {}
}

/// A number out of the build's environment, or the usual one.
const fn offset(given: Option<&str>, usual: usize) -> usize {
    match given {
        Some(text) => match usize::from_str_radix(text, 10) {
            Ok(offset) => offset,
            Err(_) => panic!("an offset is a number"),
        },
        None => usual,
    }
}
