import { cornerBlobs } from "./corner-cases.ts";
import { headerEdges } from "./header-edges.ts";
import { recordEdges } from "./record-edges.ts";
import { referenceEdges } from "./reference-edges.ts";
import { sweptBlobs } from "./swept.ts";
import { textEdges } from "./text-edges.ts";

/** Tens of thousands of small blobs in which something lies at an edge, made by rule rather than by chance. What each kernel says is for it to tell. */
export function edgeBlobs(): readonly { readonly what: string; readonly blob: Uint8Array }[] {
  return [...cornerBlobs(), ...sweptBlobs(), ...recordEdges(), ...referenceEdges(), ...headerEdges(), ...textEdges()];
}
