import { BtfFixError } from "../../../src/errors.ts";
import { KERNEL_PROFILES, type KernelProfile } from "../../../src/rules/kernel/profile.ts";
import { kernelVerdict } from "../../../src/rules/kernel/verdict.ts";
import {
  type BtfLoadVerdict,
  kernelBtfLoad,
  kernelMapCreate,
  kernelProgLoads,
  type ProgramAttributes,
} from "../../../test/judges/kernel.ts";
import { answer } from "../../../test/judges/run.ts";
import { disagreement } from "../../../test/rules/kernel/campaign.ts";
import { runningRelease } from "../../../test/rules/kernel/summary.ts";
import { difference, verdictOf } from "../../../test/rules/program-info/campaign.ts";
import { dedupDifference } from "./dedup.ts";
import type { TableRelease, TableRow } from "./source.ts";

/** How many tests two answers agree on, and the names of the others with what differs. */
export interface Agreement {
  readonly of: string;
  readonly agree: number;
  readonly count: number;
  readonly exceptions: readonly string[];
}

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const textOf = (hex: string): string => Buffer.from(hex, "hex").toString("utf8");

function agreement(of: string, rows: readonly TableRow[], what: (row: TableRow) => string | undefined): Agreement {
  const exceptions = rows.flatMap((row) => {
    const difference = what(row);
    return difference === undefined ? [] : [`${textOf(row.descr)}: ${difference}`];
  });
  return { of, agree: rows.length - exceptions.length, count: rows.length, exceptions };
}

/** What differs from the table: the verdict, or a text in which the table's is not to be found. */
function fromTable({ refused, message }: TableRow, isRefused: boolean, text: string): string | undefined {
  const last =
    text
      .trim()
      .split("\n")
      .findLast((line) => !line.startsWith("processed ")) ?? "";
  if ((refused === 1) !== isRefused) return isRefused ? `refused, "${last}"` : "accepted";
  const wanted = textOf(message);
  return text.includes(wanted) ? undefined : `"${last}" is without "${wanted}"`;
}

function ofProfile(of: string, rows: readonly TableRow[], profile: KernelProfile): Agreement {
  return agreement(of, rows, (row) => {
    const { accepted, message } = kernelVerdict(bytesOf(row.blob), profile);
    return fromTable(row, !accepted, message);
  });
}

function programOf(row: TableRow): ProgramAttributes {
  const funcs = { records: bytesOf(row.funcInfo), recordSize: row.funcRec };
  const lines = { records: bytesOf(row.lineInfo), recordSize: row.lineRec };
  return {
    type: row.type,
    insns: bytesOf(row.insns),
    btf: bytesOf(row.blob),
    ...(funcs.records.length > 0 || funcs.recordSize > 0 ? { funcInfo: funcs } : {}),
    ...(lines.records.length > 0 ? { lineInfo: lines } : {}),
  };
}

/** The release's table beside our profile of the release, and our `dedupBtf`; needs no kernel. */
export function besideTable(release: TableRelease, rows: readonly TableRow[]): readonly Agreement[] {
  const raw = rows.filter(({ table }) => table === "raw");
  const profile = KERNEL_PROFILES[release];
  return [
    ofProfile("raw_tests: table and our profile of its release", raw, profile),
    agreement(
      "dedup_tests: table and our dedup",
      rows.filter(({ table }) => table === "dedup"),
      (row) => {
        try {
          return dedupDifference(bytesOf(row.blob), bytesOf(row.expected));
        } catch (error) {
          if (error instanceof BtfFixError) return error.message;
          throw error;
        }
      },
    ),
    agreement("info_raw_tests: table and our profile of its release", infoRows(rows), (row) => {
      const { accepted, message } = verdictOf(programOf(row), profile);
      return fromTable(row, !accepted, message);
    }),
  ];
}

const infoRows = (rows: readonly TableRow[]): readonly TableRow[] => rows.filter(({ table }) => table === "info");

/** The programs with records, beside the running kernel. */
function programsBesideKernel(rows: readonly TableRow[], profile: KernelProfile): readonly Agreement[] {
  const info = infoRows(rows);
  const programs = info.map(programOf);
  const answers = answer(kernelProgLoads(programs));
  const said = new Map(info.map((row, i) => [row, answers[i]] as const));
  return [
    agreement(`info_raw_tests: running kernel and our profile ${profile.release}`, info, (row) => {
      const spoken = said.get(row);
      const what = spoken && difference(verdictOf(programOf(row), profile), spoken);
      return what === "later" ? "refused for what its instructions do" : what;
    }),
    agreement("info_raw_tests: table and running kernel", info, (row) => {
      const { errno = -1, log = "" } = said.get(row) ?? {};
      return fromTable(row, errno !== 0, log);
    }),
  ];
}

/** On this one a kernel that lacks the check writes past its own memory, so no running kernel is asked. */
const DANGEROUS = "struct test repeated fields count overflow";

/** The table beside the running kernel, and the running kernel beside our profile of it. */
export function besideKernel(rows: readonly TableRow[]): readonly Agreement[] {
  const raw = rows.filter(({ table, descr }) => table === "raw" && textOf(descr) !== DANGEROUS);
  const answers = answer(kernelBtfLoad(raw.map(({ blob }) => bytesOf(blob))));
  const said = new Map<TableRow, BtfLoadVerdict>(raw.map((row, i) => [row, answers[i] ?? { errno: -1, log: "" }]));
  const saidOf = (row: TableRow): BtfLoadVerdict => said.get(row) ?? { errno: -1, log: "" };
  const profile = KERNEL_PROFILES[runningRelease()];
  const maps = raw.filter((row) => row.map[0] !== 0 && saidOf(row).errno === 0 && row.refused === 0);
  return [
    agreement(`raw_tests: running kernel and our profile ${profile.release}`, raw, (row) =>
      disagreement(kernelVerdict(bytesOf(row.blob), profile), saidOf(row)),
    ),
    agreement("raw_tests: table and running kernel", raw, (row) =>
      fromTable(row, saidOf(row).errno !== 0, saidOf(row).log),
    ),
    agreement("raw_tests, creation of maps: table and running kernel", maps, (row) => {
      const [type, keySize, valueSize, maxEntries, keyTypeId, valueTypeId] = row.map;
      const map = { type, keySize, valueSize, maxEntries, keyTypeId, valueTypeId };
      const [verdict] = answer(kernelMapCreate(bytesOf(row.blob), [map]));
      return (verdict?.withIds !== 0) === (row.mapRefused === 1) ? undefined : `errno ${verdict?.withIds}`;
    }),
    ...programsBesideKernel(rows, profile),
  ];
}
