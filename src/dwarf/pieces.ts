/** DWARF 5, 7.7.1: operations of which a location in pieces consists. */
const OP = { addr: 0x03, addrx: 0xa1, addrIndex: 0xfb, piece: 0x93, bitPiece: 0x9d } as const;

/** Numbers in LEB128, or bytes, that follow an operation by which LLVM says how a value came to be; any other ends the reading. */
const OPERANDS: ReadonlyMap<number, { readonly leb: number } | { readonly bytes: number }> = new Map<
  number,
  { readonly leb: number } | { readonly bytes: number }
>([
  [OP.piece, { leb: 1 }],
  [OP.bitPiece, { leb: 2 }],
  // DW_OP_deref, mul, plus, stack_value, deref_size, plus_uconst, constu, consts.
  ...[0x06, 0x1e, 0x22, 0x9f].map((op) => [op, { bytes: 0 }] as const),
  [0x94, { bytes: 1 }],
  ...[0x23, 0x10, 0x11].map((op) => [op, { leb: 1 }] as const),
  // DW_OP_const1u … const8s.
  ...[1, 1, 2, 2, 4, 4, 8, 8].map((bytes, index) => [0x08 + index, { bytes }] as const),
  // DW_OP_lit0 … lit31.
  ...Array.from({ length: 32 }, (_, index) => [0x30 + index, { bytes: 0 }] as const),
]);

/** An address in a location: where its bytes stand in the expression, or its index in the unit's part of `.debug_addr`. */
export type PieceAddress = { readonly at: number } | { readonly index: number };

/**
 * The addresses of a variable that lies in pieces (DW_OP_piece), in order; parts that were optimised away have none. Nothing for a
 * location in one piece, and for one that says more than addresses and values made of them. Work is linear in the expression.
 */
export function pieceAddresses(expression: Uint8Array, addressSize: number): readonly PieceAddress[] {
  const found: PieceAddress[] = [];
  let isSplit = false;
  let at = 0;
  const leb = (): number => {
    let value = 0;
    for (let scale = 1; at < expression.length; scale *= 0x80) {
      const byte = expression[at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    return value;
  };
  while (at < expression.length) {
    const op = expression[at++] ?? 0;
    if (op === OP.addr) {
      found.push({ at });
      at += addressSize;
      continue;
    }
    if (op === OP.addrx || op === OP.addrIndex) {
      found.push({ index: leb() });
      continue;
    }
    isSplit ||= op === OP.piece || op === OP.bitPiece;
    const operands = OPERANDS.get(op);
    if (operands === undefined) return [];
    if ("bytes" in operands) at += operands.bytes;
    else for (let left = operands.leb; left > 0; left--) leb();
  }
  return isSplit ? found : [];
}
