import { type Btf, typeById } from "../../btf/model.ts";
import { nameText } from "../../btf/names.ts";
import { skipModifiers } from "../../btf/walk.ts";
import { UINT_FIELDS } from "../../maps/definition.ts";
import { type ExaminedMap, witnessesAgree } from "../../maps/examine.ts";
import type { Deviation, DeviationKind } from "../../maps/require.ts";
import { accepts, cannotLoad, cannotOpen, EOPNOTSUPP, rejects } from "../answers.ts";
import type { JudgeAnswer, Rule, Severity } from "../rule.ts";
import type { ObjectState } from "../state.ts";
import { eachMap, type MapFact, sourceName } from "./findings.ts";

/** A rule about one kind of deviation from the required form. */
function deviationRule(
  kind: DeviationKind,
  head: Omit<Rule, "check" | "fixable">,
  answers: (name: string, deviation: Deviation, kind: string) => readonly JudgeAnswer[],
  severity: (kind: string) => Severity = () => "error",
): Rule {
  const rule: Rule = {
    ...head,
    fixable: true,
    check: (state) =>
      eachMap(state, rule, function* (map): Generator<MapFact> {
        if (map.own === undefined) return;
        const { required } = map.own;
        for (const deviation of required.deviations) {
          if (deviation.kind !== kind) continue;
          const { name } = required.kind;
          yield {
            fact: deviation.fact,
            answers: answers(map.site.name, deviation, name),
            severity: severity(name),
          };
        }
      }),
  };
  return rule;
}

export const valueSizeConflict: Rule = deviationRule(
  "value-size-conflict",
  {
    id: "map/value-size-conflict",
    title: "A ring buffer does not give a value type and a value_size beside it.",
    covers: ["M2", "LM-14"],
    source: "libbpf parse_btf_map_def; aya-ebpf up to 0.2 writes both",
  },
  (name, { fact, field }) => {
    const [, size, given] = /\((\d+) bytes\) but \w+ is (\d+)/.exec(fact) ?? [];
    return [
      cannotOpen(`map '${name}': conflicting ${field.name} size ${size} != ${given}.`),
      rejects("cilium/ebpf", `both ${field.name} and ${field.name}_size given`, { at: "open" }),
      accepts("aya"),
    ];
  },
);

export const valueOnRingbuf: Rule = deviationRule(
  "value-on-ringbuf",
  {
    id: "map/value-on-ringbuf",
    title: "A ring buffer has neither key nor value, as types or as sizes.",
    covers: ["M2b", "KC-11", "KC-12"],
    source: "kernel/bpf/ringbuf.c ringbuf_map_alloc (key_size and value_size must be 0)",
  },
  (name) => [
    cannotLoad(`map '${name}': failed to create: -EINVAL`),
    { judge: "cilium/ebpf", answer: "repairs" },
    { judge: "aya", answer: "repairs" },
  ],
);

export const sizeContradiction: Rule = {
  ...deviationRule(
    "size-contradiction",
    {
      id: "map/size-contradiction",
      title: "A size that a definition gives beside a type is the size of that type.",
      covers: ["LM-14"],
      source: "libbpf parse_btf_map_def",
    },
    (name, { field }) => [cannotOpen(`map '${name}': conflicting ${field.name.replace("_size", "")} size`)],
  ),
  fixable: false,
};

export const redundantSize: Rule = deviationRule(
  "redundant-size",
  {
    id: "map/redundant-size",
    title: "A definition gives a type or its size, not both.",
    covers: ["LM-14"],
    source: "cilium/ebpf mapSpecFromBTF",
  },
  (_, { field }) => [
    accepts("libbpf"),
    rejects("cilium/ebpf", `both ${field.name.replace("_size", "")} and ${field.name} given`, { at: "open" }),
  ],
  () => "warning",
);

/** Kinds without keys of which libbpf says nothing of types to the kernel (`bpf_object__create_map`); the kernel would take those of a queue. */
const WITHOUT_IDS: ReadonlySet<string> = new Set(["queue", "stack", "arena"]);

/** The kernel refuses the map's types, and libbpf makes it without them. */
function retries(name: string): JudgeAnswer {
  const text = `Error in bpf_create_map_xattr(${name}): -EINVAL. Retrying without BTF.`;
  return { judge: "libbpf", answer: "drops the map's types", text };
}

export const keyZeroSize: Rule = deviationRule(
  "key-zero-size",
  {
    id: "map/key-zero-size",
    title: "A map without keys names no key type; aya writes `()`.",
    covers: ["M3", "KC-24", "KC-28"],
    source: "kernel/bpf/syscall.c map_check_btf",
  },
  (name, _, kind) => [WITHOUT_IDS.has(kind) ? accepts("libbpf") : retries(name), { judge: "aya", answer: "repairs" }],
  (kind) => (WITHOUT_IDS.has(kind) ? "note" : "error"),
);

