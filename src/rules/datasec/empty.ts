import type { BtfDatasec } from "../../btf/model.ts";
import { linkageNotSymbol, notVerifiableAlone } from "../func/linkage.ts";
import { label } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";
import { placedDatasecs } from "./entries.ts";
import { placement } from "./placed.ts";

/** Sections of which every variable is something that libbpf makes: a map, a table of functions. */
const DEFINITIONS = /^(\.maps|\??\.struct_ops(\..*)?)$/;

/** A DATASEC without entries, and the bytes of its section. */
export interface EmptyDatasec {
  readonly typeId: number;
  readonly datasec: BtfDatasec;
  readonly size: number;
}

/** The DATASECs without entries, but those of sections that the file does not have, or more than once. */
export function* emptyDatasecs(state: ObjectState): Generator<EmptyDatasec> {
  const { elf } = state;
  // A blob without its object is for one kernel, and that may well be a newer one.
  if (elf === undefined) return;
  for (const [typeId, datasec, name] of placedDatasecs(state.btf)) {
    if (datasec.entries.length > 0 || DEFINITIONS.test(name)) continue;
    const size = placement(state, elf, datasec, name)?.size;
    if (size !== undefined) yield { typeId, datasec, size };
  }
}

/**
 * Whether some function would be refused if the BTF were taken. A kernel that alone refuses the BTF has verified each from its callers until
 * then.
 */
function needsCallers(state: ObjectState): boolean {
  const refused = { ...state, refusedAsGiven: true };
  return [notVerifiableAlone, linkageNotSymbol].some((rule) =>
    [...rule.check(refused)].some(({ severity }) => severity === "error"),
  );
}

const KEPT = "left as it is: with its BTF, 5.10 would verify global functions without their callers, and refuse one";

export const emptyDatasec: Rule = {
  id: "datasec/empty",
  title: "A DATASEC lists at least one variable.",
  covers: ["KD-02"],
  source: "kernel/bpf/btf.c btf_datasec_check_meta of 5.10; llvm BTFDebug::processGlobals (constants without names)",
  fixable: true,
  asksRefusal: true,
  *check(state: ObjectState): Generator<Diagnostic> {
    const found = [...emptyDatasecs(state)];
    // Where the newest kernel refuses the BTF too, such functions are made static before.
    const isKept = found.length > 0 && !state.refusedAsGiven && needsCallers(state);
    for (const { typeId } of found) {
      yield {
        rule: emptyDatasec.id,
        severity: "warning",
        message: `${label(state.btf, typeId)} lists no variable: its bytes have no names`,
        target: { typeId },
        answers: [{ judge: "kernel", answer: "drops the BTF", text: "vlen == 0", versions: "5.10" }],
        ...(isKept ? { help: KEPT } : {}),
      };
    }
  },
};
