import { BtfBlob } from "../btf-blob.ts";
import type { KernelProfile } from "./profile.ts";
import { hasRule, type KernelRule } from "./rule.ts";

export { MISSING, VOID } from "../btf-blob.ts";

/** One failure of a blob; thrown through the passes to where the walk can go on, or to `kernelVerdict`, which wants but the first. */
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

/** What a walk has asked of its profile. */
export interface Asked {
  readonly facts: Set<keyof KernelProfile>;
  /** Those that something broke, whether or not the profile has them. */
  readonly rules: Set<KernelRule>;
  infoBits: number;
}

/** Whether a release refuses what breaks the rule. */
export function isApplied(rule: KernelRule, { release, without }: KernelProfile): boolean {
  return !without.has(rule.id) && hasRule(release, rule);
}

/** A blob while the kernel looks at it, which reads it in the byte order of its machine. */
export class Subject extends BtfBlob {
  readonly profile: KernelProfile;
  /** What of the profile has counted so far: facts, rules, and the bits of all info words. */
  readonly asked: Asked = { facts: new Set(), rules: new Set(), infoBits: 0 };

  /** What a walk that collects has kept. */
  readonly refusals: Refusal[] = [];
  private readonly most: number;
  private readonly told = new Set<number>();
  private unknown: Set<number> | undefined;

  /** `most`: how many refusals are kept; after the last of them, the next is thrown to the end as in the kernel. */
  constructor(bytes: Uint8Array, profile: KernelProfile, littleEndian: boolean, most = 0) {
    super(bytes, littleEndian, profile);
    this.profile = profile;
    this.most = most;
  }

  /** A fact of the profile. Passes ask for it here, and only where it counts, so that releases can be told to be of one mind. */
  fact<Name extends keyof KernelProfile>(name: Name): KernelProfile[Name] {
    this.asked.facts.add(name);
    return this.profile[name];
  }

  /** Throws, unless the profile lacks the rule. */
  refuse(rule: KernelRule, typeId: number, line: string, errno: number = rule.errno): void {
    this.asked.rules.add(rule);
    if (!isApplied(rule, this.profile)) return;
    throw new Refusal(rule, typeId, line, errno);
  }

  /**
   * Keeps what a check has thrown, so that the walk can go on behind it; throws it on if it is no refusal, or there are enough. Of one type the
   * first is kept, since what else is wrong with it may be for the same reason; one that is `apart` says nothing of its record.
   */
  keep(thrown: unknown, apart = false): void {
    if (!(thrown instanceof Refusal)) throw thrown;
    const { typeId } = thrown;
    if (!apart && this.told.has(typeId)) return;
    if (this.refusals.length >= this.most) throw thrown;
    this.refusals.push(thrown);
    if (typeId !== 0 && !apart) this.told.add(typeId);
  }

  /** Keeps what a check of no single type throws. */
  attempt(check: () => void): void {
    try {
      check();
    } catch (thrown) {
      this.keep(thrown);
    }
  }

  /** Whether a refusal of the type was kept. */
  isTold(typeId: number): boolean {
    return this.told.size > 0 && this.told.has(typeId);
  }

  /** Notes that a type is at fault so that nobody can say what size it has or in what it ends; what depends on it is not judged. */
  setUnknown(typeId: number, unknown = true): void {
    this.unknown ??= new Set();
    if (unknown) this.unknown.add(typeId);
    else this.unknown.delete(typeId);
  }

  isUnknown(typeId: number): boolean {
    return this.unknown?.has(typeId) === true;
  }

  override add(at: number): void {
    if (this.count < MAX_RECORDS) super.add(at);
  }

  /** Whether a name may be read at all (KT-04); no blob has room for strings past BTF_MAX_NAME_OFFSET. */
  hasName(offset: number): boolean {
    return offset < this.stringsLength;
  }
}
