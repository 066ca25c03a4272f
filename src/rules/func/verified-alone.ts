import { type Btf, type BtfFuncProto, typeById } from "../../btf/model.ts";
import { nameText } from "../../btf/names.ts";
import { skipModifiers } from "../../btf/walk.ts";
import { CONTEXT_STRUCTS } from "./program-kinds.ts";

/** Arguments that a global function may have: they travel in r1 to r5. */
const MAX_GLOBAL_ARGUMENTS = 5;

/**
 * How a prototype fares when the verifier looks at the function alone, as it does with every global one. "doubtful": some kernel
 * or some body passes, but alone its pointers may be null, of another size, or no context (though tags such as `__arg_ctx` can make
 * even `void *` right), or it returns nothing.
 */
export type AloneVerdict =
  | { readonly verdict: "fits" | "doubtful" }
  | { readonly verdict: "fails"; readonly text: string };

/** Whether the verifier takes a value of this type for a number. */
export function isScalar(btf: Btf, id: number): boolean {
  const kind = typeById(btf, skipModifiers(btf, id))?.kind;
  return kind === "int" || kind === "enum" || kind === "enum64";
}

/** Whether a parameter is a pointer, and if so, whether the kernel knows it for a context, which needs no check. */
function pointee(btf: Btf, id: number): "context" | "other" | undefined {
  const pointer = typeById(btf, skipModifiers(btf, id));
  if (pointer?.kind !== "ptr") return undefined;
  const type = typeById(btf, skipModifiers(btf, pointer.type));
  // A FWD of that name is refused ("size cannot be determined").
  return type?.kind === "struct" && CONTEXT_STRUCTS.has(nameText(btf, type.nameOff)) ? "context" : "other";
}

/** Whether this is a pointer to a struct that the kernel knows for some program's context. */
export function isContext(btf: Btf, id: number): boolean {
  return pointee(btf, id) === "context";
}

/** Judges a prototype as kernel/bpf/btf.c `btf_prepare_func_args` does (rules KB-15 to KB-17). `name` is for the text. */
export function verifiedAlone(btf: Btf, name: string, proto: BtfFuncProto): AloneVerdict {
  if (proto.params.length > MAX_GLOBAL_ARGUMENTS) {
    return {
      verdict: "fails",
      // Up to 6.18; later: "global function F has 6 > 5 args, stack args not supported".
      text: `Global function ${name}() with ${proto.params.length} > ${MAX_GLOBAL_ARGUMENTS} args. Buggy compiler.`,
    };
  }
  if (proto.returnType !== 0 && !isScalar(btf, proto.returnType)) {
    return { verdict: "fails", text: `Global function ${name}() doesn't return scalar. Only those are supported.` };
  }
  // Kernels up to 6.18 take no global function that returns nothing, later ones do.
  let isDoubtful = proto.returnType === 0;
  for (const [index, { type }] of proto.params.entries()) {
    if (isScalar(btf, type)) continue;
    const target = pointee(btf, type);
    if (target === undefined) {
      const kind = typeById(btf, skipModifiers(btf, type))?.kind ?? "unknown";
      return { verdict: "fails", text: `Arg#${index} type ${kind.toUpperCase()} in ${name}() is not supported yet.` };
    }
    if (target === "other") isDoubtful = true;
  }
  return { verdict: isDoubtful ? "doubtful" : "fits" };
}
