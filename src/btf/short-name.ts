/** The last segment of a path without its arguments: `core::num::NonZero<u16>` → `NonZero`, `(u8, u16)` → `u8_u16`, `&[u8]` → `slice_u8`; "" if nothing is left. */
export function shortened(name: string): string {
  if (name === "()") return "unit";
  const slice = /^(?:&(?:mut )?|\*(?:const|mut) )\[(.*)\]$/s.exec(name);
  if (slice?.[1] !== undefined) return `slice_${shortened(slice[1])}`;
  const base = name.replace(/(?<=[\w}])<.*$/s, "");
  const last = base.split("::").at(-1) ?? base;
  const words = last.match(/[A-Za-z0-9_]+/g)?.join("_") ?? "";
  return words === "" || /^[A-Za-z_]/.test(words) ? words : `_${words}`;
}

/** The hash that tells two meanings of one short name apart: 64 bits, so rarely fewer digits than these. */
const HASH = /(?<=.)_[0-9a-f]{9,16}$/;

/** What a name and its short form have in common, for comparisons under `--names short`. */
export function withoutHash(name: string): string {
  return shortened(name).replace(HASH, "") || name;
}
