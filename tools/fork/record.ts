import { nameText } from "../../src/btf/names.ts";
import type { Btf } from "../../src/index.ts";
import { kernelTypes } from "../scoreboard/kernel-types.ts";

/** Offsets in bytes of the two fields of `sched:sched_process_fork` that the programs read. */
export interface ForkRecord {
  readonly parentPid: number;
  readonly childPid: number;
}

/** What the source of the Aya program says by itself. */
export const USUAL_RECORD: ForkRecord = { parentPid: 12, childPid: 20 };

/** The event's record, as `TRACE_EVENT` of include/trace/trace_events.h names its type. */
const RECORD = "trace_event_raw_sched_process_fork";

/**
 * The record of the running kernel, out of its BTF; the event's `format` file says the same, but to root alone. Undefined where the kernel
 * shows no types.
 */
export function forkRecord(kernel: Btf | undefined = kernelTypes()): ForkRecord | undefined {
  for (const type of kernel?.types ?? []) {
    if (kernel === undefined || type.kind !== "struct" || nameText(kernel, type.nameOff) !== RECORD) continue;
    const offsets = new Map(type.members.map((member) => [nameText(kernel, member.nameOff), member.bitOffset / 8]));
    const parentPid = offsets.get("parent_pid");
    const childPid = offsets.get("child_pid");
    if (parentPid !== undefined && childPid !== undefined) return { parentPid, childPid };
  }
  return undefined;
}

/**
 * What the Aya program is to be built with for this kernel: nothing where the source is right already, so that the build is that of the
 * corpus. (The C program is CO-RE: its loader looks.)
 */
export function recordEnvironment(record: ForkRecord = forkRecord() ?? USUAL_RECORD): Readonly<Record<string, string>> {
  if (record.parentPid === USUAL_RECORD.parentPid && record.childPid === USUAL_RECORD.childPid) return {};
  return { FORK_PARENT_PID_OFFSET: `${record.parentPid}`, FORK_CHILD_PID_OFFSET: `${record.childPid}` };
}
