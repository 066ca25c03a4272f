//! Incoming connections spread over listeners: by port (`sk_lookup`), by hash (`sk_reuseport`).
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::bpf_sk_lookup,
    btf_maps::{Array, ReusePortSockArray, SockMap},
    macros::{btf_map, map, sk_lookup, sk_reuseport},
    maps::{HashMap, ReusePortSockArray as LegacyReusePortSockArray},
    programs::{SkLookupContext, SkReuseportContext},
    EbpfContext as _,
};
use aya_programs as _;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Service {
    pub first_port: u16,
    pub last_port: u16,
    pub socket: u32,
}

#[btf_map]
static SERVICES: Array<Service, 4> = Array::new();

#[btf_map]
static LISTENERS: SockMap<16> = SockMap::new();

#[btf_map]
static WORKERS: ReusePortSockArray<32> = ReusePortSockArray::new();

#[map]
static RESERVE: LegacyReusePortSockArray = LegacyReusePortSockArray::with_max_entries(4, 0);

#[map]
static CHOSEN: HashMap<u32, u64> = HashMap::with_max_entries(64, 0);

/// SK_PASS.
const PASS: u32 = 1;

fn chosen(which: u32) {
    match CHOSEN.get_ptr_mut(&which) {
        // SAFETY: the pointer comes from a lookup.
        Some(count) => unsafe { *count += 1 },
        None => {
            let _ = CHOSEN.insert(&which, &1, 0);
        }
    }
}

#[sk_lookup]
pub fn by_port(ctx: SkLookupContext) -> u32 {
    // SAFETY: the context is the kernel's.
    let port = unsafe { (*ctx.as_ptr().cast::<bpf_sk_lookup>()).local_port };
    for index in 0..4 {
        let Some(service) = SERVICES.get(index) else { continue };
        if port < u32::from(service.first_port) || port > u32::from(service.last_port) {
            continue;
        }
        chosen(service.socket);
        let _ = LISTENERS.redirect_sk_lookup(&ctx, service.socket, 0);
        break;
    }
    PASS
}

#[sk_reuseport]
pub fn by_hash(ctx: SkReuseportContext) -> u32 {
    let worker = ctx.hash() & 31;
    chosen(100 + worker);
    if WORKERS.select_reuseport(&ctx, worker).is_err() {
        let _ = RESERVE.select_reuseport(&ctx, worker & 3);
    }
    PASS
}
