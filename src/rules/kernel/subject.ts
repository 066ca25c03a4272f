import { BASE_SIZE } from "../../btf/kind.ts";
import type { KernelProfile } from "./profile.ts";
import { hasRule, type KernelRule } from "./rule.ts";

/** First failure of a blob; thrown through the passes, and caught by `kernelVerdict` alone. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly rule: KernelRule;
  /** 0 where no type is at fault. */
  readonly typeId: number;
  /** The last line of the kernel's log, each byte a character; "" where it says nothing. */
  readonly line: string;
  readonly errno: number;

  constructor(rule: KernelRule, typeId: number, line: string, errno: number) {
    super(rule.id);
    this.rule = rule;
    this.typeId = typeId;
    this.line = line;
    this.errno = errno;
  }
}

/** Kind of a type id that no record has. */
export const MISSING = -1;
/** Kind of type id 0. */
export const VOID = 0;

/** BTF_MAX_TYPE: records past it are judged by themselves, and cannot be referred to (KT-09 is not enforced). */
const MAX_RECORDS = 0xf_ffff;

/** BTF_MAX_NAME_OFFSET. */
export const MAX_NAME_OFFSET = 0xff_ffff;

/** A blob while the kernel looks at it, which reads it in the byte order of its machine. */
export class Subject {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly profile: KernelProfile;
  readonly littleEndian: boolean;
  /** First byte and length of the strings; set once the header holds. */
  stringsAt = 0;
  stringsLength = 0;
  /** Offset of each record by its id; -1 for void. */
  readonly records: number[] = [-1];

  constructor(bytes: Uint8Array, profile: KernelProfile, littleEndian: boolean) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.profile = profile;
    this.littleEndian = littleEndian;
  }

  /** Throws, unless the profile lacks the rule. */
  refuse(rule: KernelRule, typeId: number, line: string, errno: number = rule.errno): void {
    const { release, without } = this.profile;
    if (without.has(rule.id) || !hasRule(release, rule)) return;
    throw new Refusal(rule, typeId, line, errno);
  }

  add(offset: number): void {
    if (this.records.length < MAX_RECORDS) this.records.push(offset);
  }

  u32(offset: number): number {
    return this.view.getUint32(offset, this.littleEndian);
  }

  i32(offset: number): number {
    return this.view.getInt32(offset, this.littleEndian);
  }

  info(at: number): number {
    return this.u32(at + 4);
  }

  kindAt(at: number): number {
    return (this.info(at) >>> 24) & this.profile.kindMask;
  }

  vlen(at: number): number {
    return this.info(at) & this.profile.vlenMask;
  }

  kindFlag(at: number): boolean {
    return this.info(at) >= 0x8000_0000;
  }

  nameOff(at: number): number {
    return this.u32(at);
  }

  /** The size-or-type word. */
  word(at: number): number {
    return this.u32(at + 8);
  }

  /** Offset of what follows the three base words. */
  tail(at: number): number {
    return at + BASE_SIZE;
  }

  at(id: number): number {
    return this.records[id] ?? -1;
  }

  /** Kind of the type with this id, `VOID` or `MISSING`. */
  kind(id: number): number {
    const at = this.records[id];
    if (at === undefined) return MISSING;
    return at < 0 ? VOID : this.kindAt(at);
  }

  /** Whether a name may be read at all (KT-04). */
  hasName(offset: number): boolean {
    return offset <= MAX_NAME_OFFSET && offset < this.stringsLength;
  }

  /** The byte of the string table; 0 past its end. */
  char(offset: number): number {
    return offset < this.stringsLength ? (this.bytes[this.stringsAt + offset] ?? 0) : 0;
  }

  /** The string at an offset, each byte a character, and cut at `limit`. */
  string(offset: number, limit: number): string {
    let text = "";
    for (let at = offset; text.length < limit; at++) {
      const byte = this.char(at);
      if (byte === 0) break;
      text += String.fromCharCode(byte);
    }
    return text;
  }
}
