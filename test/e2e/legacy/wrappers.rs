//! The wrappers that aya-bpf had in 2022, as rustc 1.63 describes them.
#![no_std]
#![allow(dead_code, non_camel_case_types)]
use core::{cell::UnsafeCell, marker::PhantomData, mem};
#[repr(C)]
#[derive(Clone, Copy)]
pub struct bpf_map_def {
    pub type_: u32,
    pub key_size: u32,
    pub value_size: u32,
    pub max_entries: u32,
    pub map_flags: u32,
    pub id: u32,
    pub pinning: u32,
}
#[repr(transparent)]
pub struct HashMap<K, V> {
    def: UnsafeCell<bpf_map_def>,
    _k: PhantomData<K>,
    _v: PhantomData<V>,
}
unsafe impl<K, V> Sync for HashMap<K, V> {}
#[repr(transparent)]
pub struct Array<T> {
    def: UnsafeCell<bpf_map_def>,
    _t: PhantomData<T>,
}
unsafe impl<T> Sync for Array<T> {}
#[repr(C, packed)]
pub struct Key<K> {
    pub prefix_len: u32,
    pub data: K,
}
#[repr(transparent)]
pub struct LpmTrie<K, V> {
    def: UnsafeCell<bpf_map_def>,
    _k: PhantomData<K>,
    _v: PhantomData<V>,
}
unsafe impl<K, V> Sync for LpmTrie<K, V> {}
#[repr(transparent)]
pub struct PerfEventArray<T> {
    def: UnsafeCell<bpf_map_def>,
    _t: PhantomData<T>,
}
unsafe impl<T> Sync for PerfEventArray<T> {}
#[repr(transparent)]
pub struct Queue<T> {
    def: UnsafeCell<bpf_map_def>,
    _t: PhantomData<T>,
}
unsafe impl<T> Sync for Queue<T> {}
#[repr(C)]
pub struct Flow {
    src: u32,
    dst: u32,
    port: u16,
}
#[repr(C)]
pub struct Stats {
    packets: u64,
    bytes: u64,
    last: Option<u32>,
}
macro_rules! d {
    ($t:expr, $k:expr, $v:expr, $m:expr, $f:expr) => {
        UnsafeCell::new(bpf_map_def {
            type_: $t,
            key_size: $k,
            value_size: $v,
            max_entries: $m,
            map_flags: $f,
            id: 0,
            pinning: 0,
        })
    };
}
#[no_mangle]
#[link_section = "maps"]
pub static FLOWS: HashMap<Flow, Stats> = HashMap {
    def: d!(1, 12, 24, 1024, 0),
    _k: PhantomData,
    _v: PhantomData,
};
#[no_mangle]
#[link_section = "maps"]
pub static mut COUNTS: Array<[u64; 2]> = Array {
    def: d!(2, 4, 16, 4, 0),
    _t: PhantomData,
};
#[no_mangle]
#[link_section = "maps"]
pub static mut ROUTES: LpmTrie<u32, u64> = LpmTrie {
    def: d!(11, 8, 8, 4, 1),
    _k: PhantomData,
    _v: PhantomData,
};
#[no_mangle]
#[link_section = "maps"]
pub static mut EVENTS: PerfEventArray<Stats> = PerfEventArray {
    def: d!(4, 4, 4, 0, 0),
    _t: PhantomData,
};
#[no_mangle]
#[link_section = "maps"]
pub static mut JOBS: Queue<Flow> = Queue {
    def: d!(22, 0, 12, 4, 0),
    _t: PhantomData,
};
#[link_section = "maps"]
static PRIVATE: HashMap<u16, u8> = HashMap {
    def: d!(1, 2, 1, 3, 0),
    _k: PhantomData,
    _v: PhantomData,
};
type LookupFn = extern "C" fn(*const u8, *const u8) -> *const u8;
#[no_mangle]
#[link_section = "socket"]
pub extern "C" fn prog(_ctx: *mut u8) -> u32 {
    let f: LookupFn = unsafe { mem::transmute(1usize) };
    let k = Flow {
        src: 1,
        dst: 2,
        port: 3,
    };
    let n = 1u32;
    let p = 7u16;
    let key = Key {
        prefix_len: 32,
        data: 1u32,
    };
    unsafe {
        (!f(&FLOWS as *const _ as *const _, &k as *const _ as *const _).is_null()) as u32
            + (!f(&COUNTS as *const _ as *const _, &n as *const _ as *const _).is_null()) as u32
            + (!f(&PRIVATE as *const _ as *const _, &p as *const _ as *const _).is_null()) as u32
            + (!f(
                &ROUTES as *const _ as *const _,
                &key as *const _ as *const _,
            )
            .is_null()) as u32
    }
}
#[no_mangle]
#[link_section = "license"]
pub static LICENSE: [u8; 4] = *b"GPL\0";
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
