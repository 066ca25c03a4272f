import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** A Debian package and what is lost without it. */
interface Package {
  readonly name: string;
  readonly for: string;
}

const packages: readonly Package[] = [
  { name: "gcc", for: "the kernel and libbpf judges" },
  { name: "make", for: "libbpf 1.7" },
  { name: "pkg-config", for: "libbpf 1.7" },
  { name: "libelf-dev", for: "both libbpf judges" },
  { name: "zlib1g-dev", for: "both libbpf judges" },
  { name: "libbpf-dev", for: "libbpf 1.1" },
  { name: "bpftool", for: "the bpftool judge" },
  { name: "clang-22", for: "test objects in C" },
  { name: "gcc-bpf", for: "test objects of another compiler" },
  { name: "lld-22", for: "the wasm module" },
  { name: "llvm-22", for: "Rust objects (llc) and objcopy" },
  { name: "llvm-22-dev", for: "bpf-linker" },
  { name: "llvm-22-tools", for: "tests against FileCheck" },
  { name: "libpolly-22-dev", for: "bpf-linker" },
  { name: "libzstd-dev", for: "bpf-linker" },
  { name: "g++", for: "bpf-linker" },
  { name: "rustc-web", for: "Rust objects, aya-obj 0.6" },
  { name: "cargo-web", for: "Rust objects, aya-obj 0.6" },
  { name: "libstd-rust-web-dev-bpf", for: "Rust objects" },
  { name: "rust-web-src", for: "the wasm module" },
  { name: "qemu-system-x86", for: "other kernels" },
  { name: "seabios", for: "other kernels" },
];

function installed(name: string): boolean {
  const run = spawnSync("dpkg-query", ["-s", name], { encoding: "utf8" });
  return run.status === 0 && run.stdout.includes("install ok installed");
}

function apt(...args: readonly string[]): string | undefined {
  const run = spawnSync("apt-get", args, {
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  if (run.status === 0) return undefined;
  return (run.stderr ?? "").trim().split("\n").at(-1) || `apt-get ${args[0]} exited with ${run.status}`;
}

/** Installs the Debian packages that are missing, if this is Debian and root asks; says what it does. */
export function ensurePackages(say: (line: string) => void): void {
  if (!existsSync("/usr/bin/dpkg-query") || !existsSync("/usr/bin/apt-get")) {
    say("packages: no apt here, taking what is installed");
    return;
  }
  const missing = packages.filter((p) => !installed(p.name));
  if (missing.length === 0) {
    say("packages: all installed");
    return;
  }
  const names = missing.map((p) => p.name);
  if (process.getuid?.() !== 0) {
    say(`packages: not root, so not installed: ${missing.map((p) => `${p.name} (for ${p.for})`).join(", ")}`);
    return;
  }
  say(`packages: installing ${names.join(" ")}`);
  const update = apt("update", "-q");
  if (update !== undefined) say(`packages: apt-get update: ${update}`);
  if (apt("install", "-y", "-q", "--no-install-recommends", ...names) === undefined) return;
  // One package that this release lacks must not keep the others away.
  for (const { name, for: purpose } of missing) {
    const why = apt("install", "-y", "-q", "--no-install-recommends", name);
    if (why !== undefined) say(`packages: ${name} (for ${purpose}): ${why}`);
  }
}
