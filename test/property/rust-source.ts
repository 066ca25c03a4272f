import { KEYS, KINDS, type MapShape, NO_PREALLOC, type Program, VALUES } from "./map-program.ts";

/** Types of keys and values, map wrappers, and helpers by number. */
const PRELUDE = `
#![allow(non_camel_case_types, uncommon_codepoints)]
use core::{cell::UnsafeCell, marker::PhantomData};
#[derive(Clone, Copy)] #[repr(C)] pub struct Plain { pub a: u32, pub b: u16, pub c: u16 }
#[derive(Clone, Copy)] pub struct Reordered { pub tag: u8, pub when: u64, pub len: u16 }
#[derive(Clone, Copy)] #[repr(C, packed)] pub struct Packed { pub a: u8, pub b: u32 }
#[derive(Clone, Copy)] #[repr(C)] pub struct Pair<A, B> { pub first: A, pub second: B }
#[derive(Clone, Copy)] #[repr(C)] pub struct Tagged<T> { pub of: PhantomData<T>, pub unit: (), pub units: [(); 2], pub id: u32, pub it: T }
#[derive(Clone, Copy)] pub struct Holder<T> { pub held: Option<T>, pub small: u8 }
#[derive(Clone, Copy)] #[repr(C)] pub struct Größe { pub höhe: u32, pub breite: u32 }
#[derive(Clone, Copy)] #[repr(u32)] pub enum Mode { Off, On = 7 }
#[derive(Clone, Copy)] pub enum Event { Idle, Busy { since: u64, who: Mode }, Failed(u8) }
pub mod deeply { pub mod nested { pub mod module {
    #[derive(Clone, Copy)] #[repr(C)] pub struct Thing<T> { pub thing: T, pub count: u32 }
} } }
#[repr(C, packed)] pub struct LpmKey<K> { pub prefix_len: u32, pub data: K }
#[repr(C)] pub struct bpf_map_def { type_: u32, key_size: u32, value_size: u32, max_entries: u32, map_flags: u32, id: u32, pinning: u32 }
#[repr(transparent)] pub struct Wrap<M>(M);
#[repr(transparent)] pub struct Outer<M> { inner: M }
#[repr(transparent)] pub struct Cell<M> { value: UnsafeCell<M> }
unsafe impl<M> Sync for Wrap<M> {}
unsafe impl<M> Sync for Outer<M> {}
unsafe impl<M> Sync for Cell<M> {}
macro_rules! helper { ($number:literal, $($argument:ident: $type:ty),*) => {{
    let call: unsafe extern "C" fn($($type),*) -> i64 = core::mem::transmute($number as usize);
    call($($argument),*)
}} }
#[inline(always)] unsafe fn lookup<M, K>(map: *const M, key: &K) -> i64 { let (m, k) = (map as *const u8, key as *const K as *const u8); i64::from(helper!(1, m: *const u8, k: *const u8) != 0) }
#[inline(always)] unsafe fn push<M, V>(map: *const M, value: &V) -> i64 { let (m, v, f) = (map as *const u8, value as *const V as *const u8, 0u64); helper!(87, m: *const u8, v: *const u8, f: u64) }
#[inline(always)] unsafe fn ring<M>(map: *const M) -> i64 { let (m, v) = (map as *const u8, 7u64); let (d, s, f) = (&v as *const u64 as *const u8, 8u64, 0u64); helper!(130, m: *const u8, d: *const u8, s: u64, f: u64) }
#[inline(always)] unsafe fn perf<M>(context: *mut u8, map: *const M) -> i64 { let (c, m, v) = (context, map as *const u8, 7u64); let (f, d, s) = (0xffff_ffffu64, &v as *const u64 as *const u8, 8u64); helper!(25, c: *mut u8, m: *const u8, f: u64, d: *const u8, s: u64) }
#[inline(always)] unsafe fn tail<M>(context: *mut u8, map: *const M) -> i64 { let (c, m, i) = (context, map as *const u8, 0u32); helper!(12, c: *mut u8, m: *const u8, i: u32); 0 }
#[inline(always)] unsafe fn redirect<M>(map: *const M) -> i64 { let (m, k, f) = (map as *const u8, 0u64, 0u64); helper!(51, m: *const u8, k: u64, f: u64) }
`;

/** What a map is called in the source; its symbol's name follows from its binding. */
function nameOf(shape: MapShape, index: number): string {
  const stem = { short: "MAP", long: "A_MAP_WITH_A_LONG_NAME", escaped: "MAP_3C_X_3E_" }[shape.name];
  return `${stem}_${index}`;
}

