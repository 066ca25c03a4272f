//! Ring buffers, typed and legacy, whose events are enums with payloads.
#![no_std]
#![no_main]

use aya_ebpf::{
    btf_maps::RingBuf,
    helpers::{bpf_get_current_comm, bpf_get_current_pid_tgid},
    macros::{btf_map, map, tracepoint},
    maps::{Array, RingBuf as LegacyRingBuf},
    programs::TracePointContext,
};
use aya_programs as _;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Name(pub [u8; 16]);

/// Laid out as Rust likes it.
#[derive(Clone, Copy)]
pub enum Event {
    Fork { parent: u32, child: u32 },
    Exec { pid: u32, name: Name },
    Exit(u32),
    Lost,
}

/// Laid out as C would have it, with a tag of its own width.
#[repr(C, u8)]
#[derive(Clone, Copy)]
pub enum Note {
    Short(u16) = 1,
    Long { words: [u64; 2] } = 7,
}

#[btf_map]
static EVENTS: RingBuf<Event, 16384> = RingBuf::new();

#[map]
static NOTES: LegacyRingBuf = LegacyRingBuf::with_byte_size(4096, 0);

#[map]
static SENT: Array<u64> = Array::with_max_entries(3, 0);

fn send(which: u32, event: Event) {
    match EVENTS.output(&event, 0) {
        Ok(()) => {
            if let Some(sent) = SENT.get_ptr_mut(which) {
                // SAFETY: the pointer comes from a lookup.
                unsafe { *sent += 1 };
            }
        }
        Err(_) => {
            let _ = EVENTS.output(&Event::Lost, 0);
        }
    }
}

#[tracepoint(category = "sched", name = "sched_process_fork")]
pub fn forked(ctx: TracePointContext) -> u32 {
    // SAFETY: both fields lie inside the 24-byte record.
    let (Ok(parent), Ok(child)) = (unsafe { ctx.read_at::<u32>(12) }, unsafe { ctx.read_at::<u32>(20) }) else {
        return 1;
    };
    send(0, Event::Fork { parent, child });
    if let Some(mut note) = NOTES.reserve::<Note>(0) {
        note.write(Note::Long { words: [u64::from(parent), u64::from(child)] });
        note.submit(0);
    }
    0
}

#[tracepoint(category = "sched", name = "sched_process_exec")]
pub fn executed(_ctx: TracePointContext) -> u32 {
    let pid = (bpf_get_current_pid_tgid() >> 32) as u32;
    send(1, Event::Exec { pid, name: Name(bpf_get_current_comm().unwrap_or([0; 16])) });
    let _ = NOTES.output(&Note::Short(pid as u16), 0);
    0
}

#[tracepoint(category = "sched", name = "sched_process_exit")]
pub fn ended(_ctx: TracePointContext) -> u32 {
    send(2, Event::Exit(bpf_get_current_pid_tgid() as u32));
    0
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";
