import { BtfBuilder } from "../btf/builder.ts";
import { nameNotShort, shortNames } from "../rules/btf/short-names.ts";
import type { Diagnostic } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";
import { coreTypes } from "./access.ts";
import { counted, type Fix, type FixStep } from "./fix.ts";

/** N7, `--names short`. Types that CO-RE matches by name keep theirs. */
export const shortenNames: Fix = {
  rules: [nameNotShort],
  summary: (count) => `${counted(count, "name")} shortened`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const kept = coreTypes(state.btf, state.ext);
    const names = shortNames(state);
    const done = findings.map(({ target: { typeId = 0 } }) => {
      const type = builder.get(typeId);
      const name = names.get(typeId);
      if (type === undefined || name === undefined || kept.has(typeId)) return undefined;
      builder.replace(typeId, { ...type, nameOff: builder.string(name) });
      return `named it ${name}`;
    });
    return { state: { ...state, btf: builder.finish() }, done };
  },
};