function isKeyed(shape: MapShape): boolean {
  return !["queue", "stack", "ringBuf", "bloom"].includes(shape.kind);
}

function keyType(shape: MapShape): string {
  const kind = KINDS[shape.kind];
  if ("keySize" in kind && kind.keySize === 4) return "u32";
  return shape.kind === "lpmTrie" ? `LpmKey<${KEYS[shape.key]}>` : KEYS[shape.key];
}

function valueType(shape: MapShape): string {
  const kind = KINDS[shape.kind];
  if (kind.parameters !== "none") return VALUES[shape.value];
  return shape.kind === "devMap" ? "(u32, u32)" : "u32";
}

/** Numbers of the definition by field, in the order in which they are declared. */
function numbers(shape: MapShape): [string, number][] {
  const kind = KINDS[shape.kind];
  const fixed = "flags" in kind ? kind.flags : 0;
  const entries = shape.kind === "ringBuf" ? 4096 : shape.kind === "perfEvents" ? 0 : 16;
  const isHash = ["hash", "perCpuHash"].includes(shape.kind);
  const list: [string, number][] = [
    ["type", kind.type],
    ["max_entries", entries],
  ];
  const flags = fixed !== 0 ? fixed : shape.attribute === "flags" && isHash ? NO_PREALLOC : 0;
  if (flags !== 0 || shape.attribute === "flags") list.push(["map_flags", flags]);
  if (shape.attribute === "pinned") list.push(["pinning", 1]);
  if (shape.attribute === "extra" && shape.kind === "bloom") list.push(["map_extra", 3]);
  return list;
}

/** A definition of its own for each map, so that every combination of attributes occurs. */
function btfDeclaration(shape: MapShape, index: number): { readonly items: string; readonly type: string } {
  const fields = numbers(shape).map(([name, value]) => `r#${name}: *const [i32; ${value}]`);
  const kind = KINDS[shape.kind];
  const typed = kind.parameters !== "none" || shape.kind === "progArray";
  if (shape.kind === "ringBuf") fields.push("value: *const V");
  else if (!typed) fields.push(`key_size: *const [i32; 4]`, `value_size: *const [i32; ${kind.valueSize}]`);
  else if (shape.kind === "perfEvents" || shape.kind === "progArray")
    fields.push("key_size: *const [i32; 4]", "value_size: *const [i32; 4]");
  else fields.push("key: *const K", "value: *const V");
  // aya gives maps without keys the key `()`.
  const key = isKeyed(shape) ? keyType(shape) : "()";
  const items = `#[repr(C)] pub struct Def${index}<K, V> { ${fields.join(", ")}, of: PhantomData<(K, V)> }
impl<K, V> Def${index}<K, V> { const NEW: Self = unsafe { core::mem::zeroed() }; }
unsafe impl<K, V> Sync for Def${index}<K, V> {}`;
  return { items, type: `Def${index}<${key}, ${valueType(shape)}>` };
}

function wrapped(
  shape: MapShape,
  inner: { readonly type: string; readonly value: string },
): { readonly type: string; readonly value: string } {
  let { type, value } = inner;
  if (shape.cell) {
    type = `Cell<${type}>`;
    value = `Cell { value: UnsafeCell::new(${value}) }`;
  }
  for (let depth = 0; depth < shape.depth; depth++) {
    const isTuple = depth % 2 === 0;
    type = `${isTuple ? "Wrap" : "Outer"}<${type}>`;
    value = isTuple ? `Wrap(${value})` : `Outer { inner: ${value} }`;
  }
  return { type, value };
}

