import type { Btf } from "../btf/model.ts";
import { parseBtf } from "../btf/parse.ts";
import type { EmitObjectOptions } from "../emit.ts";
import { BtfFixError } from "../errors.ts";
import type { FixOptions } from "../fix.ts";
import type { RegenerateOptions } from "../regenerate.ts";
import type { EmitRequest, EngineFixOptions } from "./engine.ts";

/** Errors name the file that is broken: not the object. */
function kernelBtf(bytes: Uint8Array): Btf {
  try {
    return parseBtf(bytes);
  } catch (error) {
    if (!(error instanceof BtfFixError)) throw error;
    throw new BtfFixError(error.code, `the kernel's types cannot be read: ${error.message}`, undefined, error);
  }
}

/** The kernel's types are parsed when a repair first asks for them, and once. */
export function withKernel(options: EngineFixOptions): FixOptions {
  const { vmlinux, license, ...others } = options;
  let kernel: { readonly btf: Btf | undefined } | undefined;
  const read = (): Btf | undefined => {
    const bytes = vmlinux();
    return bytes === undefined ? undefined : kernelBtf(bytes);
  };
  return {
    ...others,
    ...(license === undefined ? {} : { license }),
    vmlinux: () => {
      kernel ??= { btf: read() };
      return kernel.btf;
    },
  };
}

/** What the library calls the choices of the command line. */
export function emitOptions({
  from,
  rust,
  sourceText,
  onPhase,
}: EmitRequest): EmitObjectOptions & Pick<RegenerateOptions, "from" | "dialect"> {
  return {
    from,
    dialect: rust ? "rust" : "llvm",
    ...(sourceText === undefined ? {} : { sourceText }),
    ...(onPhase === undefined ? {} : { onPhase }),
  };
}
