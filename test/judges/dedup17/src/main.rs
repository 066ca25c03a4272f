//! Hands the command line to the C driver; everything else is in `../native/dedup.c`.

use std::{
    env,
    ffi::{CString, c_char, c_int},
    os::unix::ffi::OsStringExt as _,
    process, ptr,
};

// Linked for its libbpf alone.
use libbpf_sys as _;

unsafe extern "C" {
    fn judge_main(argc: c_int, argv: *mut *mut c_char) -> c_int;
    fn fflush(stream: *mut core::ffi::c_void) -> c_int;
}

fn main() {
    let arguments: Vec<CString> = env::args_os()
        .map(|a| CString::new(a.into_vec()).expect("arguments hold no NUL"))
        .collect();
    let mut argv: Vec<*mut c_char> = arguments.iter().map(|a| a.as_ptr().cast_mut()).collect();
    argv.push(ptr::null_mut());
    // SAFETY: argv is NULL-terminated and outlives the call; fflush(NULL) flushes every C stream.
    let status = unsafe {
        let status = judge_main(arguments.len() as c_int, argv.as_mut_ptr());
        fflush(ptr::null_mut());
        status
    };
    process::exit(status);
}
