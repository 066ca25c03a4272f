import type { LineInfo } from "../../../src/btf/ext-model.ts";
import { parseElf } from "../../../src/elf/parse.ts";
import { openObject, stateOf } from "../../../src/object.ts";
import { type Choices, DEFAULT_CHOICES } from "../../../src/rules/choices.ts";
import type { ObjectState } from "../../../src/rules/state.ts";
import { Graph } from "../../graph.ts";
import { makeExt } from "../../object.ts";
import { assembledObject, type CodeParts } from "./assembled.ts";

/** What `.BTF` says of functions of the object, and of others. */
export interface Described {
  /** Puts types on the graph, and gives prototypes by function; a function that is not in the code has a FUNC without func_info. */
  readonly protos?: (graph: Graph) => Readonly<Record<string, number>>;
  /** Puts types on the graph when the FUNCs are there, by name. */
  readonly after?: (graph: Graph, funcs: Readonly<Record<string, number>>) => void;
  /** Linkage by name; global unless said. */
  readonly linkage?: Readonly<Record<string, number>>;
  /** Names of FUNCs that are not called as their symbols. */
  readonly names?: Readonly<Record<string, string>>;
  /** Whether each function has a line, without which cilium/ebpf reads no `.BTF.ext`. */
  readonly hasLines?: true;
  readonly choices?: Partial<Choices>;
  readonly refusedAsGiven?: boolean;
}

const lineOf = (graph: Graph, insnOff: number): LineInfo => ({
  insnOff,
  fileNameOff: graph.string("main.rs"),
  lineOff: graph.string(""),
  lineCol: 1 << 10,
});

/** An object of code, with func_info where there are prototypes. */
export function describedObject(parts: CodeParts, described: Described = {}): Uint8Array {
  const { protos, after, linkage = {}, names = {} } = described;
  const littleEndian = parts.littleEndian ?? true;
  const graph = new Graph(littleEndian);
  const { symbols, sections } = parseElf(assembledObject(parts));
  const records = new Map<string, { insnOff: number; typeId: number }[]>();
  const funcs: Record<string, number> = {};
  const made: Readonly<Record<string, number>> = protos?.(graph) ?? {};
  for (const [name, proto] of Object.entries(made)) {
    const typeId = graph.func(names[name] ?? name, proto, linkage[name] ?? 1);
    funcs[name] = typeId;
    const symbol = symbols.find((one) => one.name === name && one.section !== 0);
    if (symbol === undefined) continue;
    const section = sections[symbol.section]?.name ?? "";
    records.set(section, [...(records.get(section) ?? []), { insnOff: symbol.value, typeId }]);
  }
  after?.(graph, funcs);
  const funcInfo = [...records].map(([section, list]) => [graph.string(section), list] as const);
  const lines = funcInfo.map(([secNameOff, list]) => ({
    secNameOff,
    records: list.map(({ insnOff }) => lineOf(graph, insnOff)),
  }));
  const lineInfo = described.hasLines === true ? { recordSize: 16, sections: lines } : undefined;
  // cilium/ebpf wants the whole header, with no CO-RE records in it.
  const header = new Uint8Array(24);
  const ext = records.size === 0 ? {} : { ext: { ...makeExt(littleEndian, { funcInfo }), lineInfo, header } };
  return assembledObject({ btf: graph.finish(), ...ext, ...parts });
}

/** The state of a whole object, with what its debug info says if it has some. */
export function objectState(bytes: Uint8Array, { choices, refusedAsGiven }: Described = {}): ObjectState {
  const object = openObject(bytes);
  const state = stateOf(object, object.btf, object.ext, { ...DEFAULT_CHOICES, ...choices });
  return { ...state, refusedAsGiven: refusedAsGiven ?? state.refusedAsGiven };
}

/** The state of an object of code. */
export function codeState(parts: CodeParts, described: Described = {}): ObjectState {
  return objectState(describedObject(parts, described), described);
}
