import { describe, expect } from "vitest";
import { checkObject } from "../../src/check.ts";
import { embeddedDwarfModule } from "../../src/dwarf/embedded.ts";
import { openDwarf } from "../../src/dwarf/open.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { fixObject } from "../../src/fix.ts";
import { readMaps } from "../../src/maps.ts";
import { readObjectFile } from "../e2e/object-file.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { compileRust, rustc } from "../lower/rustc.ts";
import { loadedMaps } from "../maps/legacy.ts";
import { GLUE } from "./mended.ts";

/** The wrappers of aya-ebpf, old and new, in short; `def` is the definition of a map with these sizes. */
const WRAPPERS = `
use core::{cell::UnsafeCell, marker::PhantomData, mem::size_of};
#[repr(C)]
pub struct bpf_map_def { type_: u32, key_size: u32, value_size: u32, max_entries: u32, map_flags: u32, id: u32, pinning: u32 }
pub const fn def(type_: u32, key_size: usize, value_size: usize, map_flags: u32) -> bpf_map_def {
    bpf_map_def { type_, key_size: key_size as u32, value_size: value_size as u32, max_entries: 8, map_flags, id: 0, pinning: 0 }
}
/// aya-bpf 0.1
#[repr(transparent)] pub struct HashMap<K, V> { def: UnsafeCell<bpf_map_def>, _k: PhantomData<K>, _v: PhantomData<V> }
unsafe impl<K, V> Sync for HashMap<K, V> {}
impl<K, V> HashMap<K, V> {
    pub const fn new() -> Self {
        Self { def: UnsafeCell::new(def(1, size_of::<K>(), size_of::<V>(), 0)), _k: PhantomData, _v: PhantomData }
    }
}
/// aya-ebpf 0.3
#[repr(transparent)] pub struct MapDef(UnsafeCell<bpf_map_def>);
unsafe impl Sync for MapDef {}
#[repr(transparent)] pub struct Array<T> { def: MapDef, _t: PhantomData<T> }
unsafe impl<T> Sync for Array<T> {}
impl<T> Array<T> {
    pub const fn new() -> Self { Self { def: MapDef(UnsafeCell::new(def(2, 4, size_of::<T>(), 0))), _t: PhantomData } }
}
#[repr(transparent)] pub struct LpmTrie<K, V> { def: MapDef, _kv: PhantomData<(K, V)> }
unsafe impl<K, V> Sync for LpmTrie<K, V> {}
impl<K, V> LpmTrie<K, V> {
    pub const fn new() -> Self {
        Self { def: MapDef(UnsafeCell::new(def(11, 4 + size_of::<K>(), size_of::<V>(), 1))), _kv: PhantomData }
    }
}
`;

/** A program that looks every map up, so that all of them stay; private ones have mangled names. */
function program(maps: readonly string[], types = "", isPrivate = false): string {
  const head = isPrivate ? "" : "#[no_mangle] pub ";
  const statics = maps.map((map, index) => `#[link_section = "maps"] ${head}static M${index}: ${map};`);
  const uses = maps.map((_, index) => `lookup(&M${index}, &[0u64; 8])`);
  return `${WRAPPERS}${types}${GLUE}${statics.join("\n")}
#[no_mangle] #[link_section = "socket"] pub extern "C" fn prog(_: *mut u8) -> u32 { ${uses.join(" + ")} }
`;
}

/** The symbol that the debug info of each map leads to, in the order of the debug info. */
function locations(object: Uint8Array): readonly string[] {
  const elf = parseElf(object);
  const dwarf = openDwarf(elf, embeddedDwarfModule());
  const names: string[] = [];
  for (let row = 0; row < (dwarf?.count ?? 0); row++) {
    const place = dwarf?.staticAddress(row);
    const symbol = elf.symbols.find(({ section, value, type }) => {
      return type === 1 && section === place?.section && value === place.offset;
    });
    if (symbol !== undefined && /M\d/.test(symbol.name)) names.push(symbol.name);
  }
  return names;
}

