import { fstatSync, readFileSync, statSync, writeSync } from "node:fs";
import { objectsIn } from "./find-objects.ts";
import type { Host } from "./host.ts";
import { ioError, systemCode } from "./io-error.ts";
import { pause } from "./pause.ts";
import { readInput } from "./read-input.ts";
import { replaceFile } from "./write-atomic.ts";

const STDOUT = 1;
const STDERR = 2;

/** Writes all of it now. `process.stdout` would cost start-up time, and loses its tail when the process exits. */
function writeAll(fd: number, data: string | Uint8Array): void {
  const bytes = typeof data === "string" ? Buffer.from(data) : data;
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const code = systemCode(error);
      if (code === "EPIPE") return; // The reader (head, less) has enough.
      if (code !== "EAGAIN") throw ioError("write to standard output", error);
      pause(2);
    }
  }
}

/** The number of /dev/null; undefined where there is none. */
function nullDevice(): number | undefined {
  return statSync("/dev/null", { throwIfNoEntry: false })?.rdev;
}

function isTty(fd: 1 | 2): boolean {
  try {
    // `process.stdout` loads the terminal and network code; a pipe, a file and /dev/null need no second look.
    const stat = fstatSync(fd);
    if (!stat.isCharacterDevice() || stat.rdev === nullDevice()) return false;
    return (fd === STDOUT ? process.stdout : process.stderr).isTTY === true;
  } catch {
    return false; // A closed descriptor.
  }
}

/** Signals that ask a process to end, with their numbers (the same on every system that has them). */
const ENDING_SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

let signalsWait = false;

/**
 * Makes SIGINT and SIGTERM wait for a turn of the event loop. A file is replaced within one turn, so the process ends before or after
 * it, and no temporary file stays.
 */
function exitBetweenTurns(): void {
  if (signalsWait) return;
  signalsWait = true;
  for (const [signal, number] of Object.entries(ENDING_SIGNALS)) process.on(signal, () => process.exit(128 + number));
}

/** VmHWM of /proc/self/status. `getrusage` counts what the parent held before exec, so it is only the second choice. */
function peakMemory(): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1] ?? 0);
  } catch {
    return process.resourceUsage().maxRSS;
  }
}

/** The real world. */
export const nodeHost: Host = {
  env: process.env,
  get stdoutIsTty() {
    return isTty(STDOUT);
  },
  get stderrIsTty() {
    return isTty(STDERR);
  },
  readInput,
  objectsIn,
  replaceFile(request) {
    exitBetweenTurns();
    return replaceFile(request);
  },
  stdout: (data) => writeAll(STDOUT, data),
  stderr(text) {
    try {
      writeAll(STDERR, text);
    } catch {
      // Nowhere to say it; the exit code still tells.
    }
  },
  now: () => performance.now(),
  peakMemory,
};
