import { BtfBuilder } from "../btf/builder.ts";
import { type Btf, type BtfFunc, type BtfFuncProto, typeById, typesWithIds } from "../btf/model.ts";
import { nameText } from "../btf/names.ts";
import { references } from "../btf/walk.ts";
import type { Held } from "../rules/func/abi.ts";
import { abiPrototypes, contextUntyped, prototypeNotAbi, untypedPrograms } from "../rules/func/prototype-abi.ts";
import type { Diagnostic } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";
import { counted, type Fix, type FixStep } from "./fix.ts";

/** Names of unsigned numbers by their bytes, where the object has none; C and Rust tools alike can print them. */
const NUMBERS: Readonly<Record<number, string>> = {
  1: "unsigned char",
  2: "unsigned short",
  4: "unsigned int",
  8: "unsigned long long",
};

/** Gives the id of the type that says what a register holds: one that the object has, or one appended. */
function types(builder: BtfBuilder, btf: Btf): (held: Held) => number {
  const known = new Map<string, number>();
  const find = (isIt: (id: number) => boolean, make: () => number): number => {
    for (const [id] of typesWithIds(btf)) if (isIt(id)) return id;
    return make();
  };
  const number = (size: number): number =>
    find(
      (id) => {
        const type = typeById(btf, id);
        return type?.kind === "int" && type.size === size && type.bits === 8 * size && type.encoding === 0;
      },
      () => {
        const nameOff = builder.string(NUMBERS[size] ?? "");
        return builder.add({ kind: "int", nameOff, size, bits: 8 * size, bitOffset: 0, encoding: 0 });
      },
    );
  const pointer = (name: string): number => {
    const struct = find(
      (id) => {
        const type = typeById(btf, id);
        return type?.kind === "struct" && nameText(btf, type.nameOff) === name;
      },
      () => builder.add({ kind: "struct", nameOff: builder.string(name), size: 0, bitfields: false, members: [] }),
    );
    return find(
      (id) => {
        const type = typeById(btf, id);
        return type?.kind === "ptr" && type.type === struct;
      },
      () => builder.add({ kind: "ptr", nameOff: 0, type: struct }),
    );
  };
  return (held) => {
    const key = held.is === "context" ? held.struct : `${held.size}`;
    const id = known.get(key) ?? (held.is === "context" ? pointer(held.struct) : number(held.size));
    known.set(key, id);
    return id;
  };
}

/** How often each type is referred to. */
function referenceCounts(btf: Btf): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const type of btf.types) for (const id of references(type)) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

/** Gives a function another prototype: in its place if nothing else refers to it, since a function pointer means what it says. */
function giveProto(
  builder: BtfBuilder,
  counts: ReadonlyMap<number, number>,
  place: { readonly funcId: number; readonly func: BtfFunc },
  proto: BtfFuncProto,
): void {
  const { funcId, func } = place;
  if ((counts.get(func.type) ?? 0) <= 1) builder.replace(func.type, proto);
  else builder.replace(funcId, { ...func, type: builder.add(proto) });
}

function typeText(held: Held): string {
  return held.is === "context" ? `a pointer to ${held.struct}` : `an INT of ${held.size} bytes`;
}

/** F7, R14: a prototype as the verifier sees the registers, so that the function can stay global. */
export const typeRegisters: Fix = {
  rules: [prototypeNotAbi],
  summary: (count) => `${counted(count, "prototype")} made what travels in registers`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const typeOf = types(builder, state.btf);
    const counts = referenceCounts(state.btf);
    const plans = new Map([...abiPrototypes(state)].map(([site, plan]) => [site.funcId, { site, plan }]));
    const done = findings.map(({ target: { typeId = 0 } }) => {
      const found = plans.get(typeId);
      const proto = found?.site.proto;
      if (found === undefined || proto === undefined) return undefined;
      const { site, plan } = found;
      const words: string[] = [];
      const params = proto.params.map((param, index) => {
        const held = plan.params[index];
        if (held === undefined) return param;
        words.push(`argument ${index + 1} ${typeText(held)}`);
        return { ...param, type: typeOf(held) };
      });
      if (plan.result !== undefined) words.push(`the result ${typeText(plan.result)}`);
      const returnType = plan.result === undefined ? proto.returnType : typeOf(plan.result);
      giveProto(builder, counts, site, { ...proto, params, returnType });
      return `made ${words.join(", ")}`;
    });
    return { state: { ...state, btf: builder.finish() }, done };
  },
};

/** A program's `*mut c_void` becomes a pointer to its context, as freplace wants it of its target. */
export const typeContexts: Fix = {
  rules: [contextUntyped],
  summary: (count) => `${counted(count, "context")} typed`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const typeOf = types(builder, state.btf);
    const counts = referenceCounts(state.btf);
    const programs = new Map([...untypedPrograms(state)].map(([site, struct]) => [site.funcId, { site, struct }]));
    const done = findings.map(({ target: { typeId = 0 } }) => {
      const found = programs.get(typeId);
      const proto = found?.site.proto;
      if (found === undefined || proto === undefined) return undefined;
      const held = { is: "context", struct: found.struct } as const;
      const params = proto.params.map((param) => ({ ...param, type: typeOf(held) }));
      giveProto(builder, counts, found.site, { ...proto, params });
      return `made it ${typeText(held)}`;
    });
    return { state: { ...state, btf: builder.finish() }, done };
  },
};