/** The fixed object's maps as text, once libbpf has loaded them, in the kernel with both type ids where the kind takes them. */
async function converted(source: string, withIds = true): Promise<readonly string[]> {
  const raw = compileRust(source);
  const { bytes, diagnostics } = await fixObject(raw);
  expect(diagnostics.filter(({ severity, fixed }) => severity === "error" && fixed === undefined)).toEqual([]);
  expect((await checkObject(bytes)).diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  expect((await fixObject(bytes)).bytes).toEqual(bytes);
  const report = answer(runLibbpf("libbpf17", bytes));
  expect([report.open.ok, report.load?.ok, (report.btfFd ?? -1) >= 0]).toEqual([true, true, true]);
  for (const { name, internal, kernel, retriedWithoutBtf } of report.maps) {
    if (internal) continue;
    const ids = [kernel?.btfKeyTypeId ?? 0, kernel?.btfValueTypeId ?? 0].map((id) => id !== 0);
    expect([name, retriedWithoutBtf, ids]).toEqual([name, false, [withIds, withIds]]);
  }
  const maps = await readMaps(bytes, { from: "btf" });
  // What the maps will be is what `btf-fix maps` says of the object as it came.
  const inMaps = maps.map((map) => ({ ...map, section: "maps" }));
  expect(await readMaps(raw, { from: "dwarf" })).toEqual(inMaps);
  return maps.map(({ name, key, value, keySize, valueSize }) => {
    return `${name}: ${key?.name ?? keySize} -> ${value?.name ?? valueSize}`;
  });
}

const judged = judgeTest(rustc(), libbpf17());

describe("types of converted maps", () => {
  judged("are the parameters of old and new wrappers, whatever they are", async () => {
    const types = `
#[repr(C)] pub struct Flow { source: [u8; 4], port: u16 }
pub enum State { Idle, Busy { since: u64 }, Failed(u8) }
#[repr(C)] pub struct Deep<T, const N: usize> { größe: [T; N], mark: char, marks: [char; 2], when: Option<u32> }
#[repr(u32)] #[derive(Clone, Copy)] pub enum Port { Http = 80 }
pub mod inner { pub struct Flow(pub u8, pub u64); }
`;
    const maps = [
      "HashMap<Flow, State> = HashMap::new()",
      "HashMap<inner::Flow, Deep<u16, 3>> = HashMap::new()",
      "HashMap<(u8, u32), [[u16; 2]; 3]> = HashMap::new()",
      "Array<Option<&'static Flow>> = Array::new()",
      "Array<char> = Array::new()",
      "HashMap<Port, *const Flow> = HashMap::new()",
      "HashMap<u128, f64> = HashMap::new()",
    ];
    expect(await converted(program(maps, types))).toEqual([
      "M0: Flow -> State",
      "M1: Flow -> Deep<u16, 3>",
      "M2: (u8, u32) -> [[u16; 2]; 3]",
      "M3: u32 -> *Flow",
      "M4: u32 -> char32_t",
      "M5: Port -> *Flow",
      "M6: u128 -> f64",
    ]);
  });

  judged("are found behind wrappers of the program's own", async () => {
    const types = `
pub struct Counters<T>(HashMap<u32, T>);
unsafe impl<T> Sync for Counters<T> {}
pub struct Slots<T, const N: usize> { inner: Array<[T; N]>, none: PhantomData<u8> }
unsafe impl<T, const N: usize> Sync for Slots<T, N> {}
`;
    const maps = [
      "Counters<u16> = Counters(HashMap::new())",
      "Slots<u8, 3> = Slots { inner: Array::new(), none: PhantomData }",
    ];
    expect(await converted(program(maps, types))).toEqual(["M0: u32 -> u16", "M1: u32 -> [u8; 3]"]);
  });

  judged("of LPM tries have the prefix length before the data", async () => {
    const maps = ["LpmTrie<[u8; 6], u64> = LpmTrie::new()"];
    expect(await converted(program(maps))).toEqual(["M0: Key<[u8; 6]> -> u64"]);
    const types = `
#[repr(C, packed)] pub struct Key<K> { prefix_len: u32, data: K }
#[no_mangle] #[inline(never)] pub extern "C" fn bits(key: &Key<[u8; 6]>) -> u32 { key.prefix_len }
`;
    expect(await converted(program(maps, types))).toEqual(["M0: Key<[u8; 6]> -> u64"]);
  });

  judged("of private maps in two sections are found, and every reference stays with its map", async () => {
    const maps = [
      "HashMap<u16, u64> = HashMap::new()",
      "bpf_map_def = def(1, 8, 4, 0)",
      "HashMap<u32, [u8; 5]> = HashMap::new()",
      "bpf_map_def = def(2, 4, 9, 0)",
      "Array<(u8, u64)> = Array::new()",
    ];
    const raw = compileRust(program(maps, "", true));
    const before = readObjectFile(raw);
    expect(before.sections.filter(({ name }) => name === "maps")).toHaveLength(2);
    expect(before.symbols.filter(({ section }) => before.sections[section]?.name === ".maps")).toEqual([]);
    const { bytes } = await fixObject(raw);
    const after = readObjectFile(bytes);
    expect(loadedMaps(after)).toEqual(loadedMaps(before).map(([offset, , map]) => [offset, ".maps", map]));
    expect(loadedMaps(after)).toHaveLength(5);
    const report = answer(runLibbpf("libbpf17", bytes));
    expect([report.open.ok, report.load?.ok, (report.btfFd ?? -1) >= 0]).toEqual([true, true, true]);
    // DWARF reaches them by the section's symbol and their place, which is another now.
    const [old, now] = [raw, bytes].map((object) => locations(object));
    expect([old?.length, new Set(old).size]).toEqual([5, 5]);
    expect(now).toEqual(old);
    const found = (await readMaps(bytes)).map(
      ({ name, keySize, valueSize }) => `${/M\d/.exec(name)}: ${keySize} ${valueSize}`,
    );
    expect(found.sort()).toEqual(["M0: 2 8", "M1: 8 4", "M2: 4 5", "M3: 4 9", "M4: 4 16"]);
  });

  judged("are left out where they would bar a map that loads", async () => {
    const types = `
#[repr(C)] pub struct bpf_spin_lock { val: u32 }
#[repr(C)] pub struct Guarded { lock: bpf_spin_lock, count: u64 }
#[repr(transparent)] pub struct PerCpu<T> { def: MapDef, _t: PhantomData<T> }
unsafe impl<T> Sync for PerCpu<T> {}
`;
    const maps = [
      "HashMap<u32, Guarded> = HashMap::new()",
      "PerCpu<Guarded> = PerCpu { def: MapDef(UnsafeCell::new(def(6, 4, 16, 0))), _t: PhantomData }",
    ];
    const source = program(maps, types).replaceAll('"socket"', '"xdp"');
    // XDP may have a lock, in a hash but in no per-CPU array.
    const { bytes, diagnostics } = await fixObject(compileRust(source));
    const told = diagnostics.filter(({ rule }) => rule === "elf/legacy-maps").map(({ message }) => message);
    expect(told[0]).not.toContain("bpf_spin_lock");
    expect(told[1]).toContain(
      "its value holds a bpf_spin_lock, which the kernel takes in no percpu_array map with types",
    );
    const { load, maps: loaded } = answer(runLibbpf("libbpf17", bytes));
    expect(load?.ok).toBe(true);
    const ids = loaded.filter(({ internal }) => !internal).map(({ kernel }) => (kernel?.btfValueTypeId ?? 0) !== 0);
    expect(ids).toEqual([true, false]);
    expect(loaded.filter(({ retriedWithoutBtf }) => retriedWithoutBtf)).toEqual([]);
    // Others may have none at all.
    for (const [section, what] of [
      ["kprobe/nothing", "tracing program"],
      ["socket", "socket filter"],
    ]) {
      const other = await fixObject(compileRust(source.replaceAll('"xdp"', `"${section}"`)));
      const reason = `its value holds a bpf_spin_lock, and ${section} is a ${what}`;
      expect(other.diagnostics.filter(({ message }) => message.endsWith(reason))).toHaveLength(1);
      const report = answer(runLibbpf("libbpf17", other.bytes));
      expect([section, report.open.ok, report.load?.ok]).toEqual([section, true, true]);
    }
  });

  judged("give way to the sizes where both disagree, and the finding says so", async () => {
    const maps = [
      "HashMap<u32, u64> = HashMap { def: UnsafeCell::new(def(1, 4, 16, 0)), _k: PhantomData, _v: PhantomData }",
    ];
    const source = program(maps);
    expect(await converted(source, false)).toEqual(["M0: 4 -> 16"]);
    const { diagnostics } = await fixObject(compileRust(source));
    expect(diagnostics.find(({ rule }) => rule === "elf/legacy-maps")).toMatchObject({
      message:
        "map M0: it is a legacy definition (hash, key 4 bytes, value 16 bytes, 8 entries); its V is u64 (8 bytes) but value_size is 16",
      fixed: "made it a BTF map with key 4 bytes and value 16 bytes: the sizes count",
      subject: "static M0: HashMap<u32, u64>",
    });
  });
});
