/** Words that name a command where the first argument stands. */
export const COMMAND_WORDS = ["check", "dump", "maps", "emit", "diff", "watch", "explain"] as const;

/** "fix" is the form without a command name. */
export type CommandName = "fix" | (typeof COMMAND_WORDS)[number];

/** One line a command, as a usage error shows it. */
export const USAGE_LINE: Readonly<Record<CommandName, string>> = {
  fix: "btf-fix IN -o OUT | btf-fix IN... --in-place",
  check: "btf-fix check IN... [--kernel X.Y] [--loader NAME] [--json] [--strict]",
  dump: "btf-fix dump IN [--format raw|json] [--pretty]",
  maps: "btf-fix maps IN [--from dwarf|btf] [--json]",
  emit: "btf-fix emit IN -o OUT [--from dwarf] [--rust] [--source DIR]",
  diff: "btf-fix diff A B [--json]",
  watch: "btf-fix watch DIR...",
  explain: "btf-fix explain RULE...",
};

/** The text of `--help`. */
export const HELP = `btf-fix repairs the BTF of eBPF objects, so that the kernel, libbpf, cilium/ebpf, aya and bpftool take them.

usage:
  btf-fix IN -o OUT           repair IN and write the result to OUT
  btf-fix IN... --in-place    repair each file where it is
  btf-fix check IN...         say what is wrong, write nothing; a folder stands for the objects in it
  btf-fix dump IN             print the BTF as bpftool does
  btf-fix maps IN             print the map definitions
  btf-fix emit IN -o OUT      write IN with its BTF made anew from its debug info
  btf-fix diff A B            say what B says differently from A, by type; exit code 1 if anything
  btf-fix watch DIR...        repair each object in a folder where it is, now and whenever it is built anew
  btf-fix explain RULE        say what a rule of a report is about

IN is a BPF ELF object or a raw BTF file; "-" is standard input, and as OUT standard output.

repair and check:
  -o, --output FILE           where the result goes
      --in-place              replace the input; its mode, links and other names are kept
      --dry-run               write nothing, print the plan
      --plan text|json        print every change with its reason, both sides and its place
      --legacy-maps WHAT      convert (default), keep or error: what to do with a section \`maps\`
      --enum HOW              tagged (default), union or opaque: how an enum with payload is shown
      --names HOW             escape (default) or short: what becomes of names that are no identifiers
      --c-types               give integers the names that C knows
      --license TEXT          add a section \`license\` where there is none
      --vmlinux FILE          kernel types for externs (default: the running kernel's)
      --only RULE             run these rules alone (a rule id, or a fact id such as M2; may be repeated)
      --skip RULE             leave these rules out
      --strict                warnings fail as errors do
      --json                  the report as JSON on one line
      --kernel X.Y            check: for this release alone (default: every one from 5.10 on)
      --loader NAME           check: what these loaders say counts, and no other: libbpf[@1.7|@1.1], cilium, aya[@0.6|@0.3]
  -q, --quiet                 nothing but errors that remain
  -v, --verbose               notes and every repair as well

dump:
      --format raw|json       bpftool's text (default), or its JSON
      --pretty                indent the JSON
  -B, --base FILE             the base of a split BTF

maps:
      --from dwarf|btf|both   which witness to believe (default: both, DWARF first)
      --json                  the definitions as JSON on one line

emit:
      --from dwarf|both       debug info alone, or with what it lacks from the old BTF (default)
      --rust                  as LLVM should write the BTF of Rust, not as LLVM 22 does
      --source DIR            where source lines are that the old BTF does not quote

everywhere:
      --color[=WHEN]          always, never or auto (default; NO_COLOR is respected)
  -h, --help                  this text
  -V, --version               the version

exit codes: 0 the result passes, 1 defects remain, 2 wrong usage, 3 unusable input, 4 refused, 5 input or output failed
`;
