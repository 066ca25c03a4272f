import { encodeBtf } from "../../../src/btf/encode.ts";
import { encodeBtfExt, parseBtfExt } from "../../../src/btf/ext.ts";
import { parseBtf } from "../../../src/btf/parse.ts";
import { renderJson } from "../../../src/btf/render/json.ts";
import { renderRaw } from "../../../src/btf/render/raw.ts";
import type { ElfView } from "../../../src/elf/model.ts";
import { parseElf } from "../../../src/elf/parse.ts";
import { relocationsOf } from "../../../src/elf/relocations.ts";
import { BtfFixError } from "../../../src/errors.ts";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import { KERNEL_RELEASES } from "../../../src/rules/kernel/rule.ts";
import { kernelVerdict } from "../../../src/rules/kernel/verdict.ts";
import { libbpfVerdict } from "../../../src/rules/libbpf/verdict.ts";
import { objectAround } from "./blobs.ts";

/** What came of a blob: which readers took it. Whatever is neither taken nor refused with a BtfFixError is thrown on. */
export interface Taken {
  readonly btf: boolean;
  readonly ext: boolean;
  readonly elf: boolean;
  /** By the kernel of the profile that this blob was for. */
  readonly kernel: boolean;
  /** By libbpf, as an object or inside one; undefined where we have no verdict. */
  readonly libbpf: boolean | undefined;
}

/** The result, or undefined where it is refused as all input may be. */
function unlessRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof BtfFixError) return undefined;
    throw error;
  }
}

function same(written: Uint8Array, read: Uint8Array, what: string): void {
  if (Buffer.compare(written, read) !== 0) throw new Error(`${what} is written otherwise than it was read`);
}

/** Parsed, written again, and printed in each form. */
function readBtf(bytes: Uint8Array): boolean {
  const btf = unlessRefused(() => parseBtf(bytes));
  if (btf === undefined) return false;
  same(encodeBtf(btf), bytes, ".BTF");
  renderRaw(btf);
  renderJson(btf, { pretty: false });
  renderJson(btf, { pretty: true });
  return true;
}

function readExt(bytes: Uint8Array): boolean {
  const ext = unlessRefused(() => parseBtfExt(bytes));
  if (ext !== undefined) same(encodeBtfExt(ext), bytes, ".BTF.ext");
  return ext !== undefined;
}

function readElf(bytes: Uint8Array): ElfView | undefined {
  const elf = unlessRefused(() => parseElf(bytes));
  for (const { index } of elf?.sections ?? []) unlessRefused(() => [...relocationsOf(elf as ElfView, index)]);
  return elf;
}

/** Gives the bytes to every reader; releases and versions take turns by `number`. */
export function readAll(bytes: Uint8Array, number: number): Taken {
  const release = KERNEL_RELEASES[number % KERNEL_RELEASES.length] ?? "6.18";
  const profile = KERNEL_PROFILES[release];
  const version = number % 4 < 2 ? "1.7" : "1.1";
  const elf = readElf(bytes);
  const inside = elf ?? parseElf(objectAround(bytes, bytes, bytes[0] !== 0xeb));
  return {
    btf: readBtf(bytes),
    ext: readExt(bytes),
    elf: elf !== undefined,
    kernel: kernelVerdict(bytes, profile, bytes[0] !== 0xeb).accepted,
    libbpf: libbpfVerdict(inside, version, profile)?.accepted,
  };
}
