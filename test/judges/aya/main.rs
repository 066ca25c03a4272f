//! The aya-obj judge: parses one object as aya would, prints what it found as one JSON line, and writes the BTF that
//! aya would send to the kernel.
//!
//!     judge OBJECT [BTF-OUT]
//!     judge --stream [FEATURE...] < PATHS
//!
//! A panic of the library is left to happen: it is a verdict, and the caller knows it by the exit status. `--stream` judges one
//! object for each line of its input: there a panic is the error of the step in which it happened, and the BTF and what is sent of
//! each program stand in the line, in hexadecimal. The kernel that it is for lacks the named features of BTF (see `FEATURES`).

use std::{
    collections::{BTreeMap, HashSet},
    env, fs, io, panic, process,
};

use aya_obj::{Map, Object};

/// A JSON string; names are `String`s in aya-obj, so they are UTF-8 already.
fn json(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if u32::from(c) < 0x20 || c == '\x7f' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)))
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// An error with its causes, as a user of the library would print it.
fn explain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    text
}

fn verdict(result: Result<(), String>) -> String {
    match result {
        Ok(()) => r#"{"ok":true,"error":null}"#.to_owned(),
        Err(error) => format!(r#"{{"ok":false,"error":{}}}"#, json(&error)),
    }
}

fn describe(name: &str, map: &Map) -> String {
    let (kind, key, value) = match map {
        Map::Legacy(_) => ("legacy", 0, 0),
        Map::Btf(map) => ("btf", map.def.btf_key_type_id, map.def.btf_value_type_id),
    };
    format!(
        concat!(
            r#"{{"name":{},"definition":"{}","type":{},"keySize":{},"valueSize":{},"maxEntries":{},"mapFlags":{},"#,
            r#""mapExtra":{},"pinning":{},"btfKeyTypeId":{},"btfValueTypeId":{},"inner":{}}}"#
        ),
        json(name),
        kind,
        map.map_type(),
        map.key_size(),
        map.value_size(),
        map.max_entries(),
        map.map_flags(),
        map.map_extra(),
        map.pinning() as u32,
        key,
        value,
        map.inner()
            .map_or_else(|| "null".to_owned(), |inner| describe("", &inner)),
    )
}

/// Of BTF, what a kernel knows or does not, in the order of both versions.
const FEATURES: [&str; 8] = [
    "func",
    "func-global",
    "datasec",
    "datasec-zero",
    "float",
    "decl-tag",
    "type-tag",
    "enum64",
];

/// Which of them a kernel has.
type Known = [bool; FEATURES.len()];

/// What the loader does before it sends the BTF.
#[cfg(not(feature = "v06"))]
fn fix_up(object: &mut Object, known: Known) -> Result<Option<Vec<u8>>, String> {
    let [func, global, section, empty, float, decl, tag, wide] = known;
    let features =
        aya_obj::btf::BtfFeatures::new(func, global, section, empty, float, decl, tag, wide);
    let btf = object
        .fixup_and_sanitize_btf(&features)
        .map_err(|error| explain(&error))?;
    Ok(btf.map(|btf| btf.to_bytes()))
}

#[cfg(feature = "v06")]
fn fix_up(object: &mut Object, known: Known) -> Result<Option<Vec<u8>>, String> {
    let has = || Some(|feature: aya_obj::btf::BtfFeature| known[feature as usize]);
    let btf = object
        .fixup_and_sanitize_btf(has)
        .map_err(|error| explain(&error))?;
    Ok(btf.map(|btf| btf.to_bytes()))
}

/// aya-obj 0.3 knows no externs and fails on the calls of kernel functions.
#[cfg(not(feature = "v06"))]
fn bind_externs(_: &mut Object) -> Result<(), String> {
    Ok(())
}

#[cfg(feature = "v06")]
fn bind_externs(object: &mut Object) -> Result<(), String> {
    let kernel = if object.has_typed_ksyms() {
        Some(aya_obj::btf::Btf::from_sys_fs().map_err(|error| explain(&error))?)
    } else {
        None
    };
    object
        .resolve_externs(kernel.as_ref())
        .map_err(|error| explain(&error))?;
    object.relocate_externs().map_err(|error| explain(&error))
}

/// Binds every map reference as the loader does, with made-up descriptors, and says which map each one got.
fn bind(object: &mut Object) -> Result<BTreeMap<String, Vec<String>>, String> {
    const FIRST: i32 = 1 << 20;
    const WIDE_LOAD: u8 = 0x18;
    let maps: Vec<(String, Map)> = object.maps.clone().into_iter().collect();
    let text: HashSet<usize> = object
        .functions
        .keys()
        .map(|(section, _)| *section)
        .collect();
    let numbered = maps
        .iter()
        .zip(FIRST..)
        .map(|((name, map), fd)| (name.as_str(), fd, map));
    if object.has_btf_relocations() {
        let kernel = aya_obj::btf::Btf::from_sys_fs().map_err(|error| explain(&error))?;
        object
            .relocate_btf(&kernel)
            .map_err(|error| explain(&error))?;
    }
    object
        .relocate_maps(numbered, &text)
        .map_err(|error| explain(&error))?;
    bind_externs(object)?;
    object
        .relocate_calls(&text)
        .map_err(|error| explain(&error))?;
    let mut bound = BTreeMap::new();
    for (name, program) in &object.programs {
        let Some(function) = object.functions.get(&program.function_key()) else {
            continue;
        };
        let references = function
            .instructions
            .iter()
            .enumerate()
            .filter_map(|(number, insn)| {
                // src 1 is a map's address, 2 an address within its value.
                if insn.code != WIDE_LOAD || !matches!(insn.src_reg(), 1 | 2) {
                    return None;
                }
                let map = usize::try_from(insn.imm - FIRST)
                    .ok()
                    .and_then(|index| maps.get(index));
                let map = map.map_or_else(|| "null".to_owned(), |(name, _)| json(name));
                Some(format!(r#"{{"insn":{number},"map":{map}}}"#))
            });
        bound.insert(name.clone(), references.collect());
    }
    Ok(bound)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A program as BPF_PROG_LOAD is given it: its code with what it calls, and the records of both, as ends of JSON fields.
fn sent(object: &Object, program: &aya_obj::Program) -> String {
    let Some(function) = object.functions.get(&program.function_key()) else {
        return String::new();
    };
    // Plain words, in the byte order of this machine.
    let code: Vec<u8> = function
        .instructions
        .iter()
        .flat_map(|insn| {
            let registers = insn.src_reg() << 4 | insn.dst_reg();
            let [off0, off1] = insn.off.to_ne_bytes();
            let [imm0, imm1, imm2, imm3] = insn.imm.to_ne_bytes();
            [insn.code, registers, off0, off1, imm0, imm1, imm2, imm3]
        })
        .collect();
    format!(
        r#","insns":"{}","funcInfo":"{}","funcInfoSize":{},"lineInfo":"{}","lineInfoSize":{}"#,
        hex(&code),
        hex(&function.func_info.func_info_bytes()),
        function.func_info_rec_size,
        hex(&function.line_info.line_info_bytes()),
        function.line_info_rec_size,
    )
}

/// The result of a step, in which a panic is an error if it is not to end the process.
fn guarded<T>(catch: bool, step: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    if !catch {
        return step();
    }
    panic::catch_unwind(panic::AssertUnwindSafe(step)).unwrap_or_else(|cause| {
        let said = cause
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| cause.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_default();
        Err(format!("panicked: {said}"))
    })
}

/// What becomes of an object, as the fields of a JSON object, and the BTF that would be sent.
fn judge(bytes: &[u8], catch: bool, known: Known) -> (String, Option<Vec<u8>>) {
    let parsed = guarded(catch, || {
        Object::parse(bytes).map_err(|error| explain(&error))
    });
    let mut object = match parsed {
        Ok(object) => object,
        Err(error) => {
            let parse = verdict(Err(error));
            let line =
                format!(r#""parse":{parse},"maps":[],"programs":[],"fixUp":null,"relocate":null"#);
            return (line, None);
        }
    };
    let mut maps: Vec<_> = object.maps.iter().collect();
    maps.sort_by_key(|(name, _)| *name);
    let maps: Vec<String> = maps
        .into_iter()
        .map(|(name, map)| describe(name, map))
        .collect();
    let fixed = guarded(catch, || fix_up(&mut object, known));
    let bound = guarded(catch, || bind(&mut object));
    let mut programs: Vec<_> = object.programs.iter().collect();
    programs.sort_by_key(|(name, _)| *name);
    let programs: Vec<String> = programs
        .into_iter()
        .map(|(name, program)| {
            let section = format!("{:?}", program.section);
            let references = bound
                .as_ref()
                .ok()
                .and_then(|bound| bound.get(name))
                .map_or(String::new(), |r| r.join(","));
            let sent = if catch && bound.is_ok() {
                sent(&object, program)
            } else {
                String::new()
            };
            format!(
                r#"{{"name":{},"section":{},"references":[{references}]{sent}}}"#,
                json(name),
                json(&section)
            )
        })
        .collect();
    let (fixed, btf) = match fixed {
        Ok(btf) => (Ok(()), btf),
        Err(error) => (Err(error), None),
    };
    let line = format!(
        r#""parse":{},"maps":[{}],"programs":[{}],"fixUp":{},"relocate":{}"#,
        verdict(Ok(())),
        maps.join(","),
        programs.join(","),
        verdict(fixed),
        verdict(bound.map(|_| ())),
    );
    (line, btf)
}

fn read(path: &std::ffi::OsStr) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| {
        eprintln!("{}: {error}", path.to_string_lossy());
        process::exit(2);
    })
}

fn stream(known: Known) {
    panic::set_hook(Box::new(|_| {}));
    for path in io::stdin().lines().map_while(Result::ok) {
        let (line, btf) = judge(&read(path.as_ref()), true, known);
        let btf = btf.map_or_else(|| "null".to_owned(), |btf| format!(r#""{}""#, hex(&btf)));
        println!(r#"{{{line},"hex":{btf}}}"#);
    }
}

fn main() {
    let mut arguments = env::args_os().skip(1);
    let Some(path) = arguments.next() else {
        eprintln!("usage: judge OBJECT [BTF-OUT] | judge --stream [FEATURE...]");
        process::exit(2);
    };
    if path == "--stream" {
        let lacking: HashSet<_> = arguments.collect();
        return stream(FEATURES.map(|name| !lacking.contains(std::ffi::OsStr::new(name))));
    }
    let (line, btf) = judge(&read(&path), false, [true; FEATURES.len()]);
    if let (Some(btf), Some(out)) = (btf, arguments.next()) {
        if let Err(error) = fs::write(&out, btf) {
            eprintln!("{}: {error}", out.to_string_lossy());
            process::exit(2);
        }
    }
    println!("{{{line}}}");
}
