import { spawn } from "node:child_process";

/** How the linker ended. */
export type LinkerEnd =
  | { readonly kind: "exit"; readonly code: number }
  | { readonly kind: "signal"; readonly signal: NodeJS.Signals }
  | { readonly kind: "unstarted"; readonly reason: string };

/** Signals that ask a process to end; they are the linker's to obey, and its end tells how. */
const PASSED_ON = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"] as const;

function whyUnstarted(program: string, error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "ENOENT":
      return program.includes("/")
        ? `${program} does not exist`
        : `${program} is not on PATH: install it (cargo install bpf-linker), or name it in BTF_FIX_LINKER`;
    case "EACCES":
      return `${program} is not executable`;
    case "E2BIG":
      return `the arguments are more than the system takes at once, and ${program} reads no response files`;
    default:
      return error.message;
  }
}

/** Runs the linker to its end; its streams are ours, and signals reach it. */
export function spawnLinker(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<LinkerEnd> {
  return new Promise((resolve) => {
    const unstarted = (error: NodeJS.ErrnoException): void =>
      resolve({ kind: "unstarted", reason: whyUnstarted(program, error) });
    try {
      const child = spawn(program, args, { stdio: "inherit", env });
      for (const signal of PASSED_ON) process.on(signal, () => child.kill(signal));
      child.on("error", unstarted);
      child.on("exit", (code, signal) => {
        for (const name of PASSED_ON) process.removeAllListeners(name);
        resolve(signal === null ? { kind: "exit", code: code ?? 1 } : { kind: "signal", signal });
      });
    } catch (error) {
      unstarted(error as NodeJS.ErrnoException); // E2BIG is thrown.
    }
  });
}
