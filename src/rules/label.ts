import { unescapeName } from "../btf/escape.ts";
import { type Btf, typeById } from "../btf/model.ts";
import { shownName } from "../btf/names.ts";
import { KIND_TEXT } from "../btf/render/words.ts";
import type { Correspondence } from "../join/model.ts";
import type { Diagnostic } from "./rule.ts";

/** A type in a message: `STRUCT Limit<u16, 4> [12]`, with the name as the source has it. */
export function label(btf: Btf, id: number): string {
  const type = typeById(btf, id);
  if (type === undefined) return `type [${id}]`;
  const name = unescapeName(shownName(btf, type.nameOff));
  return `${KIND_TEXT[type.kind]}${name === "" ? "" : ` ${name}`} [${id}]`;
}

/** The source place of a type or member, in the form that `Diagnostic` spreads in. */
export function placeOf(join: Correspondence | undefined, id: number, member?: number): Pick<Diagnostic, "place"> {
  const place = join?.place(id, member);
  return place === undefined ? {} : { place };
}
