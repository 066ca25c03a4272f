import { relative } from "node:path";
import { PROJECT } from "./corpus/toolchain.ts";
import { buildObject, LIBRARIES } from "./fork/objects.ts";
import { libraryOf, parseOptions, runMain, targetOf, WrongUsage } from "./fork/options.ts";

const USAGE = `npm run build-ebpf -- [OPTIONS]        (in ebpf/: cargo xtask build-ebpf [OPTIONS])

Builds the two fork programs of ebpf/ and prints where they are.

      --ebpf-lib aya|libbpf   only the one in Rust, or only the one in C (default: both)
      --release               the Rust program in the release profile; the C program has only one
      --target TARGET         bpfel-unknown-none (default) or bpfeb-unknown-none
  -h, --help                  this text

The C program takes CLANG and LLC from the environment.`;

await runMain("build-ebpf", () => {
  const { values, rest } = parseOptions({
    "ebpf-lib": { type: "string" },
    release: { type: "boolean" },
    target: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  if (rest.length > 0) throw new WrongUsage(`unexpected ${rest.join(" ")}`);
  const target = targetOf(values.target);
  const library = values["ebpf-lib"];
  for (const one of library === undefined ? LIBRARIES : [libraryOf(library)]) {
    const object = buildObject({ library: one, target, profile: values.release ? "release" : "dev" });
    console.log(relative(PROJECT, object));
  }
  return 0;
});
