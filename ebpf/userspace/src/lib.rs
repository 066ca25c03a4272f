//! What both user-space programs do alike: read the command line, print the map as it fills, stop on Ctrl-C, and tell errors.

use std::{
    collections::BTreeMap,
    io::Write as _,
    path::PathBuf,
    process::ExitCode,
    sync::mpsc::{self, RecvTimeoutError},
    time::Duration,
};

use anyhow::{Context as _, Result};
use clap::Parser;

/// Program, map and tracepoint, by the names that both eBPF programs give them.
pub const PROGRAM: &str = "fork";
pub const MAP: &str = "PID_MAP";
pub const CATEGORY: &str = "sched";
pub const TRACEPOINT: &str = "sched_process_fork";

/// How often the map is read.
const PAUSE: Duration = Duration::from_millis(50);

/// Loads an object, attaches its program `fork` to sched:sched_process_fork, and prints PID_MAP as it fills.
#[derive(Parser)]
#[command(after_help = "RUST_LOG=debug shows what the loading library says of its work.")]
pub struct Options {
    /// The eBPF object.
    pub object: PathBuf,
    /// Stop after N entries of the map that were new or changed; without it, on Ctrl-C.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub events: Option<u64>,
}

/// Runs a user-space program: 0 if it came to its end, 1 with the whole chain of errors if not, 2 for wrong usage.
pub fn run(load_and_watch: fn(&Options) -> Result<()>) -> ExitCode {
    let options = Options::parse();
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn"))
        .format(|out, record| {
            let crate_name = record.target().split("::").next().unwrap_or_default();
            writeln!(out, "{crate_name}: {}", record.args().to_string().trim_end())
        })
        .init();
    match load_and_watch(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", told(&error));
            ExitCode::FAILURE
        }
    }
}

/// The chain of errors in one line; some libraries end a text with that of its cause, which is then said once.
fn told(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, cause| {
        if told.is_empty() {
            cause
        } else if told.ends_with(&cause) {
            told
        } else {
            format!("{told}: {cause}")
        }
    })
}

/// Prints each entry (parent, child) that is new or has changed since the last look, until the wanted number or a signal ends it.
pub fn watch(options: &Options, mut entries: impl FnMut() -> Result<Vec<(u32, u32)>>) -> Result<()> {
    let (signal, stopped) = mpsc::channel();
    ctrlc::set_handler(move || {
        // The other end is gone only when the loop has ended anyway.
        let _ = signal.send(());
    })
    .context("cannot catch Ctrl-C")?;
    say(format_args!("attached {PROGRAM} to {CATEGORY}:{TRACEPOINT}; Ctrl-C ends it"))?;
    let mut seen = BTreeMap::new();
    let mut events = 0;
    loop {
        for (parent, child) in entries()? {
            if seen.insert(parent, child) == Some(child) {
                continue;
            }
            say(format_args!("{MAP}[{parent}] = {child}"))?;
            events += 1;
            if options.events == Some(events) {
                return say(format_args!("{events} events, as asked for"));
            }
        }
        if !matches!(stopped.recv_timeout(PAUSE), Err(RecvTimeoutError::Timeout)) {
            return say(format_args!("stopped after {events} events"));
        }
    }
}

/// A line on standard output, at once; a reader that has gone away is an error, no panic.
fn say(line: std::fmt::Arguments<'_>) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).context("cannot write to standard output")
}
