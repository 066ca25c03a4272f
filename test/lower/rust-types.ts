/** Types that LLVM 22 gets wrong, and beside them in `.rodata` what rustc itself says of their layout. */
export const RUST_TYPES: string = `
use core::mem::{offset_of, size_of};
pub struct Sample { tag: u8, when: u64, len: u16 }
#[repr(C)] pub struct Span { at: u64, open: bool }
#[repr(C)] pub struct Key { initial: char, rest: [char; 3], p: *const char }
#[repr(u8)] pub enum State { Idle = 7, Busy { since: u64 } = 9, Failed(u8) = 200 }
#[repr(i8)] pub enum Small { A = -1, B = 5 }
#[repr(u64)] pub enum Huge { A = 1 << 40, B = 5 }
pub mod a { #[repr(C)] pub struct Node { pub v: u64, pub w: u64 } }
pub mod b { #[repr(C)] pub struct Node { pub v: u8 } }
#[repr(C)] pub struct Peer { x: u32, next: *const Peer }
#[repr(C)] pub struct Val { peer: *const Peer, pa: *const a::Node, nb: b::Node, f: Option<extern "C" fn(u32) -> u64>, s: &'static str }
#[repr(C)] pub struct Wide { a: u128, b: f64, c: f32, d: [[[u16; 4]; 3]; 2], e: (), g: [u8; 0] }
#[no_mangle] pub static mut SAMPLE: Sample = Sample { tag: 1, when: 2, len: 3 };
#[no_mangle] pub static mut SPAN: Option<Span> = None;
#[no_mangle] pub static mut KEY: Key = Key { initial: 'a', rest: ['b'; 3], p: 0 as *const char };
#[no_mangle] pub static mut STATE: State = State::Idle;
#[no_mangle] pub static mut SMALL: Small = Small::A;
#[no_mangle] pub static mut HUGE: Huge = Huge::A;
#[no_mangle] pub static mut VAL: Val = Val { peer: 0 as _, pa: 0 as _, nb: b::Node { v: 0 }, f: None, s: "x" };
#[no_mangle] pub static mut WIDE: Wide = Wide { a: 1, b: 1.0, c: 2.0, d: [[[0; 4]; 3]; 2], e: (), g: [] };
#[no_mangle] pub static LAYOUT: [u64; 17] = [
  size_of::<Sample>() as u64, offset_of!(Sample, when) as u64, offset_of!(Sample, len) as u64, offset_of!(Sample, tag) as u64,
  size_of::<Key>() as u64, offset_of!(Key, initial) as u64, offset_of!(Key, rest) as u64, offset_of!(Key, p) as u64,
  size_of::<Wide>() as u64, offset_of!(Wide, a) as u64, offset_of!(Wide, b) as u64, offset_of!(Wide, c) as u64,
  offset_of!(Wide, d) as u64, offset_of!(Wide, e) as u64, offset_of!(Wide, g) as u64,
  size_of::<Option<Span>>() as u64, offset_of!(Span, open) as u64,
];
#[no_mangle] pub extern "C" fn prog(ctx: *mut core::ffi::c_void, x: (u8, u32)) -> u64 {
  unsafe { SAMPLE.when + x.1 as u64 + ctx as u64 + match STATE { State::Idle => 0, State::Busy { since } => since, State::Failed(x) => x as u64 } }
}
`;
