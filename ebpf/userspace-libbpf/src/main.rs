//! The seed's user-space program on libbpf, for either object.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use libbpf_rs::{set_print, Map, MapCore as _, MapFlags, ObjectBuilder, PrintLevel, TracepointCategory};
use log::Level;
use userspace::{watch, Options, CATEGORY, MAP, PROGRAM, TRACEPOINT};

fn main() -> ExitCode {
    userspace::run(load_and_watch)
}

/// libbpf's own words, among which its warnings say why it refuses an object.
fn say(level: PrintLevel, text: String) {
    let level = match level {
        PrintLevel::Debug => Level::Debug,
        PrintLevel::Info => Level::Info,
        PrintLevel::Warn => Level::Warn,
    };
    for line in text.lines() {
        log::log!(target: "libbpf", level, "{}", line.trim_start_matches("libbpf: "));
    }
}

fn load_and_watch(options: &Options) -> Result<()> {
    let name = options.object.display();
    set_print(Some((PrintLevel::Debug, say)));
    let open =
        ObjectBuilder::default().open_file(&options.object).with_context(|| format!("libbpf cannot open {name}"))?;
    let object = open.load().with_context(|| format!("libbpf cannot load {name}"))?;
    let program = object
        .progs_mut()
        .find(|program| program.name() == PROGRAM)
        .with_context(|| format!("{name} has no program {PROGRAM}"))?;
    let map = object.maps().find(|map| map.name() == MAP).with_context(|| format!("{name} has no map {MAP}"))?;
    let _link = program
        .attach_tracepoint(TracepointCategory::Custom(CATEGORY.to_owned()), TRACEPOINT)
        .with_context(|| format!("libbpf cannot attach program {PROGRAM} to {CATEGORY}:{TRACEPOINT}"))?;
    watch(options, || entries(&map).with_context(|| format!("cannot read {MAP}")))
}

fn entries(map: &Map<'_>) -> Result<Vec<(u32, u32)>> {
    let mut entries = Vec::new();
    for key in map.keys() {
        // An entry may go between the two looks.
        if let Some(value) = map.lookup(&key, MapFlags::ANY)? {
            entries.push((number(&key)?, number(&value)?));
        }
    }
    Ok(entries)
}

fn number(bytes: &[u8]) -> Result<u32> {
    let bytes = bytes.try_into().with_context(|| format!("keys and values have {} bytes, not 4", bytes.len()))?;
    Ok(u32::from_ne_bytes(bytes))
}
