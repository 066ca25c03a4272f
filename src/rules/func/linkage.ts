import { type BtfFuncProto, LINKAGE_GLOBAL } from "../../btf/model.ts";
import { nameText } from "../../btf/names.ts";
import { STB_LOCAL, STV_DEFAULT } from "../../elf/model.ts";
import { cannotLoad, rejects } from "../answers.ts";
import { label, placeOf } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";
import { firstArguments } from "./helper-arity.ts";
import { reachedFunctions } from "./reached.ts";
import { signatureReader } from "./signature.ts";
import { type FunctionSite, functionSites } from "./sites.ts";
import { verifiedAlone } from "./verified-alone.ts";

/** Functions that compilers call by themselves; bpf-linker exports them, and none survives being verified alone. */
const MEMORY_BUILTINS: ReadonlySet<string> = new Set(["memset", "memcpy", "memmove", "memcmp", "bcmp"]);

const EXCEPTION_CALLBACK = "exception_callback:";

/** Functions that a program names as its exception callback, by DECL_TAG: the kernel wants them global. */
function exceptionCallbacks({ btf }: ObjectState): ReadonlySet<string> {
  const names = new Set<string>();
  for (const type of btf.types) {
    const tag = type.kind === "declTag" ? nameText(btf, type.nameOff) : "";
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

/**
 * Whether a function leaves arguments unread: then LLVM's dead argument elimination leaves their registers unset in the callers, exported
 * function or not, and the verifier refuses the call of a global function with them.
 */
function leavesArguments(state: ObjectState, { symbol, offset }: FunctionSite, proto: BtfFuncProto): boolean {
  const reader = symbol === undefined ? undefined : signatureReader(state);
  if (symbol === undefined || reader === undefined) return false;
  const expected = firstArguments(proto.params.length);
  return (reader.argumentsRead({ section: symbol.section, offset }) & expected) !== expected;
}

export const notVerifiableAlone: Rule = {
  id: "func/not-verifiable-alone",
  title: "A global function has a prototype that the verifier can check without its callers.",
  covers: ["F7", "R14", "KB-15", "KB-16", "KB-17"],
  source: "kernel/bpf/btf.c btf_prepare_func_args",
  fixable: true,
  *check(state: ObjectState): Generator<Diagnostic> {
    for (const site of globalSubprograms(state)) {
      if (site.proto === undefined || MEMORY_BUILTINS.has(site.name)) continue;
      const alone = verifiedAlone(state.btf, site.name, site.proto);
      if (alone.verdict === "fails") {
        yield finding(state, notVerifiableAlone, site, "and its prototype cannot be verified alone", alone.text);
      } else if (alone.verdict === "doubtful" && state.refusedAsGiven) {
        // With the BTF refused it was verified from its callers; alone a pointer may be null, and a context is no memory.
        const text = "Caller passes invalid args into func#…";
        yield finding(
          state,
          notVerifiableAlone,
          site,
          "and only its callers vouch for its pointers or its missing result",
          text,
        );
      } else if (state.refusedAsGiven && leavesArguments(state, site, site.proto)) {
        const text = "R1 is not a scalar";
        yield finding(
          state,
          notVerifiableAlone,
          site,
          "and its callers need not set an argument that it never reads",
          text,
        );
      }
    }
  },
};
