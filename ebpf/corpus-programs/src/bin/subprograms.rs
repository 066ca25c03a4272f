//! Functions that stay calls: generic ones, one with an unnamed argument, a callback, a large copy that needs `memcpy`.
#![no_std]
#![no_main]

use aya_ebpf::{
    btf_maps::{Array, PerCpuArray},
    macros::{btf_map, classifier, tracepoint},
    programs::{TcContext, TracePointContext},
};

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Page {
    pub words: [u64; 96],
}

#[btf_map]
static PAGES: PerCpuArray<Page, 2> = PerCpuArray::new();

#[btf_map]
static SUMS: Array<u64, 4> = Array::new();

pub trait Scale {
    fn scale(&self, by: u64) -> u64;
}

pub struct Linear(u64);

impl Scale for Linear {
    #[inline(never)]
    fn scale(&self, by: u64) -> u64 {
        self.0.wrapping_mul(core::hint::black_box(by))
    }
}

#[inline(never)]
fn mixed<T: Into<u64> + Copy, const SHIFT: u32>(value: T, _: u32, _unused: u64) -> u64 {
    core::hint::black_box(value.into()) << SHIFT
}

#[inline(never)]
fn apply<F: Fn(u64) -> u64>(f: F, value: u64) -> u64 {
    core::hint::black_box(f(value))
}

#[inline(never)]
fn copy_page(from: *const Page, to: *mut Page) {
    // SAFETY: both pointers come from lookups of maps with values of this type.
    unsafe { core::ptr::copy_nonoverlapping(from, to, 1) };
}

#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn exported_sum(a: u64, b: u64) -> u64 {
    core::hint::black_box(a).wrapping_add(b)
}

#[tracepoint(category = "sched", name = "sched_process_fork")]
pub fn spread(ctx: TracePointContext) -> u32 {
    // SAFETY: `child_pid` lies inside the 24-byte record.
    let Ok(pid) = (unsafe { ctx.read_at::<u32>(20) }) else { return 1 };
    let first = mixed::<u32, 3>(pid, 1, 2);
    let second = mixed::<u16, 5>(pid as u16, 1, 2);
    let third = apply(|value| value ^ first, second);
    let fourth = apply(move |value| value.wrapping_add(Linear(third).scale(7)), third);
    let _ = SUMS.set(0, &exported_sum(first, fourth), 0);
    if let (Some(from), Some(to)) = (PAGES.get_ptr(0), PAGES.get_ptr_mut(1)) {
        copy_page(from, to);
    }
    0
}

#[classifier]
pub fn classify(ctx: TcContext) -> i32 {
    let _ = SUMS.set(1, &exported_sum(u64::from(ctx.len()), 1), 0);
    0
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\0";

#[panic_handler]
fn panic(_info: &core::panic::PanicInfo) -> ! {
    loop {}
}
