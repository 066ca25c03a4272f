import { lastMapType } from "../../maps/kinds.ts";
import { cannotLoad, cannotOpen } from "../answers.ts";
import type { Rule } from "../rule.ts";
import { eachMap, type MapFact } from "./findings.ts";

export const unknownMapType: Rule = {
  id: "map/unknown-type",
  title: "A map's type is one that a kernel has.",
  covers: ["KC-05"],
  source: "kernel/bpf/syscall.c map_create (find_and_alloc_map before 6.4)",
  fixable: false,
  check: (state) =>
    eachMap(state, unknownMapType, function* ({ site, own, lowered }): Generator<MapFact> {
      // DWARF leads: what BTF says may be scrambled, and is then written anew.
      const type = (lowered ?? own)?.attributes.type ?? undefined;
      if (type === undefined || (type > 0 && type <= lastMapType())) return;
      yield {
        fact: `its type is ${type}, and kernels up to 7.3 have types from 1 to ${lastMapType()}`,
        answers: [
          { judge: "kernel", answer: "rejects", how: "BPF_MAP_CREATE gives EINVAL" },
          type === 0
            ? cannotOpen(`map '${site.name}': map type isn't specified.`)
            : cannotLoad(`map '${site.name}': failed to create: -EINVAL`),
        ],
        help: "for a newer kernel leave this rule out: --skip map/unknown-type",
      };
    }),
};
