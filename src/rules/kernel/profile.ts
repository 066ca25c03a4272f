import { KIND_NUMBER } from "../../btf/model.ts";
import type { KernelRelease } from "./rule.ts";

/** What differs between releases other than which rules they have: how they read a blob. Each was compared with a kernel of its release. */
export interface KernelProfile {
  readonly release: KernelRelease;
  /** The release that says the same of every blob, so that one of them needs to be asked. */
  readonly judgesAs: KernelRelease;
  /** Header bytes that the release knows; those after them must be zero (KH-03). */
  readonly headerSize: number;
  /** Bits of `info` that are the kind (shifted down by 24), that are the vlen, and that must be zero. */
  readonly kindMask: number;
  readonly vlenMask: number;
  readonly reservedInfo: number;
  readonly maxKind: number;
  /** Kinds that may set kind_flag (KT-06). */
  readonly kindFlags: ReadonlySet<number>;
  /** KSYM_NAME_LEN: longest name that is looked at. */
  readonly nameLength: number;
  /** Whether the name of a DATASEC may be anything printable, and not just an identifier. */
  readonly printableSections: boolean;
  /** Whether a FUNC is resolved like other types, so that modifiers of it pass. */
  readonly resolvesFuncs: boolean;
  /** Whether functions may not return what is no value: a VAR or a DATASEC. */
  readonly returnsValues: boolean;
  /** Whether structs are looked through for special fields (KZ), and for bpf_res_spin_lock among them. */
  readonly specialFields: boolean;
  readonly resilientLocks: boolean;
  /** Whether "uptr" is a known tag of a pointer. */
  readonly userPointers: boolean;
  /** Whether a lock counts also for the structs that contain its own. */
  readonly nestedLocks: boolean;
  /** Whether a struct may have but one bpf_refcount. */
  readonly uniqueRefcounts: boolean;
  /** Whether a pointer may have TYPE_TAGs beside the one that makes it a kernel pointer. */
  readonly skipsOtherTags: boolean;
  /** How many structs may own each other in a row; undefined where a struct that is owned may own none that owns. */
  readonly ownershipLevels: number | undefined;
  /** Rules that are not applied, by id: how tests show that the harness would notice a missing one. */
  readonly without: ReadonlySet<string>;
}

const { struct, union, fwd, enum: enum32, enum64, declTag, typeTag } = KIND_NUMBER;

/** What the oldest has. */
const FACTS: KernelProfile = {
  release: "5.10",
  judgesAs: "5.10",
  headerSize: 24,
  kindMask: 0x0f,
  vlenMask: 0xffff,
  reservedInfo: 0x70ff_0000,
  maxKind: KIND_NUMBER.datasec,
  kindFlags: new Set([struct, union, fwd]),
  nameLength: 128,
  printableSections: false,
  resolvesFuncs: false,
  returnsValues: false,
  specialFields: false,
  resilientLocks: false,
  userPointers: false,
  nestedLocks: false,
  uniqueRefcounts: false,
  skipsOtherTags: false,
  ownershipLevels: undefined,
  without: new Set(),
};

/** A copy, so that V8 gives it the same form as the others, and code that has become fast with one profile stays so with the next. */
const KERNEL_5_10: KernelProfile = { ...FACTS };

const KERNEL_6_1: KernelProfile = {
  ...KERNEL_5_10,
  release: "6.1",
  judgesAs: "6.1",
  kindMask: 0x1f,
  reservedInfo: 0x60ff_0000,
  maxKind: enum64,
  kindFlags: new Set([struct, union, fwd, enum32, enum64]),
  nameLength: 512,
  resolvesFuncs: true,
  returnsValues: true,
};

/** As 6.12.117 has it: its stable line took over later checks of locks, refcounts and ownership, which 6.18.44 lacks. */
const KERNEL_6_12: KernelProfile = {
  ...KERNEL_6_1,
  release: "6.12",
  judgesAs: "6.12",
  printableSections: true,
  specialFields: true,
  uniqueRefcounts: true,
  ownershipLevels: 8,
  nestedLocks: true,
};

const KERNEL_6_18: KernelProfile = {
  ...KERNEL_6_12,
  release: "6.18",
  judgesAs: "6.18",
  kindFlags: new Set([...KERNEL_6_1.kindFlags, declTag, typeTag]),
  resilientLocks: true,
  userPointers: true,
  uniqueRefcounts: false,
  ownershipLevels: undefined,
  nestedLocks: false,
};

const KERNEL_7_2: KernelProfile = {
  ...KERNEL_6_18,
  release: "7.2",
  judgesAs: "7.2",
  headerSize: 32,
  kindMask: 0x7f,
  vlenMask: 0xff_ffff,
  reservedInfo: 0,
  nestedLocks: true,
  uniqueRefcounts: true,
  skipsOtherTags: true,
  ownershipLevels: 8,
};

/** What this one allows and every other allows too: kinds, and lengths of names. */
export const OLDEST: KernelProfile = KERNEL_5_10;

/** By release. */
export const KERNEL_PROFILES: Readonly<Record<KernelRelease, KernelProfile>> = {
  "5.10": KERNEL_5_10,
  "6.1": KERNEL_6_1,
  "6.12": KERNEL_6_12,
  "6.18": KERNEL_6_18,
  "7.2": KERNEL_7_2,
  "7.3": { ...KERNEL_7_2, release: "7.3" },
};