export const keyWithoutSize: Rule = deviationRule(
  "key-without-size",
  {
    id: "map/key-without-size",
    title: "Key and value types have a size.",
    covers: ["M4", "LM-13"],
    source: "libbpf parse_btf_map_def (btf__resolve_size)",
  },
  (name, { field }) => [cannotOpen(`map '${name}': can't determine ${field.name} size for type`)],
);

function enumExtra(name: string): readonly JudgeAnswer[] {
  const text = `map '${name}': attr 'map_extra': expected PTR, got`;
  return [
    { judge: "libbpf", answer: "rejects", text, how: "before 1.2", at: "open" },
    rejects("aya", "unexpected BTF type", { at: "open" }),
  ];
}

export const extraAsEnum: Rule = deviationRule(
  "extra-as-enum",
  {
    id: "map/extra-as-enum",
    title: "A map_extra that fits into 32 bits is the length of an array, as other integers are.",
    covers: ["M7"],
    source: "libbpf parse_btf_map_def (get_map_field_long since 1.2); aya-obj BtfMapDef",
  },
  enumExtra,
  () => "warning",
);

/** Not the definition's fault: there is no other way to write it. */
export const extraTooLarge: Rule = {
  ...deviationRule(
    "extra-too-large",
    {
      id: "map/extra-too-large",
      title: "A map_extra of more than 32 bits is taken by newer loaders alone.",
      covers: ["M7"],
      source: "libbpf parse_btf_map_def (get_map_field_long since 1.2); aya-obj BtfMapDef",
    },
    enumExtra,
    () => "note",
  ),
  fixable: false,
};

export const progArrayKey: Rule = deviationRule(
  "prog-array-key",
  {
    id: "map/prog-array-key",
    title: "A PROG_ARRAY with `values` gives its key as key_size.",
    covers: ["M5", "KC-01"],
    source: "kernel/bpf/syscall.c map_check_btf (a key id without a value id)",
  },
  (name) => [retries(name)],
  () => "warning",
);

export const keyNotInt: Rule = deviationRule(
  "key-not-int",
  {
    id: "map/key-not-int",
    title: "The key of an array map and of local storage is a 32-bit INT.",
    covers: ["M3", "KC-28"],
    source: "kernel/bpf/arraymap.c array_map_check_btf; kernel/bpf/bpf_local_storage.c bpf_local_storage_map_check_btf",
  },
  (name) => [retries(name)],
);

export const valuesNotArray: Rule = deviationRule(
  "values-not-array",
  {
    id: "map/values-not-array",
    title: "`values` is a zero-length array of pointers.",
    covers: ["M6", "LM-18"],
    source: "libbpf parse_btf_map_def",
  },
  (name, _, kind) => {
    const what = kind === "prog_array" ? "prog-array value" : "map-in-map inner";
    return [cannotOpen(`map '${name}': ${what} spec is not a zero-sized array.`)];
  },
);

export const emptyMember: Rule = deviationRule(
  "empty-member",
  {
    id: "map/empty-member",
    title: "A definition has no members without size beside the attributes, such as PhantomData.",
    covers: ["LM-23"],
    source: "libbpf parse_btf_map_def; cilium/ebpf mapSpecFromBTF",
  },
  (name, { field }) => [
    rejects("libbpf", `map '${name}': unknown field '${field.name}'.`),
    rejects("cilium/ebpf", `unrecognized field ${field.name} in BTF map definition`),
  ],
);

export const innerDeviates: Rule = deviationRule(
  "inner-definition",
  {
    id: "map/inner-definition",
    title: "The definition of an inner map is one that loaders take, like that of any map.",
    covers: ["M6", "LM-19"],
    source: "libbpf parse_btf_map_def (inner)",
  },
  (name) => [
    // Which errno it is depends on what is wrong with it.
    rejects("libbpf", `map '${name}.inner': …`, { at: "open" }),
    rejects("cilium/ebpf", "can't parse BTF map definition of inner map", { at: "open" }),
  ],
);

/** The first member's name, "" if there is none; undefined where the type is no STRUCT. */
function firstField(btf: Btf, typeId: number): string | undefined {
  const type = typeById(btf, skipModifiers(btf, typeId));
  return type?.kind === "struct"
    ? type.members
        .slice(0, 1)
        .map(({ nameOff }) => nameText(btf, nameOff))
        .join()
    : undefined;
}

/** libbpf's refusal of a VAR that leads to no definition: of another kind, or a STRUCT that it takes for one. */
function noDefinition({ btf }: ObjectState, name: string, typeId: number): JudgeAnswer {
  const field = firstField(btf, typeId);
  if (field === undefined) return cannotOpen(`map '${name}': unexpected def kind var.`);
  if (field === "") return cannotOpen(`map '${name}': map type isn't specified.`);
  return cannotOpen(`map '${name}': unknown field '${field}'.`, EOPNOTSUPP);
}

