import { type BtfFuncProto, LINKAGE_GLOBAL } from "../../btf/model.ts";
import { nameText } from "../../btf/names.ts";
import { typesOfKind } from "../../btf/of-kind.ts";
import { STB_LOCAL, STV_DEFAULT } from "../../elf/model.ts";
import { cannotLoad, rejects } from "../answers.ts";
import { label, placeOf } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";
import { fitsAlone, hiddenContexts } from "./abi.ts";
import { firstArguments } from "./helper-arity.ts";
import { abiPrototypes } from "./prototype-abi.ts";
import { reachedFunctions } from "./reached.ts";
import { signatureReader } from "./signature.ts";
import { type FunctionSite, functionSites } from "./sites.ts";
import { isContext, verifiedAlone } from "./verified-alone.ts";

/** Functions that compilers call by themselves; bpf-linker exports them, and none survives being verified alone. */
const MEMORY_BUILTINS: ReadonlySet<string> = new Set(["memset", "memcpy", "memmove", "memcmp", "bcmp"]);

const EXCEPTION_CALLBACK = "exception_callback:";

/** Functions that a program names as its exception callback, by DECL_TAG: the kernel wants them global. */
function exceptionCallbacks({ btf }: ObjectState): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [, { nameOff }] of typesOfKind(btf, "declTag")) {
    const tag = nameText(btf, nameOff);
    if (tag.startsWith(EXCEPTION_CALLBACK)) names.add(tag.slice(EXCEPTION_CALLBACK.length));
  }
  return names;
}

function* globalSubprograms(state: ObjectState): Generator<FunctionSite> {
  const callbacks = exceptionCallbacks(state);
  for (const site of functionSites(state)) {
    if (site.isSubprogram && site.func.linkage === LINKAGE_GLOBAL && !callbacks.has(site.name)) yield site;
  }
}

/** libbpf makes a function static by itself if its symbol is hidden and called like the FUNC (`bpf_object__sanitize_and_load_btf`). */
function isMadeStaticByLibbpf({ symbol, name }: FunctionSite): boolean {
  return symbol !== undefined && symbol.visibility !== STV_DEFAULT && symbol.name === name;
}

function finding(state: ObjectState, rule: Rule, site: FunctionSite, why: string, text: string): Diagnostic {
  // A function that no program gets to is in no program that the kernel is given.
  const isReached = state.elf !== undefined && reachedFunctions(state.elf).has(site.offset);
  return {
    rule: rule.id,
    severity: isReached ? "error" : "note",
    message: `${label(state.btf, site.funcId)} is global, ${why}`,
    target: { typeId: site.funcId },
    ...placeOf(state.join, site.funcId),
    answers: isReached
      ? [
          isMadeStaticByLibbpf(site) ? { judge: "libbpf", answer: "repairs" } : cannotLoad(text),
          rejects("cilium/ebpf", text, { at: "load" }),
        ]
      : [],
  };
}

export const builtinGlobal: Rule = {
  id: "func/builtin-global",
  title: "memset, memcpy, memmove, memcmp and bcmp are static functions.",
  covers: ["F2b"],
  source: "kernel/bpf/verifier.c btf_check_func_arg_match; aya-obj fixup_and_sanitize does the same",
  fixable: true,
  *check(state: ObjectState): Generator<Diagnostic> {
    for (const site of globalSubprograms(state)) {
      if (!MEMORY_BUILTINS.has(site.name)) continue;
      const text = `Caller passes invalid args into func#… ('${site.name}')`;
      const built = finding(state, builtinGlobal, site, "and verified alone it refuses what its callers pass", text);
      yield built.answers.length === 0
        ? built
        : { ...built, answers: [...built.answers, { judge: "aya", answer: "repairs" }] };
    }
  },
};

/**
 * A function whose symbol is local was never meant to be verified alone. Asked only of BTF that the kernel refused as it came: where it
 * was taken, the linkage is part of what loads, and static can break a program (verified per call instead of once).
 */
