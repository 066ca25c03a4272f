import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { judgeProgram } from "../../tools/judges/cache.ts";
import { builtProgram, type Judge, notBuilt, once } from "./judge.ts";
import { asFile, inScratch, jsonLines, type Outcome, run, runJson } from "./run.ts";

/** The two aya-obj versions. */
export type AyaName = "aya03" | "aya06";

/** Success, or the library's error with its causes. */
export interface AyaVerdict {
  readonly ok: boolean;
  readonly error: string | null;
}

/** A map as parsed; sizes in bytes. A definition that aya cannot read shows as type 0 with sizes 0, not as an error. */
export interface AyaMap {
  readonly name: string;
  readonly definition: "btf" | "legacy";
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly mapFlags: number;
  readonly mapExtra: number;
  readonly pinning: number;
  readonly btfKeyTypeId: number;
  readonly btfValueTypeId: number;
  readonly inner: AyaMap | null;
}

/**
 * A program; `references` are its 16-byte loads of maps (instruction number, map that aya binds it to). The rest is what BPF_PROG_LOAD is
 * given, in hexadecimal, of one whose code `runAyaOnAll` has bound; record sizes in bytes. Made-up descriptors stand for maps.
 */
export interface AyaProgram {
  readonly name: string;
  readonly section: string;
  readonly references: readonly { readonly insn: number; readonly map: string | null }[];
  readonly insns?: string;
  readonly funcInfo?: string;
  readonly funcInfoSize?: number;
  readonly lineInfo?: string;
  readonly lineInfoSize?: number;
}

/** What kernels from 5.10 on do not all know of BTF, by the names of the judge. */
export type AyaFeature = "datasec-zero" | "float" | "decl-tag" | "type-tag" | "enum64";

/** Everything that aya-obj made of one object; `fixUp` and `relocate` are null if it did not parse. */
export interface AyaReport {
  readonly parse: AyaVerdict;
  readonly maps: readonly AyaMap[];
  readonly programs: readonly AyaProgram[];
  readonly fixUp: AyaVerdict | null;
  readonly relocate: AyaVerdict | null;
  /** The BTF that aya would send: the kernel has the last word on it. */
  readonly btf?: Uint8Array;
}

function probe(name: AyaName, version: string): () => Judge {
  return once(() => {
    const program = judgeProgram(name);
    if (program === undefined) return { name, version: "", usable: false, why: notBuilt(name) };
    // A file that is no object must be refused, not crashed on.
    const trial = run({ program, args: ["/dev/null"], seconds: 20 });
    const starts = trial.outcome === "answer" && trial.value.status === 0;
    return { name, version, usable: starts, why: starts ? "" : "the driver does not start" };
  });
}

/** aya-obj 0.3, before parts of its fix-ups moved into bpf-linker. */
export const aya03: () => Judge = probe("aya03", "0.3.0");

/** aya-obj 0.6, the one of aya 0.16. */
export const aya06: () => Judge = probe("aya06", "0.6.0");

/** Parses an object (bytes or path), binds its map references, and gives the BTF that a kernel would be sent. */
export function runAya(name: AyaName, object: Uint8Array | string, seconds = 60): Outcome<AyaReport> {
  return inScratch((folder) =>
    asFile(object, "object.o", (path) => {
      const sent = join(folder, "sent.btf");
      const result = runJson<AyaReport>({ program: builtProgram(name), args: [path, sent], seconds });
      if (result.outcome !== "answer" || !existsSync(sent)) return result;
      return { outcome: "answer", value: { ...result.value, btf: new Uint8Array(readFileSync(sent)) } };
    }),
  );
}

/**
 * The same of many objects in one process, where a panic is the error of its step ("panicked: …"). One that ends the process, as by all
 * the memory that it wants, has no report, nor have those after it. `lacking`: what the kernel is not to know, that the BTF is for.
 */
export function runAyaOnAll(
  name: AyaName,
  objects: readonly Uint8Array[],
  { lacking = [], seconds = 300 }: { readonly lacking?: readonly AyaFeature[]; readonly seconds?: number } = {},
): readonly AyaReport[] {
  return inScratch((folder) => {
    const paths = objects.map((object, index) => {
      const path = join(folder, `${index}.o`);
      writeFileSync(path, object);
      return path;
    });
    const input = Buffer.from(paths.map((path) => `${path}\n`).join(""));
    const result = run({ program: builtProgram(name), args: ["--stream", ...lacking], input, seconds });
    if (result.outcome !== "answer") throw new Error(`${name}: ${JSON.stringify(result)}`);
    return jsonLines<AyaReport & { readonly hex: string | null }>(result.value.stdout).map(({ hex, ...report }) =>
      hex === null ? report : { ...report, btf: new Uint8Array(Buffer.from(hex, "hex")) },
    );
  });
}
