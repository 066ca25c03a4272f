import { typeById } from "../../btf/model.ts";
import { idsOfKind } from "../../btf/of-kind.ts";
import { kernelDrops } from "../answers.ts";
import { label, placeOf } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";
import { type Signature, signatureReader } from "./signature.ts";
import { functionSites } from "./sites.ts";

/** A FUNC whose type id leads to no FUNC_PROTO, with what its code shows instead, where that is certain. */
export interface WithoutPrototype {
  readonly typeId: number;
  readonly signature: Signature | undefined;
}

/**
 * The FUNCs that have no prototype, in the order of their ids. Code shows it for functions that are called; what a program is given, and
 * all that an object has where not one program is typed, only the source knows.
 */
export function withoutPrototype(state: ObjectState): readonly WithoutPrototype[] {
  const { btf } = state;
  const ids: number[] = [];
  for (const typeId of idsOfKind(btf, "func")) {
    const type = typeById(btf, typeId);
    if (type?.kind === "func" && typeById(btf, type.type)?.kind !== "funcProto") ids.push(typeId);
  }
  if (ids.length === 0) return [];
  const sites = [...functionSites(state)];
  const isTyped = sites.some(({ isSubprogram, proto }) => !isSubprogram && proto !== undefined);
  const reader = isTyped ? signatureReader(state) : undefined;
  const places = new Map(sites.map((site) => [site.funcId, site]));
  return ids.map((typeId) => {
    const site = places.get(typeId);
    if (reader === undefined || site?.symbol === undefined || !site.isSubprogram)
      return { typeId, signature: undefined };
    return { typeId, signature: reader.signature({ section: site.symbol.section, offset: site.offset }) };
  });
}

/** Functions that one message names. */
const MAX_NAMED = 8;

function finding({ btf, join }: ObjectState, rule: Rule, typeId: number, subject: string): Diagnostic {
  const func = typeById(btf, typeId);
  const target = func?.kind === "func" ? func.type : 0;
  const fault =
    typeById(btf, target) === undefined && target !== 0
      ? `invalid referenced type ID ${target}`
      : `referenced type [${target}] is not FUNC_PROTO`;
  return {
    rule: rule.id,
    severity: "error",
    message: `${subject} no prototype`,
    target: { typeId },
    ...placeOf(join, typeId),
    answers: [
      { judge: "libbpf", answer: "rejects", text: `btf: type [${typeId}]: ${fault}` },
      ...kernelDrops("Invalid type_id"),
    ],
  };
}

/** F6: with line tables only, every FUNC's type id is chance. One cause, one error, however many functions show it. */
export const funcWithoutPrototype: Rule = {
  id: "func/without-prototype",
  title: "A FUNC refers to a FUNC_PROTO; with `-C debuginfo=1` LLVM leaves the id to chance.",
  covers: ["F6", "KF-02", "LB-19"],
  source: "llvm BTFDebug::visitSubroutineType (empty type array); libbpf btf_validate_type",
  fixable: false,
  *check(state: ObjectState): Generator<Diagnostic> {
    const lost = withoutPrototype(state).filter(({ signature }) => signature === undefined);
    const [first] = lost;
    if (first === undefined) return;
    const names = lost.slice(0, MAX_NAMED).map(({ typeId }) => label(state.btf, typeId));
    const others = lost.length > MAX_NAMED ? ` and ${lost.length - MAX_NAMED} others` : "";
    const subject = `${names.join(", ")}${others} ${lost.length === 1 ? "has" : "have"}`;
    yield {
      ...finding(state, funcWithoutPrototype, first.typeId, subject),
      // Said of all of them, so that no judge's word on the next is news.
      ...(lost.length === 1 ? {} : { target: {} }),
      help: 'build with `debug = 2` ("line-tables-only" leaves no types)',
    };
  },
};

/** F6 of one crate among others: what its functions take, their code shows. */
export const prototypeLost: Rule = {
  id: "func/prototype-lost",
  title: "A FUNC refers to a FUNC_PROTO, in every crate of a program.",
  covers: ["F6", "KF-02", "LB-19"],
  source: funcWithoutPrototype.source,
  fixable: true,
  *check(state: ObjectState): Generator<Diagnostic> {
    for (const { typeId, signature } of withoutPrototype(state)) {
      if (signature !== undefined) yield finding(state, prototypeLost, typeId, `${label(state.btf, typeId)} has`);
    }
  },
};
