import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { openObject, stateOf } from "../../src/object.ts";
import { allRules } from "../../src/rules/index.ts";
import { allObjects } from "../../tools/scoreboard/objects.ts";

/** Of each kind of object some: a rule that asks does so for any of a few functions or maps. */
const EVERY = 2;

test("rules that look at refusedAsGiven say so, and no others do", () => {
  const asking = new Set<string>();
  for (const { path } of allObjects().filter((_, index) => index % EVERY === 0)) {
    const object = openObject(new Uint8Array(readFileSync(path)));
    for (const rule of allRules) {
      const { refusedAsGiven, ...rest } = stateOf(object, object.btf, object.ext);
      // Not enumerable: who copies a state to change it does not look.
      const state = Object.defineProperty(rest, "refusedAsGiven", {
        get() {
          asking.add(rule.id);
          return refusedAsGiven;
        },
      });
      for (const _ of rule.check(state as ReturnType<typeof stateOf>));
    }
  }
  expect([...asking].sort()).toEqual(
    allRules
      .filter(({ asksRefusal }) => asksRefusal)
      .map(({ id }) => id)
      .sort(),
  );
});
