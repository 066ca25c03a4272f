//! Names and scalars at the edge: `char`, `u128`, pointers, function pointers, raw identifiers, names outside ASCII.
#![no_std]
#![no_main]
#![allow(mixed_script_confusables)]

use aya_ebpf::{
    btf_maps::{HashMap, RingBuf},
    macros::{btf_map, tracepoint},
    programs::TracePointContext,
};

#[repr(C)]
pub struct Größe {
    pub länge: u32,
    pub r#type: u32,
}

#[repr(C)]
pub struct Task {
    pub next: *mut Task,
    pub handler: Option<fn(u32) -> u64>,
    pub name: [u8; 16],
}

#[repr(C)]
pub struct Edge {
    pub letter: char,
    pub flag: bool,
    pub single: f32,
    pub double: f64,
    pub wide: [u64; 2],
    pub task: *const Task,
    pub size: Größe,
    pub unit: (),
    pub nothing: [u32; 0],
}

#[btf_map]
static EDGES: HashMap<u32, Edge, 32> = HashMap::new();

#[btf_map]
static LETTERS: HashMap<char, u64, 32> = HashMap::new();

#[btf_map]
static EVENTS: RingBuf<Größe, 4096> = RingBuf::new();

#[tracepoint(category = "sched", name = "sched_process_fork")]
pub fn touch(ctx: TracePointContext) -> u32 {
    // SAFETY: `child_pid` lies inside the 24-byte record.
    let Ok(pid) = (unsafe { ctx.read_at::<u32>(20) }) else { return 1 };
    if let Some(edge) = EDGES.get_ptr_mut(&pid) {
        // SAFETY: the pointer comes from a lookup.
        unsafe {
            (*edge).letter = 'ß';
            (*edge).size.länge = pid;
        }
    }
    if let Some(count) = LETTERS.get_ptr_mut(&'k') {
        // SAFETY: the pointer comes from a lookup.
        unsafe { *count += 1 };
    }
    let _ = EVENTS.output(&Größe { länge: pid, r#type: 1 }, 0);
    0
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";

#[panic_handler]
fn panic(_info: &core::panic::PanicInfo) -> ! {
    loop {}
}
