import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { type Profile, WORKSPACE } from "../corpus/cargo.ts";
import { needRustForHost } from "./needs.ts";
import type { Library } from "./objects.ts";

/** Where cargo builds: CARGO_TARGET_DIR, as usual, or `ebpf/target`. */
function usualTarget(): string {
  return process.env["CARGO_TARGET_DIR"] ?? join(WORKSPACE, "target");
}

/**
 * Builds the user-space program on a library in cargo's folder `target` and returns its path.
 *
 * @throws MissingTool; what `execFileSync` throws when cargo fails
 */
export function buildUserSpace(
  library: Library,
  profile: Profile,
  { verbose = true, target = usualTarget() }: { readonly verbose?: boolean; readonly target?: string } = {},
): string {
  const cargo = needRustForHost(library);
  const args = ["build", "--locked", "--package", `userspace-${library}`, "--profile", profile];
  execFileSync(cargo, verbose ? args : [...args, "--quiet"], {
    cwd: WORKSPACE,
    stdio: ["ignore", verbose ? "inherit" : "ignore", "inherit"],
    env: { ...process.env, CARGO_TARGET_DIR: target, CARGO_BUILD_JOBS: process.env["CARGO_BUILD_JOBS"] ?? "2" },
  });
  return join(target, profile === "dev" ? "debug" : "release", `userspace-${library}`);
}
