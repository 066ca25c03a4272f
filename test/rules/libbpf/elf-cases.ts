import { CALL, EXIT, type Insn, move, R_BPF_64_32 } from "../../object.ts";
import { type Vector, vector } from "./btf-cases.ts";
import { type Changes, drawObject, inSpecialSection, LOAD, LOAD_REST } from "./draft.ts";

const NOBITS = 8;
const [LOCAL, GLOBAL] = [0, 1];
const [NOTYPE, OBJECT, SECTION] = [0, 1, 3];

/** The object with a header of a section changed: fields of Elf64_Shdr by their offset. */
export function withHeader(name: string, edits: Readonly<Record<number, number>>, changes: Changes = {}): Uint8Array {
  const bytes = drawObject(changes);
  const view = new DataView(bytes.buffer);
  const headers = Number(view.getBigUint64(40, true));
  const header = (index: number): number => headers + index * 64;
  const strings = Number(view.getBigUint64(header(view.getUint16(62, true)) + 24, true));
  const nameOf = (index: number): string => {
    const at = strings + view.getUint32(header(index), true);
    return new TextDecoder().decode(bytes.subarray(at, bytes.indexOf(0, at)));
  };
  const index = Array.from({ length: view.getUint16(60, true) }, (_, at) => at).find((at) => nameOf(at) === name);
  if (index === undefined) throw new Error(`no section ${name}`);
  for (const [at, value] of Object.entries(edits)) view.setUint32(header(index) + Number(at), value, true);
  return bytes;
}

const [SH_TYPE, SH_SIZE, SH_INFO] = [4, 32, 44];
const plain = drawObject();

/** Code in `.text` that the program may call. */
export const text = { name: ".text", insns: [move(0, 0), EXIT] } as const;
export const helper = { name: "helper", section: ".text", size: 16 } as const;
export const called = (symbol: string): Changes["sections"] => [
  { name: "tc", insns: [CALL, EXIT], relocations: [{ offset: 0, type: R_BPF_64_32, symbol }] },
];
export const caller = { name: "caller", section: "tc", size: 16 } as const;

/** A second program whose first instructions are these, with a relocation for the first. */
export function second(symbol: string, insns: readonly Insn[], more: Changes = {}): Changes {
  return {
    ...more,
    sections: [
      { name: "tc", insns: [...insns, EXIT], relocations: [{ offset: 0, type: 1, symbol }] },
      ...(more.sections ?? []),
    ],
    symbols: [{ name: "caller", section: "tc", size: insns.length * 8 + 8 }, ...(more.symbols ?? [])],
  };
}

export const wide = [LOAD, LOAD_REST] as const;

export const ELF_CASES: Readonly<Record<string, Vector>> = {
  "LE-02": { broken: [withHeader(".symtab", { [SH_TYPE]: 1 }, { relocations: [] })], kept: [plain] },
  "LE-03": vector(
    [{ sections: [{ name: "maps", bytes: new Uint8Array(20) }] }],
    [{ sections: [{ name: "maps2", bytes: new Uint8Array(20) }] }],
  ),
  "LE-06": vector([{ without: [".BTF"] }]),
  "LE-07": { broken: [withHeader(".BTF", { [SH_TYPE]: 7 })], kept: [plain] },
  "LE-08": { broken: [withHeader(".relxdp", { [SH_INFO]: 99 })], kept: [plain] },
  "LE-10": vector([{ program: { size: 40 } }, { program: { value: 8, size: 32 } }], [{ program: { size: 24 } }]),
  "LE-11": vector([{ program: { binding: LOCAL } }], [{ sections: [text], symbols: [{ ...helper, binding: LOCAL }] }]),
  "LE-12": vector([{ program: { size: 0 } }, { program: { size: 30 } }, { program: { value: 4, size: 16 } }]),
  "LE-13": {
    broken: [withHeader("license", { [SH_SIZE]: 0 }), withHeader("license", { [SH_TYPE]: NOBITS })],
    kept: [plain, drawObject({ without: ["license"] })],
  },
  "LE-14": vector(
    [{ sections: [{ name: "version", bytes: new Uint8Array(5) }] }],
    [{ sections: [{ name: "version", bytes: new Uint8Array(4) }] }],
  ),
  "LR-01": vector(
    [
      second("other", wide, {
        sections: [{ name: ".mine", bytes: new Uint8Array(8) }],
        symbols: [{ name: "other", section: ".mine", size: 8 }],
      }),
    ],
    [
      second("other", wide, {
        sections: [{ name: ".data.mine", bytes: new Uint8Array(8) }],
        symbols: [{ name: "other", section: ".data.mine", size: 8 }],
      }),
    ],
  ),
  "LR-02": vector(
    [second("inside", wide, { symbols: [{ name: "inside", section: ".maps", value: 8 }] })],
    [second("again", wide, { symbols: [{ name: "again", section: ".maps" }] })],
  ),
  "LR-03": { broken: [inSpecialSection({}, 1, 0xfff2), inSpecialSection({}, 1, 0xfff1)], kept: [plain] },
  "LR-04": vector([{ relocations: [[4, "M"]] }, { relocations: [[32, "M"]] }]),
  "LR-05": vector([second("M", [move(1, 0)])], [second("M", wide)]),
  "LR-06": vector(
    [second("helper", [[0x85, 0, 0, 1]], { sections: [text], symbols: [helper] })],
    [{ sections: [text, ...(called("helper") ?? [])], symbols: [helper, caller] }],
  ),
  "LR-07": vector([{ sections: called("prog") ?? [], symbols: [caller] }]),
  "LR-08": vector([
    {
      sections: [text, ...(called("half") ?? [])],
      symbols: [helper, caller, { name: "half", section: ".text", value: 4, type: OBJECT }],
    },
  ]),
  "LR-09": vector([second("nothing", wide, { symbols: [{ name: "nothing", type: OBJECT, binding: GLOBAL }] })]),
  "LR-10": vector(
    [
      second("text", [[0x18, 0x41, 0, 4], LOAD_REST], {
        sections: [text],
        symbols: [helper, { name: "text", section: ".text", binding: LOCAL, type: SECTION }],
      }),
    ],
    [
      second("text", [[0x18, 0x41, 0, 8], LOAD_REST], {
        sections: [text],
        symbols: [helper, { name: "text", section: ".text", binding: LOCAL, type: SECTION }],
      }),
    ],
  ),
  "LR-11": vector([second("", wide, { symbols: [{ name: "", type: NOTYPE, binding: GLOBAL }] })]),
};
