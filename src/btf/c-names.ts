import type { BtfType } from "./model.ts";

/** What C calls Rust's scalars; their sizes are those of the bpf target in both languages. */
const C_NAMES: Readonly<Record<string, readonly [name: string, size: number]>> = {
  u8: ["unsigned char", 1],
  i8: ["signed char", 1],
  u16: ["unsigned short", 2],
  i16: ["short", 2],
  u32: ["unsigned int", 4],
  i32: ["int", 4],
  u64: ["unsigned long long", 8],
  i64: ["long long", 8],
  usize: ["unsigned long", 8],
  isize: ["long", 8],
  u128: ["unsigned __int128", 16],
  i128: ["__int128", 16],
  bool: ["_Bool", 1],
  char: ["unsigned int", 4],
  char32_t: ["unsigned int", 4],
  f32: ["float", 4],
  f64: ["double", 8],
};

/** The name that C has for a scalar of another name; undefined if it has none, or the type is not what the name says. */
export function cNameOf(type: BtfType, name: string): string | undefined {
  if (type.kind !== "int" && type.kind !== "float") return undefined;
  const known = Object.hasOwn(C_NAMES, name) ? C_NAMES[name] : undefined;
  return known?.[1] === type.size ? known[0] : undefined;
}

/** Words of C that Rust takes as names. */
export const C_KEYWORDS: ReadonlySet<string> = new Set(
  (
    "auto break case char const continue default do double else enum extern float for goto if inline int long register " +
    "restrict return short signed sizeof static struct switch typedef union unsigned void volatile while asm typeof"
  ).split(" "),
);

const RUST_NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(C_NAMES).flatMap(([rust, [name]]) => (rust.startsWith("char") ? [] : [[name, rust] as const])),
);

/** Undoes `--c-types` for comparisons: the Rust name of a C scalar, and a keyword without the underscore that it got. */
export function withoutC(name: string): string {
  const word = name.endsWith("_") && C_KEYWORDS.has(name.slice(0, -1)) ? name.slice(0, -1) : name;
  return RUST_NAMES.get(word) ?? word;
}
