//! Type names that no C identifier can hold: nested generics, const generics, modules, references, function pointers.
#![no_std]
#![no_main]

use core::marker::PhantomData;

use aya_ebpf::{
    btf_maps::{Array, HashMap},
    macros::{btf_map, tracepoint},
    programs::TracePointContext,
};

mod units {
    #[repr(C)]
    #[derive(Clone, Copy)]
    pub struct Tagged<T, const TAG: u32> {
        pub value: T,
        pub unit: super::PhantomData<fn(T) -> T>,
    }

    #[repr(transparent)]
    #[derive(Clone, Copy)]
    pub struct Id<T>(pub T);
}

use units::{Id, Tagged};

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Ring<T, const N: usize, const WRAP: bool> {
    pub head: u32,
    pub tail: u32,
    pub slots: [T; N],
}

#[repr(C)]
pub struct Pair<A, B> {
    pub a: A,
    pub b: B,
}

#[btf_map]
static SAMPLES: HashMap<Id<u32>, Ring<Tagged<u64, 7>, 4, true>, 128> = HashMap::new();

#[btf_map]
static NESTED: Array<Pair<Pair<Id<u8>, Id<i64>>, Pair<[Id<u16>; 3], Tagged<i32, 9>>>, 8> = Array::new();

#[tracepoint(category = "sched", name = "sched_process_fork")]
pub fn sample(ctx: TracePointContext) -> u32 {
    // SAFETY: `child_pid` lies inside the 24-byte record.
    let Ok(pid) = (unsafe { ctx.read_at::<u32>(20) }) else { return 1 };
    let key = Id(pid);
    if let Some(ring) = SAMPLES.get_ptr_mut(&key) {
        // SAFETY: the pointer comes from a lookup, the index is masked to the array's length.
        unsafe {
            let head = (*ring).head;
            (*ring).slots[(head & 3) as usize] = Tagged { value: u64::from(pid), unit: PhantomData };
            (*ring).head = head + 1;
        }
    } else {
        let slot = Tagged { value: 0, unit: PhantomData };
        let _ = SAMPLES.insert(&key, &Ring { head: 0, tail: 0, slots: [slot; 4] }, 0);
    }
    if let Some(pair) = NESTED.get_ptr_mut(pid & 7) {
        // SAFETY: the pointer comes from a lookup.
        unsafe { (*pair).b.b.value = pid as i32 };
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
