//! The allocator: one bump pointer over the linear memory, put back in one step.
//!
//! Everything that Rust allocates here (abbreviation tables, line program headers) lives until the next unit, so nothing is ever
//! freed singly; the host's section bytes lie below a mark that survives such a reset.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;

const PAGE: usize = 0x1_0000;

unsafe extern "C" {
    /// First byte after the module's own data, placed by the linker.
    static __heap_base: u8;
}

struct Bump {
    /// Next free byte; 0 until first use.
    next: usize,
    /// Where a reset goes back to.
    mark: usize,
    /// Bytes that the arena may hold above its start.
    limit: usize,
    /// Whether an allocation was refused: the host reads this after the trap that follows.
    exhausted: bool,
}

pub struct Arena(UnsafeCell<Bump>);

// A WebAssembly instance without shared memory has one thread.
unsafe impl Sync for Arena {}

#[global_allocator]
pub static ARENA: Arena = Arena(UnsafeCell::new(Bump { next: 0, mark: 0, limit: 0, exhausted: false }));

fn heap_start() -> usize {
    (&raw const __heap_base) as usize
}

impl Arena {
    /// Forgets everything, the host's bytes too, and sets how many bytes may be used from now on.
    pub fn begin(&self, limit: usize) {
        let bump = unsafe { &mut *self.0.get() };
        bump.next = heap_start();
        bump.mark = bump.next;
        bump.limit = limit;
        bump.exhausted = false;
    }

    /// Room for the host's bytes, kept until `begin`; null if the limit or the memory is used up.
    pub fn keep(&self, length: usize) -> *mut u8 {
        let start = self.claim(length, 8);
        let bump = unsafe { &mut *self.0.get() };
        bump.mark = bump.next;
        start
    }

    /// Frees all that was allocated since the last `keep`. Whoever holds such memory must have let go of it.
    pub fn reset(&self) {
        let bump = unsafe { &mut *self.0.get() };
        bump.next = bump.mark;
    }

    pub fn exhausted(&self) -> bool {
        unsafe { (*self.0.get()).exhausted }
    }

    fn claim(&self, length: usize, align: usize) -> *mut u8 {
        let bump = unsafe { &mut *self.0.get() };
        let start = (bump.next + align - 1) & !(align - 1);
        let end = match start.checked_add(length) {
            Some(end) if end - heap_start() <= bump.limit && grow_to(end) => end,
            _ => {
                bump.exhausted = true;
                return core::ptr::null_mut();
            }
        };
        bump.next = end;
        start as *mut u8
    }
}

/// Whether the memory reaches to `end`, growing it if need be.
fn grow_to(end: usize) -> bool {
    let pages = core::arch::wasm32::memory_size(0);
    let needed = end.div_ceil(PAGE);
    needed <= pages || core::arch::wasm32::memory_grow(0, needed - pages) != usize::MAX
}

unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.claim(layout.size(), layout.align())
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // Only the newest block can be given back.
        let bump = unsafe { &mut *self.0.get() };
        if start as usize + layout.size() == bump.next {
            bump.next = start as usize;
        }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let bump = unsafe { &mut *self.0.get() };
        if start as usize + layout.size() == bump.next {
            // The newest block grows where it stands: a table read in one go is never copied.
            bump.next = start as usize;
            return self.claim(size, layout.align());
        }
        let grown = self.claim(size, layout.align());
        if !grown.is_null() {
            unsafe { core::ptr::copy_nonoverlapping(start, grown, layout.size().min(size)) };
        }
        grown
    }
}
