import type { Diagnostic } from "../../../src/rules/rule.ts";
import { Graph, type MemberDraft } from "../../graph.ts";
import { placeOfDie } from "./state.ts";
import type { TwinRow } from "./twins.ts";

/** Puts a type on a graph. */
export type Make = (g: Graph) => number;

/** Own: `target` and behind it a record Val that leads there; lowered: the same with the true one. Val is paired with Val, nothing else. */
export interface Bound {
  readonly about: string;
  readonly own: Make;
  readonly lowered: Make;
  /** What Val's member is of, from its target. */
  readonly ownLink?: (g: Graph, target: number) => number;
  readonly loweredLink?: (g: Graph, target: number) => number;
  readonly ownMembers?: (link: number) => readonly MemberDraft[];
  readonly loweredMembers?: (link: number) => readonly MemberDraft[];
  /** Pairs besides that of the records. */
  readonly pairs?: (link: number) => Readonly<Record<number, number>>;
  readonly kinds?: readonly ["struct" | "union", "struct" | "union"];
  /** The reference that is told, from the link's id, and the kind of what it leads to; nothing is found without. */
  readonly leads?: { readonly to: string; readonly from?: string; readonly at?: (link: number) => number };
}

const pointer = (g: Graph, target: number): number => g.ptr(target);
const one = (link: number): readonly MemberDraft[] => [["p", link, 0]];

/** The row of such a record. */
export function bound({ about, own, lowered, leads, ...given }: Bound): TwinRow {
  const { ownLink = pointer, loweredLink = ownLink, kinds = ["struct", "struct"] } = given;
  const { ownMembers = one, loweredMembers = ownMembers } = given;
  const makeOwn = (g: Graph): { readonly target: number; readonly link: number; readonly record: number } => {
    const target = own(g);
    const link = ownLink(g, target);
    return { target, link, record: g.struct("Val", 64, ownMembers(link), kinds[0]) };
  };
  const makeLowered = (g: Graph): { readonly target: number; readonly record: number } => {
    // No type has the same id on both sides.
    g.fwd("First");
    g.fwd("Second");
    const target = lowered(g);
    return { target, record: g.struct("Val", 64, loweredMembers(loweredLink(g, target)), kinds[1]) };
  };
  const { target, link, record } = makeOwn(new Graph());
  const twin = makeLowered(new Graph());
  const at = leads?.at?.(link) ?? link;
  const told = `${leads?.from ?? "PTR"} [${at}] leads to ${leads?.to} [${target}]`;
  const finding: Diagnostic = {
    rule: "btf/bound-by-name",
    severity: "warning",
    message: `${told}, another type of the same name than in the source`,
    target: { typeId: at },
    place: placeOfDie(twin.target),
    answers: [],
    help: "`btf-fix` points it at the type that DWARF gives",
  };
  const twins = { own: makeOwn, lowered: makeLowered, pairs: { [record]: twin.record, ...given.pairs?.(link) } };
  return { about, twins, finds: leads === undefined ? [] : [finding] };
}
