import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { BtfFixError } from "../../errors.ts";
import { EXIT_PASS, type ExitCode } from "../exit-code.ts";
import { beginsAsObject } from "../find-objects.ts";
import { displayName, type Session } from "../session.ts";
import { watchFolders } from "../watch-folders.ts";
import { fixCommand } from "./fix.ts";

function demandFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new BtfFixError("USAGE", `${displayName(path)} is no folder`);
  }
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
    if (bytes === undefined || !beginsAsObject(bytes) || seen.get(path) === digest(bytes)) return;
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
