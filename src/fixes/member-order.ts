import { BtfBuilder } from "../btf/builder.ts";
import type { BtfComposite } from "../btf/model.ts";
import { memberOrder, unionMemberOffset } from "../rules/btf/member-order.ts";
import type { Diagnostic } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";
import { moveAccessStrings, moveDeclTags } from "./access.ts";
import { counted, type Fix, type FixStep } from "./fix.ts";

/** New position of each old one after a stable sort by offset. */
function sortedPositions(type: BtfComposite): readonly number[] {
  const order = type.members.map((_, index) => index);
  const offset = (index: number): number => type.members[index]?.bitOffset ?? 0;
  order.sort((a, b) => offset(a) - offset(b) || a - b);
  const positions: number[] = [];
  for (const [position, index] of order.entries()) positions[index] = position;
  return positions;
}

/** T1: members in the order of their offsets; access strings and tags follow. */
export const sortMembers: Fix = {
  rules: [memberOrder],
  summary: (count) => `${counted(count, "struct")} sorted`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const moves = new Map<number, readonly number[]>();
    const done = findings.map(({ target: { typeId = 0 } }) => {
      const type = builder.get(typeId);
      if (type?.kind !== "struct" || moves.has(typeId)) return undefined;
      moves.set(typeId, sortedPositions(type));
      const members = [...type.members].sort((a, b) => a.bitOffset - b.bitOffset);
      builder.replace(typeId, { ...type, members });
      return "sorted its members";
    });
    const moved = (typeId: number, member: number): readonly number[] => [moves.get(typeId)?.[member] ?? member];
    moveDeclTags(state.btf, builder, moved);
    const ext = moveAccessStrings(state.btf, builder, state.ext, moved);
    return { state: { ...state, btf: builder.finish(), ext }, done };
  },
};

/** T6: a UNION member away from offset 0 goes into an anonymous STRUCT of the union's size, which lies at 0. */
export const wrapUnionMembers: Fix = {
  rules: [unionMemberOffset],
  summary: (count) => `${counted(count, "enum tag")} moved`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const wrappedAt = new Set<string>();
    const done = findings.map(({ target: { typeId = 0, member = 0 } }) => {
      const union = builder.get(typeId);
      const inner = union?.kind === "union" ? union.members[member] : undefined;
      if (union?.kind !== "union" || inner === undefined) return undefined;
      const wrapper = builder.add({
        kind: "struct",
        nameOff: 0,
        size: union.size,
        bitfields: union.bitfields,
        members: [inner],
      });
      const members = union.members.map((other, index) =>
        index === member ? { nameOff: 0, type: wrapper, bitOffset: 0, bitfieldSize: 0 } : other,
      );
      builder.replace(typeId, { ...union, members });
      wrappedAt.add(`${typeId}:${member}`);
      return "put the member into a struct at offset 0";
    });
    const moved = (typeId: number, member: number): readonly number[] =>
      wrappedAt.has(`${typeId}:${member}`) ? [member, 0] : [member];
    const ext = moveAccessStrings(state.btf, builder, state.ext, moved);
    return { state: { ...state, btf: builder.finish(), ext }, done };
  },
};
