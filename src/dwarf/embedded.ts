import { wasmBytes } from "gimli-wasm";
import { type DwarfModule, loadDwarfModule } from "./module.ts";

let module: DwarfModule | undefined;

/** The gimli module that comes with this package, compiled on the first call. */
export function embeddedDwarfModule(): DwarfModule {
  module ??= loadDwarfModule(wasmBytes());
  return module;
}
