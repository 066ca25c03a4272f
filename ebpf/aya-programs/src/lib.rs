//! Headers of packets, and what every program of `src/bin/` needs beside its maps.
#![no_std]

#[repr(C, packed)]
pub struct Ethernet {
    pub target: [u8; 6],
    pub source: [u8; 6],
    /// Big-endian.
    pub protocol: u16,
}

/// Big-endian, as on the wire.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Ipv4 {
    pub version_and_length: u8,
    pub service: u8,
    pub total_length: u16,
    pub id: u16,
    pub fragment: u16,
    pub time_to_live: u8,
    pub protocol: u8,
    pub checksum: u16,
    pub source: u32,
    pub target: u32,
}

/// The first four bytes of TCP and UDP alike, big-endian.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Ports {
    pub source: u16,
    pub target: u16,
}

pub const ETHERTYPE_IPV4: u16 = 0x0800;
pub const ETHERTYPE_IPV6: u16 = 0x86dd;
pub const TCP: u8 = 6;
pub const UDP: u8 = 17;

/// A header at an offset from the start of a packet, if the packet is long enough.
#[inline(always)]
pub fn header<T>(start: usize, end: usize, offset: usize) -> Option<&'static T> {
    if start + offset + size_of::<T>() > end {
        return None;
    }
    // SAFETY: the bounds are checked, and headers have no alignment to keep in a packet.
    Some(unsafe { &*((start + offset) as *const T) })
}

/// What a map is called in the arguments of helpers that Aya has no method for.
#[inline(always)]
pub fn address<T>(map: &'static T) -> *mut core::ffi::c_void {
    core::ptr::from_ref(map).cast_mut().cast()
}

#[panic_handler]
fn panic(_info: &core::panic::PanicInfo) -> ! {
    loop {}
}