export const linkageNotSymbol: Rule = {
  id: "func/linkage-not-symbol",
  title: "A FUNC is global only if its ELF symbol is.",
  covers: ["F2"],
  source: "llvm BTFDebug::processFuncPrototypes (linkage from DISubprogram, not from the symbol)",
  fixable: true,
  asksRefusal: true,
  *check(state: ObjectState): Generator<Diagnostic> {
    if (!state.refusedAsGiven) return;
    for (const site of globalSubprograms(state)) {
      const { symbol } = site;
      if (MEMORY_BUILTINS.has(site.name) || symbol === undefined) continue;
      if (symbol.binding !== STB_LOCAL && symbol.visibility === STV_DEFAULT) continue;
      yield finding(state, linkageNotSymbol, site, "but its symbol is local", "Caller passes invalid args into func#…");
    }
  },
};

/** Why a function cannot stay global, with what the verifier would say. */
interface Reason {
  readonly why: string;
  readonly text: string;
}

/** What the verifier says of numbers that it knows too little of; which words come first depends on the code. */
const UNBOUNDED = "R… unbounded memory access, make sure to bounds check any such access";

/** The registers, as a mask, that a function reads before it writes them. */
function registersRead(state: ObjectState, { symbol, offset }: FunctionSite): number | undefined {
  if (symbol === undefined) return undefined;
  return signatureReader(state)?.argumentsRead({ section: symbol.section, offset });
}

/** With the BTF refused a function was verified from its callers: what they vouch for is lost if it is verified alone. */
function reasonIfRefused(state: ObjectState, site: FunctionSite, proto: BtfFuncProto): Reason | undefined {
  if (verifiedAlone(state.btf, site.name, proto).verdict === "doubtful") {
    // Alone a pointer may be null, and a context is no memory.
    return {
      why: "and only its callers vouch for its pointers or its missing result",
      text: "Caller passes invalid args into func#…",
    };
  }
  const expected = firstArguments(proto.params.length);
  const read = registersRead(state, site);
  if (read === undefined) return undefined;
  // LLVM's dead argument elimination leaves the register of an unread argument unset in the callers, exported function or not.
  if ((read & expected) !== expected) {
    return { why: "and its callers need not set an argument that it never reads", text: "R1 is not a scalar" };
  }
  const args = proto.params.map(({ type }) => (isContext(state.btf, type) ? "context" : "given"));
  if (fitsAlone(state, site, args)) return undefined;
  return { why: "and only its callers vouch for the numbers that it takes or gives", text: UNBOUNDED };
}

function reasonOf(state: ObjectState, site: FunctionSite, proto: BtfFuncProto): Reason | undefined {
  const alone = verifiedAlone(state.btf, site.name, proto);
  if (alone.verdict === "fails") {
    return { why: "and its prototype cannot be verified alone", text: alone.text };
  }
  if (hiddenContexts(state, site, proto).length > 0) {
    return {
      why: "and is given the program's context, which its prototype does not say",
      text: `Caller passes invalid args into func#… ('${site.name}')`,
    };
  }
  const beyond = ((registersRead(state, site) ?? 0) & ~firstArguments(proto.params.length)) >>> 1;
  if (beyond !== 0) {
    const register = 32 - Math.clz32(beyond);
    return { why: "and takes more registers than its prototype has arguments", text: `R${register} !read_ok` };
  }
  return state.refusedAsGiven ? reasonIfRefused(state, site, proto) : undefined;
}

export const notVerifiableAlone: Rule = {
  id: "func/not-verifiable-alone",
  title: "A global function has a prototype that the verifier can check without its callers.",
  covers: ["F7", "R14", "KB-15", "KB-16", "KB-17"],
  source: "kernel/bpf/btf.c btf_prepare_func_args",
  fixable: true,
  asksRefusal: true,
  *check(state: ObjectState): Generator<Diagnostic> {
    // Where another prototype helps, that is the finding.
    const mendable = new Set([...abiPrototypes(state)].map(([{ funcId }]) => funcId));
    for (const site of globalSubprograms(state)) {
      if (site.proto === undefined || MEMORY_BUILTINS.has(site.name) || mendable.has(site.funcId)) continue;
      const reason = reasonOf(state, site, site.proto);
      if (reason !== undefined) yield finding(state, notVerifiableAlone, site, reason.why, reason.text);
    }
  },
};
