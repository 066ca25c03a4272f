import type { JudgeAnswer } from "../../../src/rules/rule.ts";
import { aya, cilium, closed, type MapFinding, repairs, takes, typeless, unmade } from "./map-rows.ts";

/** What the rules on maps say, and what the loaders say of it: facts and words that differ from map to map are asked for. */

export const unread: JudgeAnswer = { judge: "aya", answer: "misreads", how: "type 0 and all sizes 0" };
export const wrapped = (names: string, field: string, type: string): MapFinding => ({
  rule: "map/wrapped",
  fact: `its definition is wrapped in ${names}`,
  answers: [
    closed(`unknown field '${field}'.`, 95),
    cilium(`unrecognized field ${field} in BTF map definition`),
    unread,
  ],
  type,
});
export const conflict = (fact: string, field: string, size: number, given: number): MapFinding => ({
  rule: "map/value-size-conflict",
  fact,
  answers: [
    closed(`conflicting ${field} size ${size} != ${given}.`),
    cilium(`both ${field} and ${field}_size given`),
    takes("aya"),
  ],
});
export const onRing = (field: string): MapFinding => ({
  rule: "map/value-on-ringbuf",
  fact: `a ringbuf map has no ${field}`,
  answers: [unmade, repairs("cilium/ebpf"), repairs("aya")],
});
export const redundant = (fact: string, field: string): MapFinding => ({
  rule: "map/redundant-size",
  severity: "warning",
  fact,
  answers: [takes("libbpf"), cilium(`both ${field} and ${field}_size given`)],
});
export const contradicts = (fact: string, field: string): MapFinding => ({
  rule: "map/size-contradiction",
  fact,
  answers: [closed(`conflicting ${field} size`)],
});
export const noKey = (kind: string): MapFinding => ({
  rule: "map/key-zero-size",
  fact: `key has no size, and a ${kind} map has no key`,
  answers: [typeless, repairs("aya")],
});
/** libbpf keeps the types of such kinds to itself. */
export const keyUnasked = (kind: string): MapFinding => ({
  ...noKey(kind),
  severity: "note",
  answers: [takes("libbpf"), repairs("aya")],
});
export const sizeless = (field: string): MapFinding => ({
  rule: "map/key-without-size",
  fact: `${field} points at a type without size`,
  answers: [closed(`can't determine ${field} size for type`)],
});
export const notInt = (key: string, kind: string): MapFinding => ({
  rule: "map/key-not-int",
  fact: `key is ${key}, and the kernel wants an INT as key of kind ${kind}`,
  answers: [typeless],
});
export const notArray = (of: string, what: string): MapFinding => ({
  rule: "map/values-not-array",
  fact: `values is not an empty array of pointers to ${of}`,
  answers: [closed(`${what} spec is not a zero-sized array.`)],
});
export const innerFault = (fact: string): MapFinding => ({
  rule: "map/inner-definition",
  fact: `in its inner map, ${fact}`,
  answers: [
    { judge: "libbpf", answer: "rejects", text: "map 'MAP.inner': …", at: "open" },
    cilium("can't parse BTF map definition of inner map"),
  ],
});
export const extra = (rule: string, severity: "warning" | "note", fact: string): MapFinding => ({
  rule,
  severity,
  fact,
  answers: [
    {
      judge: "libbpf",
      answer: "rejects",
      text: "map 'MAP': attr 'map_extra': expected PTR, got",
      how: "before 1.2",
      at: "open",
    },
    aya("unexpected BTF type"),
  ],
});
export const empty = (field: string): MapFinding => ({
  rule: "map/empty-member",
  fact: `its member ${field} has no size and is no map attribute`,
  answers: [
    { judge: "libbpf", answer: "rejects", text: `map 'MAP': unknown field '${field}'.` },
    { judge: "cilium/ebpf", answer: "rejects", text: `unrecognized field ${field} in BTF map definition` },
  ],
});
export const unknown = (field: string): MapFinding => ({
  rule: "map/not-a-definition",
  fact: `its member ${field} is no map attribute, or not in the form of one`,
  answers: [closed(`unknown field '${field}'.`, 95)],
});
export const nothing = (text: string, type: string, errno = 95): MapFinding => ({
  rule: "map/not-a-definition",
  fact: "no definition with a member `type` lies behind it",
  answers: [closed(text, errno)],
  type,
});
export const programKey: MapFinding = {
  rule: "map/prog-array-key",
  severity: "warning",
  fact: "a prog_array with values has a key type but no value type",
  answers: [typeless],
};
export const declared: MapFinding = {
  rule: "map/inner-incomplete",
  fact: "its inner map is only declared",
  answers: [closed("map-in-map inner def is of unexpected kind fwd.")],
};
export const kind = (type: number, refused: JudgeAnswer = unmade): MapFinding => ({
  rule: "map/unknown-type",
  fact: `its type is ${type}, and kernels up to 7.3 have types from 1 to 35`,
  answers: [{ judge: "kernel", answer: "rejects", how: "BPF_MAP_CREATE gives EINVAL" }, refused],
  help: "for a newer kernel leave this rule out: --skip map/unknown-type",
});
