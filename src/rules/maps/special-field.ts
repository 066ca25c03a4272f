import { type Btf, typeById } from "../../btf/model.ts";
import { nameText } from "../../btf/names.ts";
import { skipModifiers } from "../../btf/walk.ts";
import { type ElfView, SHF_EXECINSTR } from "../../elf/model.ts";
import { relocationsOf } from "../../elf/relocations.ts";
import type { ExaminedMap } from "../../maps/examine.ts";
import { mapKind } from "../../maps/kinds.ts";
import { typeFieldOf } from "../../maps/read.ts";
import { cannotLoad, rejects } from "../answers.ts";
import type { Rule } from "../rule.ts";
import { eachMap, type MapFact } from "./findings.ts";

/** What the kernel takes for more than a struct once a map's value has a type (kernel/bpf/btf.c `btf_parse_fields`), by name and size. */
const SPECIAL: Readonly<Record<string, number>> = {
  bpf_spin_lock: 4,
  bpf_res_spin_lock: 4,
  bpf_timer: 16,
  bpf_wq: 16,
  bpf_list_head: 16,
  bpf_rb_root: 16,
};

/** `enum bpf_map_type` of the kinds that may hold one (`map_check_btf`): hash, rhash, array and, for locks, the storages; else lru_hash too. */
const LOCK_KINDS: ReadonlySet<number> = new Set([1, 2, 19, 24, 28, 29, 32, 35]);
const OTHER_KINDS: ReadonlySet<number> = new Set([1, 2, 9, 35]);

/** Section prefixes of the program types that may not use such a map (`is_tracing_prog_type`). */
const TRACING =
  /^\??(k(ret)?probe|u(ret)?probe|ksyscall|kretsyscall|usdt|tracepoint|tp|perf_event|raw_tp|raw_tracepoint)\b/;

/** Section prefix of socket filters, which may not use a lock. */
const SOCKET_FILTER = /^\??socket\b/;

/** Records and arrays that are looked into by value; a real value nests a handful. */
const MAX_TYPES = 4096;

/** The first special field that a value of this type holds. */
function specialField(btf: Btf, typeId: number): string | undefined {
  const waiting = [typeId];
  for (let looked = 0; waiting.length > 0 && looked < MAX_TYPES; looked++) {
    const type = typeById(btf, skipModifiers(btf, waiting.pop() ?? 0));
    if (type?.kind === "array") waiting.push(type.type);
    if (type?.kind !== "struct" && type?.kind !== "union") continue;
    const name = nameText(btf, type.nameOff);
    if (type.kind === "struct" && SPECIAL[name] === type.size) return name;
    waiting.push(...type.members.map((member) => member.type));
  }
  return undefined;
}

/** The section of such a program from which, or from whose functions in `.text`, the map's symbol is used. */
function userOf(elf: ElfView, symbol: number | undefined, programs: RegExp): string | undefined {
  const code = elf.sections.filter(({ flags }) => (flags & SHF_EXECINSTR) !== 0);
  const program = code.find(({ name }) => programs.test(name));
  if (program === undefined) return undefined;
  const users = code.filter(({ index }) => relocationsOf(elf, index).some((entry) => entry.symbol === symbol));
  return (
    users.find(({ name }) => programs.test(name))?.name ??
    (users.some(({ name }) => name === ".text") ? program.name : undefined)
  );
}

/** A field that keeps a map, or a program that uses it, from loading once the types are there: what holds, and what the kernel says. */
export interface BarredField {
  readonly fact: string;
  /** The verifier's words on a program; undefined where the map itself is refused. */
  readonly text: string | undefined;
}

/** Whether a map of this type may hold values of a type of `btf`; `symbol` is the map's, by which code names it. */
export function barredField(
  elf: ElfView,
  map: { readonly btf: Btf; readonly valueId: number; readonly type: number; readonly symbol: number | undefined },
): BarredField | undefined {
  const field = specialField(map.btf, map.valueId);
  if (field === undefined) return undefined;
  const kinds = field.endsWith("spin_lock") ? LOCK_KINDS : OTHER_KINDS;
  if (!kinds.has(map.type)) {
    const kind = mapKind(map.type).name;
    return { fact: `its value holds a ${field}, which the kernel takes in no ${kind} map with types`, text: undefined };
  }
  const user = userOf(elf, map.symbol, TRACING);
  if (user !== undefined) {
    const text = `tracing progs cannot use ${field} yet`;
    return { fact: `its value holds a ${field}, and ${user} is a tracing program`, text };
  }
  const filter = field.endsWith("spin_lock") ? userOf(elf, map.symbol, SOCKET_FILTER) : undefined;
  if (filter === undefined) return undefined;
  const text = "socket filter progs cannot use bpf_spin_lock yet";
  return { fact: `its value holds a ${field}, and ${filter} is a socket filter`, text };
}

function factOf(elf: ElfView, { site, own }: ExaminedMap): MapFact | undefined {
  const value = own === undefined ? undefined : typeFieldOf(own.fields, "value");
  if (own === undefined || value === undefined) return undefined;
  const barred = barredField(elf, {
    btf: own.btf,
    valueId: value.pointee,
    type: own.attributes.type ?? 0,
    symbol: site.symbol?.index,
  });
  if (barred === undefined) return undefined;
  const { fact, text } = barred;
  if (text !== undefined) return { fact, answers: [rejects("kernel", text), cannotLoad(text)] };
  return {
    fact,
    answers: [rejects("kernel", "BPF_MAP_CREATE: EOPNOTSUPP"), rejects("aya", "BPF_MAP_CREATE: EOPNOTSUPP")],
  };
}

/**
 * Asked only of BTF that the kernel refuses as it came: such an object loads, because nobody sees the field, and would not once its
 * types are there. Where the BTF is taken already, the program has had to live with it.
 */
export const specialFieldBarred: Rule = {
  id: "map/special-field-barred",
  title: "A value with a lock, a timer or a list stands in a map, and in programs, that may have one.",
  covers: ["KZ-01", "KC-30"],
  source: "kernel/bpf/syscall.c map_check_btf; kernel/bpf/verifier.c check_map_prog_compatibility",
  fixable: false,
  asksRefusal: true,
  check: (state) =>
    eachMap(state, specialFieldBarred, function* (map): Generator<MapFact> {
      const fact = state.refusedAsGiven && state.elf !== undefined ? factOf(state.elf, map) : undefined;
      if (fact !== undefined) yield { ...fact, help: "rename the struct, or use the map as the kernel wants it" };
    }),
};
