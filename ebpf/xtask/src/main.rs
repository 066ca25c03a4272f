//! `cargo xtask build-ebpf …` and `cargo xtask run …`: the npm scripts `build-ebpf` and `start`, which take the same options.

use std::{
    env,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

const USAGE: &str = "usage: cargo xtask build-ebpf [OPTIONS]
       cargo xtask run [OPTIONS] [-- ARGS]

`--help` behind either says more.";

/// The folder that has `package.json`; cargo says where this crate lies when it runs it.
fn root() -> PathBuf {
    let own = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&own).join("../..")
}

fn main() -> ExitCode {
    let mut args = env::args_os().skip(1);
    let script = match args.next().as_deref().and_then(|task| task.to_str()) {
        Some("build-ebpf") => "build-ebpf",
        Some("run") => "start",
        Some("-h" | "--help") => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    // npm takes this process over, so that signals and the exit code are its own.
    let error = Command::new("npm").args(["run", "--silent", script, "--"]).args(args).current_dir(root()).exec();
    eprintln!("xtask: npm: {error} (Debian: apt-get install nodejs npm; then `npm ci` in the repository)");
    ExitCode::FAILURE
}
