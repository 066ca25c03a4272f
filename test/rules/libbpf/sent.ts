import { CLASS, LD_IMM64, PSEUDO_CALL, PSEUDO_FUNC } from "../../../src/elf/insn.ts";
import type { ElfView } from "../../../src/elf/model.ts";
import { sectionNamed } from "../../../src/elf/symbols.ts";
import { KERNEL_PROFILES, type KernelProfile } from "../../../src/rules/kernel/profile.ts";
import type { KernelRelease } from "../../../src/rules/kernel/rule.ts";
import { opened } from "../../../src/rules/libbpf/as-sent.ts";
import { collectSections } from "../../../src/rules/libbpf/collect.ts";
import { ownBtf } from "../../../src/rules/libbpf/own-btf.ts";
import { type SentProgram, sentPrograms } from "../../../src/rules/libbpf/program-records.ts";
import type { LibbpfVersion } from "../../../src/rules/libbpf/sanitise.ts";
import { sentBtf } from "../../../src/rules/libbpf/sent.ts";
import type { LibbpfCall } from "../../judges/libbpf.ts";

/** What libbpf asked the kernel for, beside what we say that it asks. */

type ProgramCall = Extract<LibbpfCall, { readonly command: "program" }>;

/** Kinds up to which a pretended kernel knows them: those before FLOAT, DECL_TAG, TYPE_TAG, ENUM64, and all. */
export const KINDS_KNOWN = [15, 16, 17, 18, 19] as const;

/** The kernel that knows kinds up to this one, and of sections only names that are identifiers. */
export function pretended(maxKind: number): KernelProfile {
  // Answers are remembered by the release that says the same.
  return { ...KERNEL_PROFILES["5.10"], judgesAs: `kinds ${maxKind}` as KernelRelease, maxKind };
}

const STRINGS_LENGTH = 20;

const stringsLength = (blob: Uint8Array): number =>
  blob.length < 24 ? 0 : new DataView(blob.buffer, blob.byteOffset).getUint32(STRINGS_LENGTH, true);

/** The object's BTF among those that were sent: the probes of libbpf have fewer strings. Undefined where it was not sent. */
export function btfOfCalls(elf: ElfView, calls: readonly LibbpfCall[]): Uint8Array | undefined {
  const own = stringsLength(sectionNamed(elf, ".BTF")?.bytes ?? new Uint8Array(0));
  return calls
    .flatMap((call) => (call.command === "btf" ? [new Uint8Array(Buffer.from(call.bytes, "hex"))] : []))
    .findLast((blob) => stringsLength(blob) >= Math.max(own, 30));
}

/** What we say of the same. */
export function btfWeSend(elf: ElfView, kernel: KernelProfile, version: LibbpfVersion): Uint8Array | undefined {
  const section = sectionNamed(elf, ".BTF");
  return section && sentBtf(elf, ownBtf(section.bytes), kernel, version)?.bytes;
}

/** What the kernel keeps of a name. */
const NAME_LENGTH = 15;

/** The programs of the object among those that were given to the kernel, the first time: probes have other names. */
export function programsOfCalls(elf: ElfView, calls: readonly LibbpfCall[]): readonly ProgramCall[] {
  const names = new Set(elf.symbols.map(({ name }) => name.slice(0, NAME_LENGTH)).filter((name) => name !== ""));
  return calls.filter((call): call is ProgramCall => call.command === "program" && names.delete(call.name));
}

/** What we say of the same. */
export function programsWeSend(elf: ElfView, version: LibbpfVersion): readonly SentProgram[] {
  const collected = collectSections(elf, version);
  const btf = collected.btf && opened(ownBtf(collected.btf.bytes), elf, version);
  return [...sentPrograms(elf, collected, btf, version)];
}

/** Immediates of the calls that libbpf puts where a relocation failed: of a weak function of the kernel, and of CO-RE. */
const [NO_FUNCTION, NO_FIELD] = [2_001_000_000, 195_896_080];
/** A slot that is not compared. */
const ANYTHING = "*";

const CALL = CLASS.jmp | 0x80;

const hex = (bytes: Uint8Array = new Uint8Array(0)): string => Buffer.from(bytes).toString("hex");

/**
 * Each instruction as far as it is the object's own: of a call of a function and of the address of one all, of the others what is done to
 * which register. Descriptors, relocated constants and functions of the kernel are filled in by libbpf.
 */
function ownParts(insns: string): readonly string[] {
  const slots = insns.match(/.{16}/g) ?? [];
  let isSecond = false;
  return slots.map((slot) => {
    if (isSecond) {
      isSecond = false;
      return "";
    }
    const [opcode = 0, registers = 0] = Buffer.from(slot.slice(0, 4), "hex");
    const source = registers >> 4;
    isSecond = opcode === LD_IMM64;
    if (opcode === LD_IMM64) return source === PSEUDO_FUNC ? slot : slot.slice(0, 2) + slot.slice(3, 4);
    if (opcode !== CALL) return slot.slice(0, 4);
    const immediate = Buffer.from(slot, "hex").readInt32LE(4);
    if (immediate === NO_FIELD) return ANYTHING;
    if (immediate >= NO_FUNCTION && immediate < NO_FUNCTION + 1_000_000) return "8520";
    return source === PSEUDO_CALL ? slot : slot.slice(0, 4);
  });
}

/** What differs between the programs that we say are sent and those that were, with their records; undefined if nothing. */
export function programsDiffer(ours: readonly SentProgram[], theirs: readonly ProgramCall[]): string | undefined {
  const names = ours.map(({ name }) => name.slice(0, NAME_LENGTH)).join(" ");
  const held = theirs.map(({ name }) => name).join(" ");
  if (names !== held) return `programs ${names}, not ${held}`;
  for (const [index, call] of theirs.entries()) {
    const own = ours[index];
    if (own === undefined) continue;
    const { insns, funcInfo, lineInfo } = own.sent;
    const [code, given] = [ownParts(hex(insns)), ownParts(call.insns)];
    const at = given.findIndex((slot, number) => slot !== ANYTHING && slot !== code[number]);
    if (code.length !== given.length) return `${own.name}: ${code.length} slots, not ${given.length}`;
    if (at >= 0) return `${own.name}: slot ${at} is ${code[at]}, not ${given[at]}`;
    // Without BTF in the kernel there are no records.
    if (!call.hasBtf) continue;
    for (const [what, records, size, bytes] of [
      ["func_info", funcInfo, call.funcSize, call.funcs],
      ["line_info", lineInfo, call.lineSize, call.lines],
    ] as const) {
      if ((records?.recordSize ?? 0) !== size) return `${own.name}: ${what} of ${records?.recordSize}, not ${size}`;
      if (hex(records?.records) !== bytes) return `${own.name}: other ${what}`;
    }
  }
  return undefined;
}
