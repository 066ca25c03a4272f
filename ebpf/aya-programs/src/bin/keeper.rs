//! Pinned state, typed and legacy: what must outlive the program.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::__sk_buff,
    btf_maps::{Array, HashMap},
    macros::{btf_map, classifier, map},
    maps::{HashMap as LegacyHashMap, PerCpuArray},
    programs::TcContext,
    EbpfContext as _,
};
use aya_programs as _;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Settings {
    pub version: u32,
    pub is_enabled: bool,
    pub limits: [u16; 3],
}

#[repr(C)]
pub struct Session {
    pub packets: u64,
    pub state: State,
}

#[repr(u8)]
pub enum State {
    Fresh = 1,
    Known = 2,
}

#[btf_map(pin_by_name)]
static KEEPER_SETTINGS: Array<Settings, 1> = Array::new();

#[map]
static KEEPER_SESSIONS: LegacyHashMap<u32, Session> = LegacyHashMap::pinned(512, 0);

#[map(name = "KEEPER_TOTAL")]
static TOTAL: PerCpuArray<u64> = PerCpuArray::pinned(1, 0);

#[btf_map]
static RECENT: HashMap<u32, u32, 32> = HashMap::new();

#[classifier]
pub fn keep(ctx: TcContext) -> i32 {
    // SAFETY: the context is the kernel's.
    let mark = unsafe { (*ctx.as_ptr().cast::<__sk_buff>()).mark };
    if let Some(total) = TOTAL.get_ptr_mut(0) {
        // SAFETY: the pointer comes from a lookup, and the entry is this processor's.
        unsafe { *total += 1 };
    }
    match KEEPER_SESSIONS.get_ptr_mut(&mark) {
        // SAFETY: the pointer comes from a lookup.
        Some(session) => unsafe {
            (*session).packets += 1;
            (*session).state = State::Known;
        },
        None => {
            let _ = KEEPER_SESSIONS.insert(&mark, &Session { packets: 1, state: State::Fresh }, 0);
        }
    }
    let _ = RECENT.insert(&mark, &ctx.len(), 0);
    match KEEPER_SETTINGS.get(0) {
        Some(settings) if settings.is_enabled && ctx.len() > u32::from(settings.limits[0]) => 2,
        _ => 0,
    }
}
