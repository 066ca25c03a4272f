//! Packet counters per flow: structs as key and value, a generic counter inside, XDP.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action::XDP_PASS,
    btf_maps::{HashMap, PerCpuHashMap},
    macros::{btf_map, xdp},
    programs::XdpContext,
};

#[repr(C)]
#[derive(Clone, Copy)]
pub struct FlowKey {
    pub source: [u8; 16],
    pub destination: [u8; 16],
    pub ports: Ports,
    pub protocol: u8,
    pub padding: [u8; 3],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Ports {
    pub source: u16,
    pub destination: u16,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Counter<T> {
    pub total: T,
    pub last: T,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct FlowStats {
    pub packets: Counter<u64>,
    pub bytes: Counter<u64>,
    pub drops: Counter<u32>,
}

#[btf_map]
static FLOWS: HashMap<FlowKey, FlowStats, 4096> = HashMap::new();

#[btf_map]
static PER_CPU: PerCpuHashMap<u32, Counter<u64>, 64> = PerCpuHashMap::new();

#[xdp]
pub fn count_flows(ctx: XdpContext) -> u32 {
    let length = (ctx.data_end() - ctx.data()) as u64;
    let key = FlowKey {
        source: [0; 16],
        destination: [1; 16],
        ports: Ports { source: ctx.rx_queue_index() as u16, destination: 53 },
        protocol: 17,
        padding: [0; 3],
    };
    match FLOWS.get_ptr_mut(&key) {
        // SAFETY: the pointer comes from a lookup; lost updates are acceptable in a counter.
        Some(stats) => unsafe {
            (*stats).packets.total += 1;
            (*stats).bytes.total += length;
            (*stats).bytes.last = length;
        },
        None => {
            let stats = FlowStats {
                packets: Counter { total: 1, last: 1 },
                bytes: Counter { total: length, last: length },
                drops: Counter { total: 0, last: 0 },
            };
            let _ = FLOWS.insert(&key, &stats, 0);
        }
    }
    let _ = PER_CPU.insert(&(length as u32), &Counter { total: 1, last: length }, 0);
    XDP_PASS
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";

#[panic_handler]
fn panic(_info: &core::panic::PanicInfo) -> ! {
    loop {}
}
