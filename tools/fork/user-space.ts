import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { type Profile, WORKSPACE } from "../corpus/cargo.ts";
import { needRustForHost } from "./needs.ts";
import type { Library } from "./objects.ts";

/**
 * Builds the user-space program on a library and returns its path. CARGO_TARGET_DIR is cargo's, as usual.
 *
 * @throws MissingTool; what `execFileSync` throws when cargo fails
 */
export function buildUserSpace(library: Library, profile: Profile, verbose = true): string {
  const cargo = needRustForHost(library);
  const target = process.env["CARGO_TARGET_DIR"] ?? join(WORKSPACE, "target");
  const args = ["build", "--locked", "--package", `userspace-${library}`, "--profile", profile];
  execFileSync(cargo, verbose ? args : [...args, "--quiet"], {
    cwd: WORKSPACE,
    stdio: ["ignore", verbose ? "inherit" : "ignore", "inherit"],
    env: { ...process.env, CARGO_TARGET_DIR: target, CARGO_BUILD_JOBS: process.env["CARGO_BUILD_JOBS"] ?? "2" },
  });
  return join(target, profile === "dev" ? "debug" : "release", `userspace-${library}`);
}
