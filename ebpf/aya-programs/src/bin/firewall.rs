//! XDP network filter: blocked prefixes (legacy trie), open connections, counters for each processor (legacy), and an event
//! for each packet that is dropped.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    btf_maps::{LruHashMap, RingBuf},
    helpers::bpf_ktime_get_ns,
    macros::{btf_map, map, xdp},
    maps::{
        lpm_trie::{Key, LpmTrie},
        PerCpuArray,
    },
    programs::XdpContext,
    Global,
};
use aya_programs::{header, Ethernet, Ipv4, Ports, ETHERTYPE_IPV4, TCP, UDP};

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Connection {
    pub source: u32,
    pub target: u32,
    pub ports: Ports,
    pub protocol: u32,
}

#[repr(C)]
pub struct Traffic {
    pub packets: u64,
    pub bytes: u64,
    pub last_seen: u64,
}

pub enum Reason {
    Malformed,
    Blocked { prefix_length: u32 },
    TooMany(u64),
}

#[repr(C)]
pub struct Dropped {
    pub nanoseconds: u64,
    pub source: u32,
    pub reason: Reason,
}

#[repr(C)]
pub struct Policy {
    pub prefix_length: u32,
    pub hits: u32,
}

#[map]
static BLOCKED: LpmTrie<[u8; 4], Policy> = LpmTrie::with_max_entries(1024, 1);

#[map]
static TOTALS: PerCpuArray<u64> = PerCpuArray::with_max_entries(3, 0);

#[btf_map]
static CONNECTIONS: LruHashMap<Connection, Traffic, 4096> = LruHashMap::new();

#[btf_map]
static DROPS: RingBuf<Dropped, 8192> = RingBuf::new();

/// Packets of one connection that pass.
#[unsafe(no_mangle)]
static LIMIT: Global<u64> = Global::new(1_000_000);

/// Indices of `TOTALS`.
const SEEN: u32 = 0;
const PASSED: u32 = 1;
const REFUSED: u32 = 2;

fn count(what: u32) {
    if let Some(total) = TOTALS.get_ptr_mut(what) {
        // SAFETY: the pointer comes from a lookup, and the entry is this processor's.
        unsafe { *total += 1 };
    }
}

fn drop_packet(source: u32, reason: Reason) -> u32 {
    count(REFUSED);
    if let Some(mut entry) = DROPS.reserve(0) {
        // SAFETY: the helper takes no arguments.
        entry.write(Dropped { nanoseconds: unsafe { bpf_ktime_get_ns() }, source, reason });
        entry.submit(0);
    }
    xdp_action::XDP_DROP
}

#[xdp]
pub fn firewall(ctx: XdpContext) -> u32 {
    count(SEEN);
    let (start, end) = (ctx.data(), ctx.data_end());
    let Some(ethernet) = header::<Ethernet>(start, end, 0) else {
        return drop_packet(0, Reason::Malformed);
    };
    if u16::from_be(ethernet.protocol) != ETHERTYPE_IPV4 {
        count(PASSED);
        return xdp_action::XDP_PASS;
    }
    let Some(ip) = header::<Ipv4>(start, end, 14) else {
        return drop_packet(0, Reason::Malformed);
    };
    let source = ip.source;
    if let Some(policy) = BLOCKED.get(&Key::new(32, source.to_ne_bytes())) {
        return drop_packet(source, Reason::Blocked { prefix_length: policy.prefix_length });
    }
    if ip.protocol == TCP || ip.protocol == UDP {
        let Some(ports) = header::<Ports>(start, end, 34) else {
            return drop_packet(source, Reason::Malformed);
        };
        let key = Connection { source, target: ip.target, ports: *ports, protocol: u32::from(ip.protocol) };
        let bytes = (end - start) as u64;
        match CONNECTIONS.get_ptr_mut(&key) {
            // SAFETY: the pointer comes from a lookup.
            Some(traffic) => unsafe {
                (*traffic).packets += 1;
                (*traffic).bytes += bytes;
                if (*traffic).packets > LIMIT.load() {
                    return drop_packet(source, Reason::TooMany((*traffic).packets));
                }
            },
            None => {
                let _ = CONNECTIONS.insert(&key, &Traffic { packets: 1, bytes, last_seen: 0 }, 0);
            }
        }
    }
    count(PASSED);
    xdp_action::XDP_PASS
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";
