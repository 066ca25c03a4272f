import { BtfFixError } from "../errors.ts";
import { EHDR_SIZE, EM_BPF } from "./model.ts";

const ELF_MAGIC = [0x7f, 0x45, 0x4c, 0x46];
const ELFCLASS64 = 2;
const ELFDATA2LSB = 1;
const ELFDATA2MSB = 2;
const ET_REL = 1;

/** First bytes of files that people pass by mistake, and what to call them. Longer magics come first. */
const FOREIGN: readonly (readonly [magic: readonly number[], what: string])[] = [
  [[0x21, 0x3c, 0x61, 0x72, 0x63, 0x68, 0x3e, 0x0a], "an ar archive (.a, .rlib)"],
  [[0x21, 0x3c, 0x74, 0x68, 0x69, 0x6e, 0x3e, 0x0a], "a thin ar archive"],
  [[0x42, 0x43, 0xc0, 0xde], "LLVM bitcode"],
  [[0xde, 0xc0, 0x17, 0x0b], "LLVM bitcode"],
  [[0xfe, 0xed, 0xfa, 0xce], "a Mach-O file"],
  [[0xfe, 0xed, 0xfa, 0xcf], "a Mach-O file"],
  [[0xce, 0xfa, 0xed, 0xfe], "a Mach-O file"],
  [[0xcf, 0xfa, 0xed, 0xfe], "a Mach-O file"],
  [[0xca, 0xfe, 0xba, 0xbe], "a Mach-O universal file or a Java class"],
  [[0x00, 0x61, 0x73, 0x6d], "a WebAssembly module"],
  [[0x28, 0xb5, 0x2f, 0xfd], "a zstd file"],
  [[0x50, 0x4b, 0x03, 0x04], "a zip file"],
  [[0xfd, 0x37, 0x7a, 0x58], "an xz file"],
  [[0x1f, 0x8b], "a gzip file"],
  [[0x4d, 0x5a], "a PE (Windows) file"],
  [[0x64, 0x86], "a COFF object"],
  [[0x9f, 0xeb, 0x01], "a raw BTF blob"],
  [[0xeb, 0x9f, 0x01], "a raw BTF blob"],
];

/** e_machine numbers of the machines that an object is likely to come from (elf.h). */
const MACHINES: ReadonlyMap<number, string> = new Map([
  [2, "SPARC"],
  [3, "x86"],
  [8, "MIPS"],
  [20, "PowerPC"],
  [21, "PowerPC64"],
  [22, "S/390"],
  [40, "ARM"],
  [43, "SPARC V9"],
  [62, "x86-64"],
  [183, "AArch64"],
  [190, "CUDA"],
  [224, "AMD GPU"],
  [243, "RISC-V"],
  [258, "LoongArch"],
]);

const FILE_TYPES: ReadonlyMap<number, string> = new Map([
  [0, "a file of no type"],
  [2, "an executable"],
  [3, "a shared object or position-independent executable"],
  [4, "a core dump"],
]);

/**
 * The byte order of a 64-bit relocatable BPF ELF file; any other file is one `BtfFixError` that names what it is.
 *
 * Accepts what libbpf's `bpf_object__elf_init` accepts: ET_REL, machine EM_BPF or none.
 * Errors: ELF_NOT_ELF, ELF_TRUNCATED, ELF_UNSUPPORTED, ELF_MALFORMED, each with a file offset.
 */
export function identifyElf(bytes: Uint8Array): { readonly littleEndian: boolean; readonly machine: number } {
  if (!startsWith(bytes, ELF_MAGIC)) {
    throw new BtfFixError(
      "ELF_NOT_ELF",
      `not an ELF object but ${foreignName(bytes)}`,
      at(0, Math.min(bytes.length, 4)),
    );
  }
  const data = bytes[5];
  const fileClass = bytes[4];
  if (fileClass === 1) throw new BtfFixError("ELF_UNSUPPORTED", "a 32-bit ELF file; BPF objects are 64-bit", at(4, 1));
  if (bytes.length < EHDR_SIZE) {
    throw new BtfFixError(
      "ELF_TRUNCATED",
      `the file ends at byte ${bytes.length}, inside the ELF header of ${EHDR_SIZE} bytes`,
      at(bytes.length, EHDR_SIZE - bytes.length),
    );
  }
  if (fileClass !== ELFCLASS64)
    throw new BtfFixError("ELF_MALFORMED", `ELF class ${fileClass} does not exist`, at(4, 1));
  if (data !== ELFDATA2LSB && data !== ELFDATA2MSB) {
    throw new BtfFixError("ELF_MALFORMED", `ELF data encoding ${data} is neither little- nor big-endian`, at(5, 1));
  }
  if (bytes[6] !== 1) throw new BtfFixError("ELF_MALFORMED", `ELF version ${bytes[6]} does not exist`, at(6, 1));
  const littleEndian = data === ELFDATA2LSB;
  const view = new DataView(bytes.buffer, bytes.byteOffset, EHDR_SIZE);
  const type = view.getUint16(16, littleEndian);
  const machine = view.getUint16(18, littleEndian);
  if (machine !== EM_BPF && machine !== 0) {
    const name = MACHINES.get(machine) ?? `machine ${machine}`;
    throw new BtfFixError("ELF_UNSUPPORTED", `an ELF file for ${name}, not for BPF (machine ${EM_BPF})`, at(18, 2));
  }
  if (type !== ET_REL) {
    const name = FILE_TYPES.get(type) ?? `a file of type ${type}`;
    throw new BtfFixError("ELF_UNSUPPORTED", `${name}, not a relocatable ELF object`, at(16, 2));
  }
  return { littleEndian, machine };
}

/** What a file that is not ELF looks like, for a message: "an ar archive (.a, .rlib)", "a text file", "an empty file". */
function foreignName(bytes: Uint8Array): string {
  if (bytes.length === 0) return "an empty file";
  for (const [magic, what] of FOREIGN) if (startsWith(bytes, magic)) return what;
  if (bytes.length < ELF_MAGIC.length) return `a file of ${bytes.length} ${bytes.length === 1 ? "byte" : "bytes"}`;
  return looksLikeText(bytes.subarray(0, 256)) ? "a text file" : "a file of unknown format";
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return bytes.length >= magic.length && magic.every((byte, i) => bytes[i] === byte);
}

function looksLikeText(bytes: Uint8Array): boolean {
  // Printable, tab to carriage return, or part of a UTF-8 sequence.
  return bytes.every((byte) => (byte >= 0x20 && byte !== 0x7f) || (byte >= 9 && byte <= 13));
}

function at(offset: number, length: number): { section: undefined; offset: number; length: number } {
  return { section: undefined, offset, length };
}
