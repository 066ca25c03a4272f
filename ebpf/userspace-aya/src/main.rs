//! The seed's user-space program on aya, for either object.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use aya::{
    maps::{HashMap, MapError},
    programs::TracePoint,
    Ebpf,
};
use userspace::{watch, Options, CATEGORY, MAP, PROGRAM, TRACEPOINT};

fn main() -> ExitCode {
    userspace::run(load_and_watch)
}

fn load_and_watch(options: &Options) -> Result<()> {
    let name = options.object.display();
    let mut ebpf = Ebpf::load_file(&options.object).with_context(|| format!("aya cannot load {name}"))?;
    let program: &mut TracePoint = ebpf
        .program_mut(PROGRAM)
        .with_context(|| format!("{name} has no program {PROGRAM}"))?
        .try_into()
        .with_context(|| format!("program {PROGRAM} of {name} is for no tracepoint"))?;
    program.load().with_context(|| format!("aya cannot load program {PROGRAM}"))?;
    program
        .attach(CATEGORY, TRACEPOINT)
        .with_context(|| format!("aya cannot attach program {PROGRAM} to {CATEGORY}:{TRACEPOINT}"))?;
    let map = ebpf.map(MAP).with_context(|| format!("{name} has no map {MAP}"))?;
    let map = HashMap::<_, u32, u32>::try_from(map).with_context(|| format!("map {MAP} of {name}"))?;
    watch(options, || entries(&map).with_context(|| format!("cannot read {MAP}")))
}

fn entries(map: &HashMap<&aya::maps::MapData, u32, u32>) -> Result<Vec<(u32, u32)>, MapError> {
    map.iter().collect()
}
