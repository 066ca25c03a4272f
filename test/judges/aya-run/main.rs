//! The aya judge: loads the object of `test/e2e/legacy/ebpf/src/bin/traffic.rs` twice as a user of aya does, runs its filters on a UDP
//! socket, and prints what came of it as one JSON line.
//!
//!     judge OBJECT
//!     judge --load OBJECT
//!
//! With `--load` any object will do: aya creates its maps, which are listed as the kernel holds them, and loads each program that needs
//! nothing more to be known.
//!
//! Both loads set `FLOWS` to 32 entries. Both pin into the bpffs at the usual place, so the second finds the maps that the first has
//! pinned; the caller gives the judge a bpffs of its own, so nothing outlives the run.

use std::{
    env,
    error::Error,
    fs,
    net::UdpSocket,
    path::Path,
    process,
    sync::{Arc, Mutex},
    time::Duration,
};

use aya::{
    Ebpf, EbpfLoader, Pod,
    maps::{
        Array, HashMap, Map, MapData, MapInfo, PerCpuArray, ProgramArray, Queue, RingBuf,
        lpm_trie::{Key, LpmTrie},
    },
    programs::{Program, ProgramError, SocketFilter},
};

const BPFFS: &str = "/sys/fs/bpf";
const PACKETS: usize = 5;
const PAYLOAD: usize = 21;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(C)]
struct Flow {
    length: u32,
    family: u32,
}

#[derive(Clone, Copy)]
#[repr(C)]
struct Stats {
    packets: u64,
    bytes: u64,
}

/// As rustc lays out the program's `Record` is its own affair: the bytes.
type Record = [u8; 12];

// SAFETY: plain data without padding.
unsafe impl Pod for Flow {}
// SAFETY: as above.
unsafe impl Pod for Stats {}

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Lines of the log, kept as the program wrote them.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl log::Log for Lines {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }
    fn log(&self, record: &log::Record<'_>) {
        self.0
            .lock()
            .expect("one thread")
            .push(format!("{} {}", record.level(), record.args()));
    }
    fn flush(&self) {}
}

fn logged(ebpf: &mut Ebpf) -> Result<Vec<String>> {
    let lines = Lines::default();
    aya_log::EbpfLogger::init_with_logger(ebpf, lines.clone())?.flush();
    let text = lines.0.lock().expect("one thread").clone();
    Ok(text)
}

fn info_of(map: &Map) -> Result<MapInfo> {
    Ok(match map {
        Map::Array(data)
        | Map::ArrayOfMaps(data)
        | Map::BloomFilter(data)
        | Map::CgroupArray(data)
        | Map::CgroupStorage(data)
        | Map::CgrpStorage(data)
        | Map::CpuMap(data)
        | Map::DevMap(data)
        | Map::DevMapHash(data)
        | Map::HashMap(data)
        | Map::HashOfMaps(data)
        | Map::InodeStorage(data)
        | Map::LpmTrie(data)
        | Map::LruHashMap(data)
        | Map::PerCpuArray(data)
        | Map::PerCpuCgroupStorage(data)
        | Map::PerCpuHashMap(data)
        | Map::PerCpuLruHashMap(data)
        | Map::PerfEventArray(data)
        | Map::ProgramArray(data)
        | Map::Queue(data)
        | Map::ReusePortSockArray(data)
        | Map::RingBuf(data)
        | Map::SkStorage(data)
        | Map::SockHash(data)
        | Map::SockMap(data)
        | Map::Stack(data)
        | Map::StackTraceMap(data)
        | Map::Unsupported(data)
        | Map::XskMap(data) => data.info()?,
        _ => return Err("a map of a kind that this judge does not know".into()),
    })
}

/// Every map, by name, as the kernel holds it.
fn maps_of(ebpf: &Ebpf) -> Result<Vec<String>> {
    let mut maps = ebpf
        .maps()
        .map(|(name, map)| {
            let info = info_of(map)?;
            let kind = format!("{:?}", info.map_type()?);
            let numbers = [
                info.key_size(),
                info.value_size(),
                info.max_entries(),
                info.map_flags(),
            ];
            Ok(format!("{name} {kind} {numbers:?}"))
        })
        .collect::<Result<Vec<_>>>()?;
    maps.sort();
    Ok(maps)
}

fn take<T: TryFrom<Map, Error = aya::maps::MapError>>(ebpf: &mut Ebpf, name: &str) -> Result<T> {
    Ok(T::try_from(
        ebpf.take_map(name)
            .ok_or_else(|| format!("no map {name}"))?,
    )?)
}

fn load(object: &Path) -> Result<Ebpf> {
    let mut loader = EbpfLoader::new();
    loader
        .map_max_entries("FLOWS", 32)
        .override_global("AYA_LOG_LEVEL", &3u8, true);
    loader.default_map_pin_directory(BPFFS);
    Ok(loader.load_file(object)?)
}