function legacyDeclaration(shape: MapShape): {
  readonly items: string;
  readonly type: string;
  readonly value: string;
  readonly wrapper: string;
} {
  const kind = KINDS[shape.kind];
  const parameters = { KV: ["K", "V"], V: ["V"], none: [] }[kind.parameters];
  const list = parameters.length === 0 ? "" : `<${parameters.join(", ")}>`;
  const fields = parameters.map((name) => `_${name.toLowerCase()}: PhantomData<${name}>`);
  const items = `#[repr(transparent)] pub struct ${kind.wrapper}${list} { ${["def: UnsafeCell<bpf_map_def>", ...fields].join(", ")} }
unsafe impl${list} Sync for ${kind.wrapper}${list} {}`;
  const given = { KV: [keyType(shape), valueType(shape)], V: [valueType(shape)], none: [] }[kind.parameters];
  // LpmTrie names the data of its key; the header is its own.
  const shown = shape.kind === "lpmTrie" ? [KEYS[shape.key], valueType(shape)] : given;
  const type = `${kind.wrapper}${shown.length === 0 ? "" : `<${shown.join(", ")}>`}`;
  const size = (side: "key" | "value", of: string): string => {
    const own =
      side === "key"
        ? "keySize" in kind
          ? kind.keySize
          : undefined
        : "valueSize" in kind
          ? kind.valueSize
          : undefined;
    return own === undefined ? `core::mem::size_of::<${of}>() as u32` : String(own);
  };
  const number = new Map(numbers(shape));
  const value = `${kind.wrapper} { def: UnsafeCell::new(bpf_map_def { type_: ${kind.type}, key_size: ${size("key", keyType(shape))}, value_size: ${size("value", valueType(shape))}, max_entries: ${number.get("max_entries")}, map_flags: ${number.get("map_flags") ?? 0}, id: 0, pinning: ${number.get("pinning") ?? 0} }), ${parameters.map((name) => `_${name.toLowerCase()}: PhantomData`).join(", ")} }`;
  return { items, type, value, wrapper: kind.wrapper };
}

function use(shape: MapShape, name: string): string {
  const at = `&raw const ${name}`;
  const zeroed = (type: string): string => `core::mem::zeroed::<${type}>()`;
  switch (KINDS[shape.kind].use) {
    case "lookup":
      return `lookup(${at}, &${zeroed(keyType(shape))})`;
    case "push":
      return `push(${at}, &${zeroed(valueType(shape))})`;
    case "ringbuf":
      return `ring(${at})`;
    case "perf":
      return `perf(context, ${at})`;
    case "tail":
      return `tail(context, ${at})`;
    case "redirect":
      return `redirect(${at})`;
  }
}

/** Functions that a repair may have to make static, or give another prototype. */
function helperOf({ helper }: Program): { readonly items: string; readonly call: string } {
  switch (helper) {
    case "none":
      return { items: "", call: "" };
    case "inlined":
      return { items: "#[inline(always)] fn more(x: i64) -> i64 { x * 3 }", call: "sum = more(sum);" };
    case "global":
      return {
        items: `#[no_mangle] #[inline(never)] pub extern "C" fn more(x: i64) -> i64 { x * 3 + 1 }`,
        call: "sum = more(sum);",
      };
    case "pair":
      return {
        items: "#[inline(never)] fn more(x: (u32, i64)) -> i64 { x.1 * 3 + i64::from(x.0) }",
        call: "sum = more((context as u64 as u32, sum));",
      };
  }
}

/** Rust source of a program, and the names of its maps. */
export function rustSource(program: Program): string {
  const items: string[] = [];
  const uses: string[] = [];
  const wrappers = new Set<string>();
  for (const [index, shape] of program.maps.entries()) {
    const name = nameOf(shape, index);
    const isLegacy = shape.declaration === "legacy";
    let type: string;
    let value: string;
    if (isLegacy) {
      const legacy = legacyDeclaration(shape);
      if (!wrappers.has(legacy.wrapper)) items.push(legacy.items);
      wrappers.add(legacy.wrapper);
      ({ type, value } = legacy);
    } else {
      const definition = btfDeclaration(shape, index);
      items.push(definition.items);
      ({ type, value } = wrapped(shape, { type: definition.type, value: `Def${index}::NEW` }));
    }
    const attributes = `#[link_section = "${isLegacy ? "maps" : ".maps"}"]`;
    const binding =
      shape.binding === "private" ? "static" : shape.binding === "mutable" ? "pub static mut" : "pub static";
    items.push(
      `${shape.binding === "private" ? "" : "#[no_mangle] "}${attributes} ${binding} ${name}: ${type} = ${value};`,
    );
    uses.push(`sum += ${use(shape, name)};`);
  }
  const { items: more, call } = helperOf(program);
  if (program.panics) items.push("#[panic_handler] fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }");
  items.push(`#[no_mangle] #[link_section = "license"] pub static LICENSE: [u8; 4] = *b"GPL\\0";`);
  return `${PRELUDE}${items.join("\n")}
${more}
#[no_mangle] #[link_section = "xdp"] pub extern "C" fn prog(context: *mut u8) -> u32 { unsafe {
    let mut sum = 0i64;
    ${uses.join("\n    ")}
    ${call}
    2 + (sum as u32 & 1)
} }
`;
}
