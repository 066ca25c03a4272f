import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { EM_BPF } from "../../elf/model.ts";
import { BtfFixError } from "../../errors.ts";
import { EXIT_PASS, type ExitCode } from "../exit-code.ts";
import { displayName, type Session } from "../session.ts";
import { watchFolders } from "../watch-folders.ts";
import { fixCommand } from "./fix.ts";

function demandFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new BtfFixError("USAGE", `${displayName(path)} is no folder`);
  }
}

/** Whether the bytes begin as a 64-bit ELF file for BPF does, in either byte order. */
function isBpfObject(bytes: Uint8Array): boolean {
  const [machine = 0, more = 0] = bytes.subarray(18, 20);
  const isElf64 = bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46 && bytes[4] === 2;
  return isElf64 && (bytes[5] === 2 ? (machine << 8) | more : (more << 8) | machine) === EM_BPF;
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** What lies at a path; undefined if it went away in the meantime, as the files of a build do. */
function contentOf({ host }: Session, path: string): Uint8Array | undefined {
  try {
    return host.readInput(path).bytes;
  } catch (error) {
    if (error instanceof BtfFixError) return undefined;
    throw error;
  }
}

/**
 * Repairs the objects in the folders where they are, now and whenever one is built anew, until the process is ended. What this run has
 * written itself is left alone.
 */
export async function watchCommand(session: Session, until?: AbortSignal): Promise<ExitCode> {
  const { invocation, host } = session;
  if (invocation.inputs.length === 0) throw new BtfFixError("USAGE", "name at least one folder to watch");
  for (const folder of invocation.inputs) demandFolder(folder);
  const seen = new Map<string, string>();
  let turn = Promise.resolve();
  async function repair(path: string): Promise<void> {
    const bytes = contentOf(session, path);
    if (bytes === undefined || !isBpfObject(bytes) || seen.get(path) === digest(bytes)) return;
    await fixCommand({ ...session, invocation: { ...invocation, inputs: [path], inPlace: true } });
    const after = contentOf(session, path);
    if (after !== undefined) seen.set(path, digest(after));
  }
  await watchFolders(
    invocation.inputs,
    (path) => {
      // One at a time: a report is not to be cut in two.
      turn = turn.then(() => repair(path)).catch((error: unknown) => host.stderr(`btf-fix: ${String(error)}\n`));
    },
    until,
  );
  await turn;
  return EXIT_PASS;
}
