use std::env;

/// Compiles the C driver against the headers of the libbpf that libbpf-sys has built.
fn main() {
    let driver = "../native/dedup.c";
    println!("cargo:rerun-if-changed={driver}");
    let include = env::var("DEP_BPF_INCLUDE").or_else(|_| env::var("DEP_LIBBPF_INCLUDE"));
    cc::Build::new()
        .file(driver)
        .include(include.expect("libbpf-sys says where its headers are"))
        .define("main", "judge_main")
        .compile("judge");
}
