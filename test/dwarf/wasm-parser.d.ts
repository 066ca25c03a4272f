/** The part of @webassemblyjs/wasm-parser that the interface test uses; the package has no types of its own. */
declare module "@webassemblyjs/wasm-parser" {
  export interface Field {
    readonly type: string;
    readonly name?: string | { readonly value: string };
    readonly descr?: { readonly exportType: string; readonly id: { readonly value: number | string } };
    readonly signature?: {
      readonly params: readonly { readonly valtype: string }[];
      readonly results: readonly string[];
    };
    readonly limits?: { readonly min: number; readonly max?: number; readonly shared?: boolean };
  }
  export function decode(
    bytes: Uint8Array | ArrayBuffer,
    options: object,
  ): { readonly body: readonly { readonly fields: readonly Field[] }[] };
}
