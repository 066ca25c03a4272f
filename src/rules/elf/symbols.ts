import { MAX_NAME_LENGTH } from "../../btf/escape.ts";
import { LINKAGE_GLOBAL, typesWithIds } from "../../btf/model.ts";
import { nameBytes } from "../../btf/names.ts";
import { SHF_EXECINSTR, STB_LOCAL, STT_FUNC, STV_DEFAULT } from "../../elf/model.ts";
import { cannotLoad, cannotOpen, EOPNOTSUPP, kernelDrops } from "../answers.ts";
import { isAcceptedVarName, isTakenByNewKernels } from "../btf/names.ts";
import { functionSites } from "../func/sites.ts";
import { label, placeOf } from "../label.ts";
import { eachMap, type MapFact } from "../maps/findings.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";

export const privateMap: Rule = {
  id: "map/private",
  title: "A map's symbol is global and visible, and its VAR too.",
  covers: ["V4", "LM-04", "LD-08"],
  source: "libbpf bpf_object__init_user_btf_map",
  fixable: false,
  check: (state) =>
    eachMap(state, privateMap, function* ({ site, variable }): Generator<MapFact> {
      const isHidden =
        site.symbol !== undefined && (site.symbol.binding === STB_LOCAL || site.symbol.visibility !== STV_DEFAULT);
      if (!isHidden && (variable === undefined || variable.linkage === LINKAGE_GLOBAL)) return;
      yield {
        fact: "it is private to the object",
        answers: [cannotOpen(`map '${site.name}': unsupported map linkage static.`, EOPNOTSUPP)],
        help: "export it: #[unsafe(no_mangle)] or pub",
      };
    }),
};

/** What BPF_MAP_CREATE takes as a name (kernel/bpf/syscall.c `bpf_obj_name_cpy`); libbpf cuts it to 15 bytes first. */
const MAX_OBJECT_NAME = 15;

export const mapName: Rule = {
  id: "map/name-invalid",
  title: "A map's name has only letters, digits, `_` and `.`.",
  covers: ["N5"],
  source: "kernel/bpf/syscall.c bpf_obj_name_cpy",
  fixable: false,
  check: (state) =>
    eachMap(state, mapName, function* ({ site }): Generator<MapFact> {
      if (!/^[A-Za-z0-9_.]*$/.test(site.name)) {
        yield {
          fact: "the kernel takes no such name, and renaming it would change what user space asks for",
          answers: [
            { judge: "kernel", answer: "rejects", how: "BPF_MAP_CREATE gives EINVAL" },
            cannotLoad(`map '${site.name}': failed to create: -EINVAL`),
          ],
          help: 'give it another name: #[unsafe(export_name = "…")]',
        };
      } else if (site.name.length > MAX_OBJECT_NAME) {
        yield {
          fact: `the kernel will know it as ${site.name.slice(0, MAX_OBJECT_NAME)}`,
          answers: [accepts15],
          severity: "note",
        };
      }
    }),
};

const accepts15 = { judge: "libbpf", answer: "accepts", how: "under the first 15 bytes of the name" } as const;

export const variableName: Rule = {
  id: "btf/variable-name",
  title: "The name of a global VAR, which is its symbol's, is an identifier.",
  covers: ["N1", "LD-06"],
  source: "kernel/bpf/btf.c btf_var_check_meta; libbpf btf_fixup_datasec",
  fixable: false,
  *check({ btf, join }: ObjectState): Generator<Diagnostic> {
    for (const [typeId, type] of typesWithIds(btf)) {
      if (type.kind !== "var" || type.linkage !== LINKAGE_GLOBAL) continue;
      const name = nameBytes(btf, type.nameOff);
      if (name === undefined || isAcceptedVarName(name)) continue;
      // A mangled path is easily longer than 128 bytes.
      const isTaken = isTakenByNewKernels(name);
      const fault = name.length > MAX_NAME_LENGTH ? `has ${name.length} bytes` : "is no identifier";
      yield {
        rule: variableName.id,
        severity: isTaken ? "warning" : "error",
        message: `${label(btf, typeId)} is named after a symbol that ${fault}`,
        target: { typeId },
        ...placeOf(join, typeId),
        answers: kernelDrops("Invalid name"),
        help: "give the static another export_name",
      };
    }
  },
};

/** Where func_info says a function starts, as "section@offset". */
function described(state: ObjectState): Set<string> {
  return new Set([...functionSites(state)].map(({ section, offset }) => `${section}@${offset}`));
}

export const functionWithoutInfo: Rule = {
  id: "func/without-debug-info",
  title: "Every function of `.text` has a func_info record if any function has.",
  covers: ["F3", "KB-06"],
  source: "libbpf adjust_prog_btf_ext_info; kernel/bpf/check_btf.c check_btf_func",
  fixable: false,
  *check(state: ObjectState): Generator<Diagnostic> {
    const { elf, ext } = state;
    if (elf === undefined || ext?.funcInfo === undefined) return;
    const known = described(state);
    for (const symbol of elf.symbols) {
      const section = elf.sections[symbol.section];
      if (symbol.type !== STT_FUNC || section?.name !== ".text" || (section.flags & SHF_EXECINSTR) === 0) continue;
      if (known.has(`${section.name}@${symbol.value}`)) continue;
      yield {
        rule: functionWithoutInfo.id,
        severity: "error",
        message: `function ${symbol.name} has no debug info, though others have`,
        target: { symbol: symbol.index },
        answers: [cannotLoad("missing .BTF.ext function info")],
        help: "build its crate with debug = 2",
      };
    }
  },
};
