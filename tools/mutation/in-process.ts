import { chai, JestAsymmetricMatchers, JestChaiExpect, JestExtend } from "@vitest/expect";
import fc from "fast-check";

/*
 * What tests import from "vitest" when they are bundled for mutants: they are collected, and run one by one in the same process, any number
 * of times. Only what the tests of src/rules use is there.
 */

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

// Each run draws the same.
fc.configureGlobal({ seed: 1 });

/** vitest's own assertions. */
export const expect: typeof chai.expect = chai.expect;

type Body = (...values: never[]) => unknown;

/** A test that was found, named by where it stands. */
export interface Collected {
  readonly name: string;
  run(): unknown;
}

/** Every test of the modules that were evaluated so far. */
export const collected: Collected[] = [];

/** What is to be done before the first test. */
export const beginnings: (() => unknown)[] = [];

let path: readonly string[] = [];

/** printf's and vitest's ways to name a row of a table. */
function titled(name: string, row: readonly unknown[]): string {
  const [first] = row;
  let next = 0;
  return name
    .replace(/%[sdifjo]/g, () => String(row[next++]))
    .replace(/\$(\w+)/g, (_, key: string) => String((first as Record<string, unknown> | undefined)?.[key]));
}

function each<Result>(add: (name: string, body: Body) => Result) {
  return (table: readonly unknown[]) =>
    (name: string, body: (...row: unknown[]) => unknown): void => {
      for (const entry of table) {
        const row = Array.isArray(entry) ? entry : [entry];
        add(titled(name, row), () => body(...row));
      }
    };
}

function addTest(name: string, body: Body): void {
  const full = [...path, name].join(" > ");
  collected.push({ name: `${collected.length} ${full}`, run: body as () => unknown });
}

function addSuite(name: string, body: Body): void {
  const before = path;
  path = [...path, name];
  (body as () => void)();
  path = before;
}

const nothing = (): void => undefined;

export const test = Object.assign(addTest, {
  each: each(addTest),
  skip: nothing,
  skipIf: (isSkipped: boolean) => (isSkipped ? nothing : addTest),
});
export const describe = Object.assign(addSuite, { each: each(addSuite), skip: nothing });
/** Is done when the tests are collected, which are all to run. */
export const beforeAll = (body: Body): void => {
  beginnings.push(body as () => unknown);
};
/** Nothing is at an end before the process is. */
export const afterAll: (body: Body) => void = nothing;