export const wrapped: Rule = {
  id: "map/wrapped",
  title: "A map's VAR leads to the definition itself, not to a newtype around it.",
  covers: ["M1", "LM-23", "R17"],
  source: "libbpf parse_btf_map_def",
  fixable: true,
  check: (state) =>
    eachMap(state, wrapped, function* ({ site, own }): Generator<MapFact> {
      const wrappers = own?.unwrapped.wrappers ?? [];
      const [outer] = wrappers;
      if (outer === undefined) return;
      const field = firstField(state.btf, outer);
      const unread =
        field === undefined ? "expected struct, got Union" : `unrecognized field ${field} in BTF map definition`;
      yield {
        fact: `its definition is wrapped in ${wrappers.map((id) => sourceName(state, id)).join(", ")}`,
        answers: [
          noDefinition(state, site.name, outer),
          rejects("cilium/ebpf", unread, { at: "open" }),
          { judge: "aya", answer: "misreads", how: "type 0 and all sizes 0" },
        ],
      };
    }),
};

/** The FWDs among the pointees of an inner map's definition. */
function innerIsIncomplete(state: ObjectState, map: ExaminedMap): boolean {
  const values = map.own?.fields.find((field) => field.kind === "values");
  return values?.kind === "values" && typeById(state.btf, values.element)?.kind === "fwd";
}

export const innerIncomplete: Rule = {
  id: "map/inner-incomplete",
  title: "The definition of an inner map is there in full.",
  covers: ["M6", "LM-19"],
  source: "libbpf parse_btf_map_def; llvm BTFDebug::visitMapDefType before 22",
  fixable: true,
  check: (state) =>
    eachMap(state, innerIncomplete, function* (map): Generator<MapFact> {
      if (!innerIsIncomplete(state, map)) return;
      yield {
        fact: "its inner map is only declared",
        answers: [cannotOpen(`map '${map.site.name}': map-in-map inner def is of unexpected kind fwd.`)],
      };
    }),
};

/** Nobody compares BTF with the source: the map is made as BTF has it. */
const OTHER_MAP: readonly JudgeAnswer[] = (["libbpf", "cilium/ebpf", "aya"] as const).map((judge) => ({
  judge,
  answer: "misreads",
  how: "the map is made as BTF defines it",
}));

export const definitionDiffers: Rule = {
  id: "map/definition-differs",
  title: "The definition in BTF is the one of the source.",
  covers: ["LM-05", "M4"],
  source: "libbpf parse_btf_map_def against DWARF",
  fixable: true,
  check: (state) =>
    eachMap(state, definitionDiffers, function* (map): Generator<MapFact> {
      const { own, lowered, variable, site } = map;
      if (lowered === undefined || variable === undefined || witnessesAgree(map)) return;
      // A type without size is the whole difference, and told by its own rule.
      if (own?.required.deviations.some(({ kind }) => kind === "key-without-size")) return;
      yield own === undefined
        ? { fact: "its VAR leads to no map definition", answers: [noDefinition(state, site.name, variable.type)] }
        : { fact: "BTF and DWARF define it differently", answers: OTHER_MAP };
    }),
};

/** libbpf's refusal of a member that it does not know, or not so: an integer is a PTR to an ARRAY, a type is behind a PTR. */
function unreadMember(map: string, member: string): JudgeAnswer {
  if (member === "key" || member === "value") return cannotOpen(`map '${map}': ${member} spec is not PTR`);
  if (UINT_FIELDS.some((name) => name === member)) return cannotOpen(`map '${map}': attr '${member}': expected`);
  return cannotOpen(`map '${map}': unknown field '${member}'.`, EOPNOTSUPP);
}

export const notADefinition: Rule = {
  id: "map/not-a-definition",
  title: "A variable in .maps is a map definition whose every field the loaders know.",
  covers: ["LM-05", "LM-23", "LM-25"],
  source: "libbpf parse_btf_map_def",
  fixable: false,
  check: (state) =>
    eachMap(state, notADefinition, function* ({ site, own, lowered, variable }): Generator<MapFact> {
      if (variable === undefined || (own === undefined && lowered !== undefined)) return;
      if (own === undefined) {
        yield {
          fact: "no definition with a member `type` lies behind it",
          answers: [noDefinition(state, site.name, variable.type)],
        };
        return;
      }
      for (const field of own.fields) {
        const isDropped = own.required.deviations.some((deviation) => deviation.field === field);
        if (field.kind !== "unknown" || isDropped) continue;
        yield {
          fact: `its member ${field.name} is no map attribute, or not in the form of one`,
          answers: [unreadMember(site.name, field.name)],
        };
      }
    }),
};
