import { KIND_NUMBER } from "../../btf/model.ts";
import type { Subject } from "./subject.ts";

const CONTAINS = "contains:";
/** Longer than any name that a struct or member can have. */
export const LONGEST_TAG = 2048;

/** What DECL_TAGs say after `contains:` by the member that they tag, and the first STRUCT of each name; made once for a blob. */
export interface Named {
  readonly contains: ReadonlyMap<string, readonly string[]>;
  readonly structs: ReadonlyMap<string, number>;
  /** Types with such a DECL_TAG that is itself at fault. */
  readonly doubtful: ReadonlySet<number>;
}

const { struct, declTag } = KIND_NUMBER;

const named = new WeakMap<Subject, Named>();

/** Made when it is first asked for. */
export function namesOf(subject: Subject): Named {
  const known = named.get(subject);
  if (known !== undefined) return known;
  const contains = new Map<string, string[]>();
  const structs = new Map<string, number>();
  const doubtful = new Set<number>();
  for (let id = 1; id < subject.count; id++) {
    const kind = subject.kind(id);
    if (kind !== declTag && kind !== struct) continue;
    const at = subject.at(id);
    const text = subject.string(subject.nameOff(at), LONGEST_TAG);
    if (kind === struct) {
      // An anonymous one is called "".
      if (!structs.has(text)) structs.set(text, id);
    } else if (text.startsWith(CONTAINS)) {
      if (subject.isTold(id)) doubtful.add(subject.word(at));
      const key = `${subject.word(at)} ${subject.i32(subject.tail(at))}`;
      const tags = contains.get(key);
      if (tags === undefined) contains.set(key, [text.slice(CONTAINS.length)]);
      else tags.push(text.slice(CONTAINS.length));
    }
  }
  const made = { contains, structs, doubtful };
  named.set(subject, made);
  return made;
}
