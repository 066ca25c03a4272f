import { MAX_NAME_LENGTH } from "../../btf/escape.ts";
import { LINKAGE_GLOBAL } from "../../btf/model.ts";
import { nameBytes } from "../../btf/names.ts";
import { typesOfKind } from "../../btf/of-kind.ts";
import { cannotLoad, kernelDrops } from "../answers.ts";
import { isAcceptedVarName, isTakenByNewKernels } from "../btf/names.ts";
import { label, placeOf } from "../label.ts";
import { eachMap, type MapFact } from "../maps/findings.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";

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
    for (const [typeId, type] of typesOfKind(btf, "var")) {
      if (type.linkage !== LINKAGE_GLOBAL) continue;
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
