use std::{env, fs, path::Path};

/// Compiles the C driver against the headers of the libbpf that libbpf-sys has built.
fn main() {
    let native = Path::new("../native");
    for file in fs::read_dir(native)
        .expect("the native drivers lie beside this crate")
        .flatten()
    {
        println!("cargo:rerun-if-changed={}", file.path().display());
    }
    let include = env::var("DEP_BPF_INCLUDE").or_else(|_| env::var("DEP_LIBBPF_INCLUDE"));
    cc::Build::new()
        .file(native.join("libbpf.c"))
        .include(include.expect("libbpf-sys says where its headers are"))
        .define("main", "judge_main")
        .flag("-Wno-sign-compare")
        .compile("judge");
}
