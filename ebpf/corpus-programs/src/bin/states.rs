//! C-like enums of several widths, a union, bit patterns, and an array of structs that hold them.
#![no_std]
#![no_main]

use aya_ebpf::{
    btf_maps::Array,
    macros::{btf_map, tracepoint},
    programs::TracePointContext,
};

#[repr(u8)]
#[derive(Clone, Copy)]
pub enum State {
    Idle = 0,
    Running = 1,
    Stopped = 255,
}

#[repr(i32)]
#[derive(Clone, Copy)]
pub enum Signed {
    Below = -7,
    Zero = 0,
    Above = 1 << 20,
}

#[repr(u64)]
#[derive(Clone, Copy)]
pub enum Wide {
    Low = 1,
    High = 1 << 63,
}

#[derive(Clone, Copy)]
pub enum Plain {
    First,
    Second,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub union Address {
    pub v4: u32,
    pub v6: [u8; 16],
    pub words: [u32; 4],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Record {
    pub state: State,
    pub plain: Plain,
    pub signed: Signed,
    pub wide: Wide,
    pub address: Address,
    pub active: bool,
}

#[btf_map]
static RECORDS: Array<Record, 32> = Array::new();

#[btf_map]
static MATRIX: Array<[[Record; 2]; 3], 4> = Array::new();

#[tracepoint(category = "sched", name = "sched_process_fork")]
pub fn advance(ctx: TracePointContext) -> u32 {
    // SAFETY: `child_pid` lies inside the 24-byte record.
    let Ok(pid) = (unsafe { ctx.read_at::<u32>(20) }) else { return 1 };
    if let Some(record) = RECORDS.get_ptr_mut(pid & 31) {
        // SAFETY: the pointer comes from a lookup; user space writes only values of the enums.
        unsafe {
            (*record).state = match (*record).state {
                State::Idle => State::Running,
                State::Running => State::Stopped,
                State::Stopped => State::Idle,
            };
            (*record).signed = if pid & 1 == 0 { Signed::Above } else { Signed::Below };
            (*record).address.v4 = pid;
        }
    }
    if let Some(matrix) = MATRIX.get_ptr_mut(pid & 3) {
        // SAFETY: the pointer comes from a lookup.
        unsafe { (*matrix)[1][1].wide = Wide::High };
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
