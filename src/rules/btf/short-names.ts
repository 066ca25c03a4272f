import { unescapeName } from "../../btf/escape.ts";
import { type BtfType, LINKAGE_STATIC, typesWithIds } from "../../btf/model.ts";
import { nameText } from "../../btf/names.ts";
import { shortened } from "../../btf/short-name.ts";
import { sipHash13 } from "../../btf/siphash.ts";
import { TAG } from "../../dwarf/constants.ts";
import type { Correspondence } from "../../join/model.ts";
import { label, placeOf } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";

/** Longest name of our own making: one less than every kernel takes. */
const MAX_SHORT = 127;

/** Names that the kernel and loaders look for: they mean something by being what they are. */
const MEANT = /^(?:bpf_|xdp_md$|__sk_buff$|pt_regs$|sk_msg_md$|sk_reuseport_md$)/;

const encoder = new TextEncoder();

/** What DWARF calls a type, and the modules around it ("krate::inner"). */
interface Described {
  readonly name: string;
  readonly scope: string;
}

/**
 * "inner" for what lies in another type, such as an enum's variant: its name says enough there. Undefined for a type that DWARF does not
 * know.
 */
function described(join: Correspondence | undefined, typeId: number): Described | "inner" | undefined {
  const row = join?.row(typeId);
  if (join === undefined || row === undefined) return undefined;
  const { dwarf } = join.lowered;
  const name = dwarf.name(row);
  if (name === undefined) return undefined;
  const parts: string[] = [];
  for (let at = dwarf.parent(row); at !== undefined; at = dwarf.parent(at)) {
    const tag = dwarf.tag(at);
    if (tag === TAG.structureType || tag === TAG.unionType || tag === TAG.enumerationType) return "inner";
    if (tag === TAG.namespace) parts.unshift(dwarf.name(at) ?? "");
  }
  return { name: unescapeName(name), scope: parts.join("::") };
}

/** Kinds that share one space of names in C, and static functions, whose names no symbol has to match. */
function spaceOf(type: BtfType): "tag" | "other" | undefined {
  switch (type.kind) {
    case "struct":
    case "union":
    case "enum":
    case "enum64":
    case "fwd":
      return "tag";
    case "typedef":
      return "other";
    case "func":
      return type.linkage === LINKAGE_STATIC ? "other" : undefined;
    default:
      return undefined;
  }
}

/** A type that gets a short name, and what its full one is. */
interface Site {
  readonly typeId: number;
  readonly own: string;
  readonly short: string;
  readonly full: string;
  /** The names that must differ from its own; undefined where only its present name is known, which a repair changes. */
  readonly group: string | undefined;
}

function* sites({ btf, join }: ObjectState): Generator<Site> {
  for (const [typeId, type] of typesWithIds(btf)) {
    const space = spaceOf(type);
    const own = nameText(btf, type.nameOff);
    if (space === undefined || own === "" || MEANT.test(own)) continue;
    const known = described(join, typeId);
    if (known === "inner") continue;
    const source = known?.name ?? unescapeName(own);
    const short = shortened(source);
    if (short === "") continue;
    const full = known === undefined || known.scope === "" ? source : `${known.scope}::${source}`;
    yield { typeId, own, short, full, group: known === undefined ? undefined : `${space} ${short}` };
  }
}

/** The name that each type gets under `--names short`, where it is another than its own. */
export function shortNames(state: ObjectState): ReadonlyMap<number, string> {
  const found = [...sites(state)];
  const meanings = new Map<string, Set<string>>();
  for (const { group, full } of found) {
    if (group !== undefined) meanings.set(group, (meanings.get(group) ?? new Set()).add(full));
  }
  const names = new Map<number, string>();
  for (const { typeId, own, short, full, group } of found) {
    const clashes = group === undefined ? short !== full : (meanings.get(group)?.size ?? 0) > 1;
    const hash = `_${sipHash13(encoder.encode(full)).toString(16)}`;
    const chosen = clashes ? `${short.slice(0, MAX_SHORT - hash.length)}${hash}` : short.slice(0, MAX_SHORT);
    if (chosen !== own) names.set(typeId, chosen);
  }
  return names;
}

export const nameNotShort: Rule = {
  id: "btf/name-not-short",
  title: "Under `--names short` a name is the last segment of its path, and no two types share one.",
  covers: ["N7"],
  source: "the user's choice; rustc names types by their last segment, whatever module they are in",
  fixable: true,
  *check(state: ObjectState): Generator<Diagnostic> {
    if (state.choices.names !== "short") return;
    for (const [typeId, name] of shortNames(state)) {
      yield {
        rule: nameNotShort.id,
        severity: "note",
        message: `${label(state.btf, typeId)} is ${name} for short`,
        target: { typeId },
        ...placeOf(state.join, typeId),
        answers: [],
      };
    }
  },
};
