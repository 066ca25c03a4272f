import { spawnSync } from "node:child_process";

/**
 * What property tests begin from: the commit that is checked out, so that every commit is tried with other inputs and each run of one
 * commit with the same. BTF_FIX_SEED (an integer, as printed) repeats another run.
 */
export function seed(): number {
  const asked = process.env["BTF_FIX_SEED"];
  if (asked !== undefined) {
    const number = Number(asked);
    if (!Number.isInteger(number)) throw new Error(`BTF_FIX_SEED is ${asked}, not an integer`);
    return number | 0;
  }
  const head = spawnSync("git", ["rev-parse", "HEAD"], { cwd: import.meta.dirname, encoding: "utf8" });
  // An unpacked archive has no commit.
  return head.status === 0 ? Number.parseInt(head.stdout.slice(0, 8), 16) | 0 : 0;
}
