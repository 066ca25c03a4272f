import { typesOfKind } from "../../btf/of-kind.ts";
import { label, placeOf } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";

/** Types that one finding names: an object of 2023 may have hundreds. */
const MAX_SHOWN = 3;

/**
 * bpf-linker before 0.11 takes the members out of every enum with payload and leaves name and size, in the debug info too, since it does so
 * before code is generated. rustc makes no record of that form.
 */
export const enumEmptied: Rule = {
  id: "btf/enum-emptied",
  title: "A record that has a size has members.",
  covers: ["T8"],
  source: "bpf-linker before 0.11, sanitising of debug info",
  fixable: false,
  *check({ btf, join }: ObjectState): Generator<Diagnostic> {
    // A record of C without members and with a size is made of unnamed bit-fields.
    if (join === undefined) return;
    // A variant without fields is such a record too, in the union of its enum.
    const variants = new Set(
      typesOfKind(btf, "union").flatMap(([, union]) => union.members.map((member) => member.type)),
    );
    const empty: number[] = [];
    for (const [id, type] of typesOfKind(btf, "struct")) {
      if (type.nameOff === 0 || type.size === 0 || type.members.length > 0) continue;
      if (variants.has(id)) continue;
      empty.push(id);
    }
    const [first] = empty;
    if (first === undefined) return;
    const shown = empty.slice(0, MAX_SHOWN).map((id) => label(btf, id));
    if (empty.length > MAX_SHOWN) shown.push("…");
    yield {
      rule: enumEmptied.id,
      severity: "note",
      message: `${empty.length} of the records have a size and no members: ${shown.join(", ")}`,
      target: { typeId: first },
      ...placeOf(join, first),
      answers: [],
      help: "bpf-linker before 0.11 empties enums with payload; link with a newer one",
    };
  },
};
