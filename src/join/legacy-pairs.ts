import { type BtfComposite, typeById } from "../btf/model.ts";
import { nameText } from "../btf/names.ts";
import type { DieRow } from "../dwarf/model.ts";
import type { LoweredBtf, LoweredVariable } from "../lower/model.ts";
import { parameterLayers, trieKeyRow } from "./legacy-parameters.ts";
import type { Side } from "./names.ts";

type Role = "key" | "value";

/** What `key` and `value` of a definition point at. */
function pointees(own: Side, struct: BtfComposite): readonly { readonly role: Role; readonly id: number }[] {
  const btf = own.btf();
  return struct.members.flatMap(({ nameOff, type }) => {
    const name = nameText(btf, nameOff);
    if (name !== "key" && name !== "value") return [];
    const pointer = typeById(btf, type);
    return pointer?.kind === "ptr" ? [{ role: name, id: pointer.type }] : [];
  });
}

/** Whether a parameter may stand for this role: of two the first is the key, and one alone may be either. */
function mayBe(role: Role, index: number, count: number): boolean {
  return count === 1 || index === (role === "key" ? 0 : 1);
}

/**
 * Pairs that may hold for maps whose definitions a repair has made of legacy ones: debug info still gives the variable its old type, but
 * the parameters of that type are what the definition's key and value point at.
 */
export function legacyPairs(
  own: Side,
  lowered: LoweredBtf,
  variables: ReadonlyMap<number, LoweredVariable>,
): (readonly [own: number, lowered: number])[] {
  const btf = own.btf();
  const { dwarf } = lowered;
  const pairs: (readonly [number, number])[] = [];
  for (const [id, variable] of variables) {
    const type = typeById(btf, id);
    const struct = type?.kind === "var" ? typeById(btf, type.type) : undefined;
    // Such a definition has no name, and Rust has no record without one.
    if (struct?.kind !== "struct" || struct.nameOff !== 0) continue;
    const targets = pointees(own, struct);
    const row: DieRow | undefined = targets.length === 0 ? undefined : dwarf.type(variable.row);
    if (row === undefined) continue;
    const parameters = parameterLayers(dwarf, row).flatMap((layer) =>
      layer.map((parameter, index) => ({ parameter, index, count: layer.length })),
    );
    for (const { parameter, index, count } of parameters) {
      const loweredId = lowered.typeId(parameter.row);
      for (const { role, id: target } of targets) {
        if (!mayBe(role, index, count)) continue;
        pairs.push([target, loweredId]);
        const key = typeById(btf, target);
        if (key?.kind !== "struct" || key.members.length !== 2) continue;
        // An LPM key: a length, then the data that the parameter stands for.
        const keyRow = trieKeyRow(dwarf, parameter.row, key.size);
        if (keyRow !== undefined) pairs.push([target, lowered.typeId(keyRow)]);
        else pairs.push([key.members[1]?.type ?? 0, loweredId]);
      }
    }
  }
  return pairs;
}
