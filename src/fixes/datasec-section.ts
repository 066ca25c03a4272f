import { BtfBuilder } from "../btf/builder.ts";
import type { BtfDatasec, BtfSecInfo } from "../btf/model.ts";
import { sectionNamed } from "../elf/symbols.ts";
import { placedDatasecs } from "../rules/datasec/entries.ts";
import { misplacedEntries, wrongSection } from "../rules/datasec/section.ts";
import type { Diagnostic } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";
import { counted, type Fix, type FixStep } from "./fix.ts";

/** Entries that leave their DATASECs, by the section where they belong. */
function takeOut(
  state: ObjectState,
  builder: BtfBuilder,
  targets: ReadonlyMap<string, string>,
): Map<string, BtfSecInfo[]> {
  const moved = new Map<string, BtfSecInfo[]>();
  for (const [typeId, datasec] of placedDatasecs(state.btf)) {
    const entries: BtfSecInfo[] = [];
    for (const [member, entry] of datasec.entries.entries()) {
      const section = targets.get(`${typeId}:${member}`);
      if (section === undefined) entries.push(entry);
      else moved.set(section, [...(moved.get(section) ?? []), entry]);
    }
    if (entries.length !== datasec.entries.length) builder.replace(typeId, { ...datasec, entries });
  }
  return moved;
}

/** A DATASEC that lists nothing any more and whose section the file does not have: libbpf would not open the object. */
function isLeftOver({ elf }: ObjectState, datasec: BtfDatasec, name: string): boolean {
  return datasec.entries.length === 0 && elf !== undefined && sectionNamed(elf, name) === undefined;
}

/** Each entry goes to the DATASEC of the section where its variable lies; what is then left over becomes the one that was missing. */
export const moveEntries: Fix = {
  rules: [wrongSection],
  summary: (count) => `${counted(count, "variable")} listed in the right section`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const wanted = new Set(findings.map(({ target }) => `${target.typeId}:${target.member}`));
    const targets = new Map<string, string>(
      misplacedEntries(state)
        .map(({ typeId, member, section }) => [`${typeId}:${member}`, section] as const)
        .filter(([key]) => wanted.has(key)),
    );
    const moved = takeOut(state, builder, targets);
    const own = [...placedDatasecs(state.btf)];
    const idOf = new Map(own.map(([typeId, , name]) => [name, typeId]));
    const free = own.flatMap(([typeId, , name]) => {
      const now = builder.get(typeId);
      return now?.kind === "datasec" && isLeftOver(state, now, name) && targetsOf(targets, typeId) ? [typeId] : [];
    });
    for (const [section, entries] of moved) {
      const there = builder.get(idOf.get(section) ?? 0);
      if (there?.kind === "datasec") {
        builder.replace(idOf.get(section) ?? 0, { ...there, entries: [...there.entries, ...entries] });
        continue;
      }
      const datasec: BtfDatasec = { kind: "datasec", nameOff: builder.string(section), size: 0, entries };
      const reused = free.shift();
      if (reused === undefined) builder.add(datasec);
      else builder.replace(reused, datasec);
    }
    // Nothing refers to a DATASEC; an empty record keeps the ids behind it.
    for (const id of free) builder.replace(id, { kind: "struct", nameOff: 0, size: 0, bitfields: false, members: [] });
    const done = findings.map(({ target }) => {
      const section = targets.get(`${target.typeId}:${target.member}`);
      return section === undefined ? undefined : `moved it to ${section}`;
    });
    return { state: { ...state, btf: builder.finish() }, done };
  },
};

function targetsOf(targets: ReadonlyMap<string, string>, typeId: number): boolean {
  return [...targets.keys()].some((key) => key.startsWith(`${typeId}:`));
}
