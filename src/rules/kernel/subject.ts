import { BtfBlob } from "../btf-blob.ts";
import type { KernelProfile } from "./profile.ts";
import { hasRule, type KernelRule } from "./rule.ts";

export { MISSING, VOID } from "../btf-blob.ts";

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

/** BTF_MAX_TYPE: records past it are judged by themselves, and cannot be referred to (KT-09 is not enforced). */
const MAX_RECORDS = 0xf_ffff;

/** BTF_MAX_NAME_OFFSET. */
export const MAX_NAME_OFFSET = 0xff_ffff;

/** A blob while the kernel looks at it, which reads it in the byte order of its machine. */
export class Subject extends BtfBlob {
  readonly profile: KernelProfile;

  constructor(bytes: Uint8Array, profile: KernelProfile, littleEndian: boolean) {
    super(bytes, littleEndian, profile);
    this.profile = profile;
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

  /** Whether a name may be read at all (KT-04). */
  hasName(offset: number): boolean {
    return offset <= MAX_NAME_OFFSET && offset < this.stringsLength;
  }
}
