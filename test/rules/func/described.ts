import { encodeBtf } from "../../../src/btf/encode.ts";
import { parseBtf } from "../../../src/btf/parse.ts";
import { parseElf } from "../../../src/elf/parse.ts";
import { type Choices, DEFAULT_CHOICES } from "../../../src/rules/choices.ts";
import type { ObjectState } from "../../../src/rules/state.ts";
import { Graph } from "../../graph.ts";
import { makeExt } from "../../object.ts";
import { assembledObject, type CodeParts } from "./assembled.ts";

/** What `.BTF` says of functions of the object, and of others. */
export interface Described {
  /** Makes the prototypes and gives them by function; where a function is not in the code, its FUNC has no func_info. */
  readonly protos?: (graph: Graph) => Readonly<Record<string, number>>;
  /** Linkage by name; global unless said. */
  readonly linkage?: Readonly<Record<string, number>>;
  readonly choices?: Partial<Choices>;
  readonly refusedAsGiven?: boolean;
}

/** The state of an object of code, with func_info where there are prototypes. */
export function codeState(parts: CodeParts, described: Described = {}): ObjectState {
  const { protos = () => ({}), linkage = {}, choices = {}, refusedAsGiven = false } = described;
  const littleEndian = parts.littleEndian ?? true;
  const graph = new Graph(littleEndian);
  const elf = parseElf(assembledObject(parts));
  const records = new Map<string, { insnOff: number; typeId: number }[]>();
  const made: Readonly<Record<string, number>> = protos(graph);
  for (const [name, proto] of Object.entries(made)) {
    const typeId = graph.func(name, proto, linkage[name] ?? 1);
    const symbol = elf.symbols.find((one) => one.name === name && one.section !== 0);
    if (symbol === undefined) continue;
    const section = elf.sections[symbol.section]?.name ?? "";
    records.set(section, [...(records.get(section) ?? []), { insnOff: symbol.value, typeId }]);
  }
  const funcInfo = [...records].map(([section, list]) => [graph.string(section), list] as const);
  return {
    elf,
    btf: parseBtf(encodeBtf(graph.finish())),
    ext: records.size === 0 ? undefined : makeExt(littleEndian, { funcInfo }),
    join: undefined,
    grafts: new Map(),
    refusedAsGiven,
    choices: { ...DEFAULT_CHOICES, ...choices },
  };
}
