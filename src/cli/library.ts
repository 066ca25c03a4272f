import type { Btf } from "../btf/model.ts";
import { BtfFixError } from "../errors.ts";
import type { DumpRequest, Engine } from "./engine.ts";
import { emitOptions, withKernel } from "./options.ts";

/** The types of a raw blob or of an object's `.BTF`, which bpftool reads unrelocated too. */
async function readBtf(bytes: Uint8Array, base: Btf | undefined): Promise<Btf> {
  const [{ parseBtf }, { looksLikeBtf }] = await Promise.all([import("../btf/parse.ts"), import("../btf/header.ts")]);
  if (looksLikeBtf(bytes)) return parseBtf(bytes, base);
  const [{ parseElf }, { sectionNamed }] = await Promise.all([import("../elf/parse.ts"), import("../elf/symbols.ts")]);
  const section = sectionNamed(parseElf(bytes), ".BTF");
  if (section === undefined) throw new BtfFixError("BTF_MISSING", "the object has no .BTF section");
  return parseBtf(section.bytes, base);
}

async function dump(bytes: Uint8Array, { format, pretty, base }: DumpRequest): Promise<Uint8Array> {
  const btf = await readBtf(bytes, base === undefined ? undefined : await readBtf(base, undefined));
  if (format === "raw") return (await import("../btf/render/raw.ts")).renderRaw(btf);
  return (await import("../btf/render/json.ts")).renderJson(btf, { pretty });
}

/** The library itself, each part loaded when it is first asked for. */
export const library: Engine = {
  check: async (bytes, options) => (await import("../check.ts")).checkObject(bytes, options),
  fix: async (bytes, options) => (await import("../fix.ts")).fixObject(bytes, withKernel(options)),
  dump,
  diff: async (before, after) => (await import("../diff/object.ts")).diffObjects(before, after),
  explain: async (rule) => (await import("../explain.ts")).explainRule(rule),
  maps: async (bytes, from) => (await import("../maps.ts")).readMaps(bytes, { from }),
  emit: async (bytes, request) => (await import("../emit.ts")).emitObject(bytes, emitOptions(request)),
};
