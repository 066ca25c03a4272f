import { type BtfFuncProto, typeById } from "../../btf/model.ts";
import { isEmptyName } from "../../btf/names.ts";
import { idsOfKind } from "../../btf/of-kind.ts";
import { kernelDrops } from "../answers.ts";
import { label, placeOf } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";
import { protoOf } from "./sites.ts";

/** BTF_FUNC_EXTERN. */
const EXTERN = 2;

/** Positions of the parameters that need a name: all but the variadic marker (the last one, with type 0 and no name). */
export function unnamedParams({ btf }: ObjectState, proto: BtfFuncProto): readonly number[] {
  const { params } = proto;
  const last = params.length - 1;
  const found: number[] = [];
  for (let index = 0; index <= last; index++) {
    const { nameOff = 0, type = 0 } = params[index] ?? {};
    const isVariadic = index === last && type === 0 && nameOff === 0;
    if ((nameOff === 0 || isEmptyName(btf, nameOff)) && !isVariadic) found.push(index);
  }
  return found;
}

export const paramUnnamed: Rule = {
  id: "func/param-unnamed",
  title: "Every parameter of a FUNC has a name, unless the FUNC is an extern.",
  covers: ["F1", "KF-03"],
  source: "kernel/bpf/btf.c btf_func_check; libbpf bpf_object__collect_externs",
  fixable: true,
  *check(state: ObjectState): Generator<Diagnostic> {
    const { btf, join } = state;
    for (const typeId of idsOfKind(btf, "func")) {
      const type = typeById(btf, typeId);
      // clang names no parameter of an extern; libbpf does, before the kernel is asked, and refuses every extern it does not know.
      const proto = type?.kind === "func" && type.linkage !== EXTERN ? protoOf(btf, type) : undefined;
      if (proto === undefined) continue;
      for (const member of unnamedParams(state, proto)) {
        yield {
          rule: paramUnnamed.id,
          severity: "error",
          message: `parameter ${member + 1} of ${label(btf, typeId)} has no name`,
          target: { typeId, member },
          ...placeOf(join, typeId),
          answers: [...kernelDrops(`Invalid arg#${member + 1}`), { judge: "aya", answer: "repairs" }],
        };
      }
    }
  },
};