/// One run: both filters loaded, the first attached to a socket that then gets `PACKETS` packets.
fn run(object: &Path) -> Result<String> {
    let mut ebpf = load(object)?;
    let maps = maps_of(&ebpf)?;
    let mut routes: LpmTrie<MapData, [u8; 4], u32> = take(&mut ebpf, "ROUTES")?;
    routes.insert(&Key::new(8, [127, 0, 0, 0]), &77, 0)?;
    let second: &mut SocketFilter = ebpf
        .program_mut("second")
        .ok_or("no program second")?
        .try_into()?;
    second.load()?;
    let mut steps: ProgramArray<MapData> =
        ProgramArray::try_from(ebpf.take_map("STEPS").ok_or("no map STEPS")?)?;
    let second: &SocketFilter = ebpf
        .program("second")
        .ok_or("no program second")?
        .try_into()?;
    steps.set(1, second.fd()?, 0)?;
    let account: &mut SocketFilter = ebpf
        .program_mut("account")
        .ok_or("no program account")?
        .try_into()?;
    account.load()?;
    let receiver = UdpSocket::bind("127.0.0.1:0")?;
    receiver.set_read_timeout(Some(Duration::from_secs(5)))?;
    account.attach(&receiver)?;
    let sender = UdpSocket::bind("127.0.0.1:0")?;
    let mut received = 0;
    for _ in 0..PACKETS {
        sender.send_to(&[7; PAYLOAD], receiver.local_addr()?)?;
        received += receiver.recv(&mut [0; 64])?;
    }
    let flows: HashMap<MapData, Flow, Stats> = take(&mut ebpf, "FLOWS")?;
    let flows = flows
        .iter()
        .map(|entry| {
            entry.map(|(flow, stats)| {
                format!(
                    "[{},{},{},{}]",
                    flow.length, flow.family, stats.packets, stats.bytes
                )
            })
        })
        .collect::<std::result::Result<Vec<_>, _>>()?;
    let totals: Array<MapData, Stats> = take(&mut ebpf, "TOTALS")?;
    let totals = [totals.get(&0, 0)?.packets, totals.get(&1, 0)?.packets];
    let state: HashMap<MapData, u32, u64> = take(&mut ebpf, "STATE")?;
    let scratch: PerCpuArray<MapData, [u8; 64]> = take(&mut ebpf, "SCRATCH")?;
    let scratch = scratch
        .get(&0, 0)?
        .iter()
        .any(|bytes| usize::from(bytes[3]) == PAYLOAD + 8);
    let modern: Array<MapData, u64> = take(&mut ebpf, "MODERN")?;
    let mut jobs: Queue<MapData, Record> = take(&mut ebpf, "JOBS")?;
    let mut routed = 0;
    while let Ok(job) = jobs.pop(0) {
        routed += usize::from(job.contains(&77));
    }
    let mut events = RingBuf::try_from(ebpf.take_map("EVENTS").ok_or("no map EVENTS")?)?;
    let mut records = 0;
    while events.next().is_some() {
        records += 1;
    }
    let lines = logged(&mut ebpf)?;
    Ok(format!(
        concat!(
            r#"{{"maps":{:?},"received":{},"flows":[{}],"totals":{:?},"state":{},"scratch":{},"modern":{},"routed":{},"#,
            r#""records":{},"log":{:?}}}"#
        ),
        maps,
        received,
        flows.join(","),
        totals,
        state.get(&7, 0)?,
        scratch,
        modern.get(&2, 0)?,
        routed,
        records,
        lines,
    ))
}

fn main() {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    match arguments.as_slice() {
        [object] => run_twice(Path::new(object)),
        [option, object] if option == "--load" => match load_all(Path::new(object)) {
            Ok((maps, programs)) => println!(r#"{{"maps":{maps:?},"programs":{programs:?}}}"#),
            Err(error) => println!(
                r#"{{"maps":[],"programs":[],"error":{:?}}}"#,
                explain(&*error)
            ),
        },
        _ => {
            eprintln!("usage: judge [--load] OBJECT");
            process::exit(2);
        }
    }
}

/// The maps, and what became of each program.
fn load_all(object: &Path) -> Result<(Vec<String>, Vec<String>)> {
    let mut ebpf = EbpfLoader::new().load_file(object)?;
    let maps = maps_of(&ebpf)?;
    let mut programs = ebpf
        .programs_mut()
        .map(|(name, program)| match load_program(program) {
            None => format!("{name} needs more"),
            Some(Ok(())) => format!("{name} loads"),
            // The verifier's log differs from run to run.
            Some(Err(error)) => format!(
                "{name}: {}",
                error.to_string().lines().next().unwrap_or_default()
            ),
        })
        .collect::<Vec<_>>();
    programs.sort();
    Ok((maps, programs))
}

/// Loads a program of a type that asks for no hook; None for the others.
fn load_program(program: &mut Program) -> Option<std::result::Result<(), ProgramError>> {
    Some(match program {
        Program::KProbe(program) => program.load(),
        Program::UProbe(program) => program.load(),
        Program::TracePoint(program) => program.load(),
        Program::SocketFilter(program) => program.load(),
        Program::Xdp(program) => program.load(),
        Program::SkMsg(program) => program.load(),
        Program::SkSkb(program) => program.load(),
        Program::CgroupSockAddr(program) => program.load(),
        Program::SockOps(program) => program.load(),
        Program::SchedClassifier(program) => program.load(),
        Program::CgroupSkb(program) => program.load(),
        Program::CgroupSysctl(program) => program.load(),
        Program::CgroupSockopt(program) => program.load(),
        Program::PerfEvent(program) => program.load(),
        Program::RawTracePoint(program) => program.load(),
        Program::SkLookup(program) => program.load(),
        Program::CgroupSock(program) => program.load(),
        Program::CgroupDevice(program) => program.load(),
        Program::FlowDissector(program) => program.load(),
        _ => return None,
    })
}

fn run_twice(object: &Path) {
    let runs: Vec<String> = [run(object), run(object)]
        .into_iter()
        .map(|run| run.unwrap_or_else(|error| format!(r#"{{"error":{:?}}}"#, explain(&*error))))
        .collect();
    let mut pins = fs::read_dir(BPFFS)
        .map(|entries| {
            entries
                .flatten()
                .map(|entry| entry.file_name().to_string_lossy().into_owned())
                .collect::<Vec<_>>()
        })
        .unwrap_or_default();
    pins.sort();
    println!(r#"{{"runs":[{}],"pins":{:?}}}"#, runs.join(","), pins);
}

/// An error with its causes, as a user of the library would print it.
fn explain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    text
}
