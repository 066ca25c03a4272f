import { describe, expect } from "vitest";
import { judgeTest } from "../../judges/judge-test.ts";
import { libbpf11, libbpf17 } from "../../judges/libbpf.ts";
import { seed as testSeed } from "../../seed.ts";
import { compare } from "../loaders/campaign.ts";
import { COMPARED } from "../loaders/compared.ts";
import { CORNER_OBJECTS } from "./corner-objects.ts";

/** All of them take a minute; each run takes one in so many. */
const ONE_IN = 12;

describe.each([
  ["libbpf17", libbpf17()],
  ["libbpf11", libbpf11()],
] as const)("%s", (name, judge) => {
  judgeTest(judge)("opens or refuses the objects at the edges of its rules as we say", () => {
    const seed = testSeed();
    const loader = COMPARED[name];
    if (loader === undefined) throw new Error(`no rules play ${name}`);
    const differing = [...CORNER_OBJECTS.entries()]
      .filter(([number]) => number % ONE_IN === (seed >>> 0) % ONE_IN)
      .flatMap(([number, bytes]) => {
        const what = compare(loader, bytes, false)?.what;
        return what === undefined ? [] : [`object ${number}: ${what}`];
      });
    expect(differing, `seed ${seed}`).toEqual([]);
  });
});
