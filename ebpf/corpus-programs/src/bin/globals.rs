//! Global data in every section: constants, initialised and zeroed `static mut`, strings, slices, a unit, atomics.
#![no_std]
#![no_main]

use core::{cell::UnsafeCell, sync::atomic::AtomicU64};

use aya_ebpf::{
    btf_maps::Array,
    macros::{btf_map, tracepoint},
    programs::TracePointContext,
};

#[repr(C)]
pub struct Config {
    pub target: u32,
    pub mode: (u8, u32),
    pub threshold: Option<u64>,
}

pub struct Shared<T>(UnsafeCell<T>);
// SAFETY: the programs only count in it; lost updates are acceptable.
unsafe impl<T> Sync for Shared<T> {}

#[unsafe(no_mangle)]
pub static CONFIG: Config = Config { target: 0, mode: (1, 2), threshold: None };

#[unsafe(no_mangle)]
pub static mut SEQUENCE: u64 = 1;

#[unsafe(no_mangle)]
pub static mut LAST: [u32; 8] = [0; 8];

#[unsafe(no_mangle)]
pub static mut EMPTY: () = ();

#[unsafe(no_mangle)]
pub static NAME: &str = "globals";

#[unsafe(no_mangle)]
pub static LEVELS: [&[u8]; 2] = [b"low", b"high"];

static PRIVATE: Shared<u64> = Shared(UnsafeCell::new(0));

#[unsafe(no_mangle)]
pub static TOTAL: AtomicU64 = AtomicU64::new(5);

#[btf_map]
static RESULTS: Array<u64, 4> = Array::new();

#[tracepoint(category = "sched", name = "sched_process_fork")]
pub fn count(ctx: TracePointContext) -> u32 {
    // SAFETY: `child_pid` lies inside the record; the globals are read and written without locks on purpose.
    unsafe {
        let Ok(pid) = ctx.read_at::<u32>(20) else { return 1 };
        let config = core::ptr::read_volatile(&raw const CONFIG);
        if config.target != 0 && config.target != pid {
            return 0;
        }
        let sequence = core::ptr::read_volatile(&raw const SEQUENCE) + 1;
        core::ptr::write_volatile(&raw mut SEQUENCE, sequence);
        core::ptr::write_volatile(&raw mut LAST[(pid & 7) as usize], pid);
        core::ptr::write_volatile(PRIVATE.0.get(), sequence);
        let _ = RESULTS.set(2, &core::ptr::read_volatile(TOTAL.as_ptr()), 0);
        let _ = RESULTS.set(0, &sequence, 0);
        let _ = RESULTS.set(1, &(core::ptr::read_volatile(&raw const NAME).len() as u64), 0);
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
