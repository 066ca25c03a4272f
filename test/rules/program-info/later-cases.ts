import { KIND } from "../kernel/draft.ts";
import { EXIT, SET, ZERO } from "./program.ts";
import { alone, type Case, callback, LENGTH, nothing, record, relocate, sized, type Whole, wordOf } from "./whole.ts";

const related =
  (kind: number, access: string, type?: (program: Whole) => number, at?: number) =>
  (program: Whole): void => {
    relocate(program, kind, access, type?.(program), at);
  };

/** Of rules that came later, or are gone. */
export const CASES_OF: Readonly<Record<string, readonly Case[]>> = {
  "KB-04": [
    {
      about: "records out of order",
      broken: wordOf("funcInfo", 2, 0, 8),
      kept: nothing,
      message: "same or smaller insn offset (8) than previous func info record (8)",
      record: 2,
    },
  ],
  "KB-14": [
    {
      about: "within an instruction",
      broken: ({ draft }) => void draft.coreRelo.records.push([73, 0, 0, 0]),
      kept: related(6, "0"),
      message: "Invalid core_relo[0].insn_off:73 prog->len:16",
    },
    {
      about: "past the end",
      broken: related(6, "0", undefined, LENGTH),
      kept: related(6, "0", undefined, 13),
      message: "Invalid core_relo[0].insn_off:128 prog->len:16",
    },
  ],
  "KB-20": [
    {
      about: "a byte after the known ones",
      broken: (program) => {
        relocate(program, 6, "0");
        program.draft.coreRelo.recordSize = 20;
        record(program.draft.coreRelo.records, 0).push(1);
      },
      kept: (program) => {
        relocate(program, 6, "0");
        program.draft.coreRelo.recordSize = 20;
      },
      message: "nonzero tailing record in core_relo",
      record: 0,
    },
  ],
  "KB-21": [sized("coreRelo", 12, 16, ""), sized("coreRelo", 256, 252, "")],
  "KB-22": [{ about: "any relocation", broken: related(6, "0"), kept: nothing, message: "" }],
  "KB-25": [
    {
      about: "134,217,728 records",
      broken: (program) => {
        relocate(program, 6, "0");
        program.draft.coreRelo.count = 0x800_0000;
      },
      kept: related(6, "0"),
      message: "",
    },
  ],
  "KB-26": [
    {
      about: "268,435,456 records",
      broken: ({ draft }) => {
        draft.funcInfo.count = 0x1000_0000;
      },
      kept: nothing,
      message: "",
    },
  ],
  "KB-27": [
    {
      about: "no type",
      broken: related(6, "0", () => 1000),
      kept: related(6, "0", () => 1),
      message: "relo #0: bad type id 1000",
    },
  ],
  "KB-28": [
    {
      about: "a type without a name",
      broken: related(7, "0", ({ btf, types }) => btf.add(KIND.ptr, { word: types.int })),
      kept: related(7, "0"),
      message: "target candidate search failed for 18",
      record: 0,
    },
  ],
  "KB-29": [
    {
      about: "a member that there is not",
      broken: related(0, "0:4"),
      kept: related(7, "0"),
      message: "prog '': relo #0: parsing [10] STRUCT nowhere_s + 0:4 failed: -22",
    },
    {
      about: "more steps than 64",
      broken: related(0, Array.from({ length: 65 }, () => "0").join(":")),
      kept: related(7, "0"),
      message: `prog '': relo #0: parsing [10] STRUCT nowhere_s + ${"0:".repeat(64)}0 failed: -7`,
    },
    {
      about: "no such kind",
      broken: related(13, "0"),
      kept: related(6, "0"),
      message: "prog '': relo #0: parsing [10] STRUCT nowhere_s + 0 failed: -22",
    },
    {
      about: "no string",
      broken: ({ draft }) => void draft.coreRelo.records.push([72, 1, 0xffff, 6]),
      kept: related(6, "0"),
      message: "prog '': relo #0: parsing [1] INT nowhere_i + <?> failed: -22",
    },
  ],
  "KB-30": [
    {
      about: "a jump",
      broken: related(6, "0", undefined, 11),
      kept: related(6, "0"),
      message:
        "prog '': relo #0: trying to relocate unrecognized insn #11, code:0x95, src:0x0, dst:0x0, off:0x0, imm:0x0",
    },
    {
      about: "the second half of an instruction",
      broken: related(6, "0", undefined, 5),
      kept: related(6, "0", undefined, 4),
      message: "prog '': relo #0: insn #5 (LDIMM64) has unexpected form",
    },
  ],
  "KB-32": [
    {
      about: "half an instruction",
      broken: alone(ZERO, EXIT, [0x18]),
      kept: alone(ZERO, EXIT),
      message: "invalid bpf_ld_imm64 insn",
    },
  ],
  "KB-37": [
    {
      about: "two tags",
      broken: callback(["handler", "handler"], true, true),
      kept: callback(["handler"], true, true),
      message: "multiple exception callback tags for main subprog",
    },
  ],
  "KB-38": [
    {
      about: "no such function",
      broken: callback(["absent"], true, true),
      kept: callback(["handler"], true, true),
      message: "exception callback 'absent' could not be found in BTF",
    },
  ],
  "KB-39": [
    {
      about: "a static function",
      broken: callback(["handler"], false, true),
      kept: callback(["handler"], true, true),
      message: "exception callback 'handler' must have global linkage",
    },
  ],
  "KB-40": [
    {
      about: "a function that is not listed",
      broken: callback(["handler"], true, false),
      kept: callback(["handler"], true, true),
      message: "exception callback type id not found in func_info",
    },
    {
      about: "main itself",
      broken: callback(["main"], true, true),
      kept: callback(["handler"], true, true),
      message: "invalid exception callback insn_off in func_info: 0",
    },
  ],
  "KB-41": [
    {
      about: "the sign of an element",
      broken: related(3, "0:1:2"),
      kept: related(6, "0"),
      message: "prog '': relo 3 at insn #9 can't be applied to array access",
      record: 0,
    },
  ],
  "KB-42": [
    {
      about: "another value",
      broken: ({ draft, btf, types }) => {
        draft.functions[1]?.splice(1, 1, SET(3, 5));
        draft.coreRelo.records.push([72, types.struct, btf.name("0:0"), 2]);
      },
      kept: related(2, "0:0"),
      message: "prog '': relo #0: unexpected insn #9 (ALU/ALU64) value: got 5, exp 1",
    },
  ],
  "KB-43": [
    {
      about: "a type without a size",
      broken: related(9, "0", ({ btf }) => btf.add(KIND.fwd, { name: "nowhere_f" })),
      kept: related(6, "0"),
      message: "",
      record: 0,
    },
  ],
};
