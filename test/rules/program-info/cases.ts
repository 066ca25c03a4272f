import { EXIT, LD_ABS, TAIL_CALL, ZERO } from "./program.ts";
import { alone, type Case, inMain, inOne, LENGTH, lengthened, many, nothing, sized, wordOf } from "./whole.ts";

/** By rule; those that only some releases have are in `later-cases.ts`. */
export const CASES: Readonly<Record<string, readonly Case[]>> = {
  "KB-31": [{ about: "no instruction", broken: alone(), kept: alone(ZERO, EXIT), message: "" }],
  "KB-33": [
    {
      about: "a call past the end",
      broken: inMain([0x85, 0, 1, 0, LENGTH], EXIT),
      kept: inMain([0x85, 0, 1, 0, 1], EXIT),
      message: "call to invalid destination",
    },
    {
      about: "a call to before the start",
      broken: inMain([0x85, 0, 1, 0, -8], EXIT),
      kept: inMain([0x85, 0, 1, 0, 5], EXIT),
      message: "call to invalid destination",
    },
  ],
  "KB-34": [{ about: "257 functions", broken: many(257), kept: many(256), message: "too many subprograms" }],
  "KB-35": [
    {
      about: "a jump into the next function",
      broken: inMain([0x05, 0, 0, 1], EXIT),
      kept: inMain([0x15, 0, 0, 0, 0], EXIT),
      message: "jump out of range from insn 6 to 8",
    },
  ],
  "KB-36": [
    {
      about: "a function that goes on into the next",
      broken: inMain(EXIT, ZERO),
      kept: inMain(ZERO, EXIT),
      message: "last insn is not an exit or jmp",
    },
  ],
  "KB-23": [
    {
      about: "no BTF",
      broken: ({ draft }) => {
        draft.btf = undefined;
      },
      kept: nothing,
      message: "",
    },
    {
      about: "BTF that the kernel refused",
      broken: ({ btf }) => void btf.struct("no name", 0, []),
      kept: ({ btf }) => void btf.struct("a_name", 0, []),
      message: "",
    },
  ],
  "KB-01": [
    sized("funcInfo", 4, 8, "invalid func info rec size 4"),
    sized("funcInfo", 10, 12, "invalid func info rec size 10"),
    sized("funcInfo", 256, 252, "invalid func info rec size 256"),
  ],
  "KB-02": [lengthened("funcInfo", "nonzero tailing record in func info")],
  "KB-03": [
    {
      about: "no record at 0",
      broken: wordOf("funcInfo", 0, 0, 1),
      kept: nothing,
      message: "nonzero insn_off 1 for the first func info record",
      record: 0,
    },
  ],
  "KB-05": [
    {
      about: "an INT",
      broken: wordOf("funcInfo", 0, 1, 1),
      kept: nothing,
      message: "invalid type id 1 in func info",
      record: 0,
    },
    {
      about: "void",
      broken: wordOf("funcInfo", 1, 1, 0),
      kept: nothing,
      message: "invalid type id 0 in func info",
      record: 1,
    },
    {
      about: "no type",
      broken: wordOf("funcInfo", 2, 1, 0xffff_ffff),
      kept: nothing,
      message: "invalid type id -1 in func info",
      record: 2,
    },
  ],
  "KB-06": [
    {
      about: "a record less",
      broken: ({ draft }) => void draft.funcInfo.records.pop(),
      kept: nothing,
      message: "number of funcs in func_info doesn't match number of subprogs",
    },
  ],
  "KB-07": [
    {
      about: "a record within a function",
      broken: wordOf("funcInfo", 2, 0, 13),
      kept: nothing,
      message: "func_info BTF section doesn't match subprog layout in BPF program",
      record: 2,
    },
  ],
  "KB-08": [
    {
      about: "LD_ABS in a function without a value",
      broken: inOne(LD_ABS, () => 0),
      kept: inOne(LD_ABS, ({ int }) => int),
      message: "LD_ABS is only allowed in functions that return 'int'.",
      record: 1,
    },
    {
      about: "LD_ABS in a function that returns 16 bytes",
      broken: inOne(LD_ABS, ({ wrongReturns }) => wrongReturns[1] ?? 0),
      kept: inOne(LD_ABS, ({ returns }) => returns[3] ?? 0),
      message: "LD_ABS is only allowed in functions that return 'int'.",
      record: 1,
    },
    {
      about: "a tail call in a function that returns a pointer",
      broken: inOne(TAIL_CALL, ({ wrongReturns }) => wrongReturns[3] ?? 0),
      kept: inOne(TAIL_CALL, ({ returns }) => returns[2] ?? 0),
      message: "tail_call is only allowed in functions that return 'int'.",
      record: 1,
    },
  ],
  "KB-18": [
    {
      about: "LD_ABS in a function that nothing is known of",
      broken: inOne(LD_ABS, ({ int }) => int, false),
      kept: inOne(LD_ABS, ({ int }) => int),
      message: "LD_ABS is not allowed in subprogs without BTF",
    },
    {
      about: "a tail call in a function that nothing is known of",
      broken: inOne(TAIL_CALL, ({ int }) => int, false),
      kept: inOne(TAIL_CALL, ({ int }) => int),
      message: "tail_call is not allowed in subprogs without BTF",
    },
  ],
  "KB-09": [sized("lineInfo", 12, 16, ""), sized("lineInfo", 18, 20, ""), sized("lineInfo", 256, 252, "")],
  "KB-10": [
    {
      about: "records out of order",
      broken: wordOf("lineInfo", 1, 0, 0),
      kept: nothing,
      message: "Invalid line_info[1].insn_off:0 (prev_offset:0 prog->len:16)",
    },
    {
      about: "a record past the end",
      broken: ({ draft }) => void draft.lineInfo.records.push([LENGTH, 1, 1, 0]),
      kept: ({ draft }) => void draft.lineInfo.records.push([LENGTH - 1, 1, 1, 0]),
      message: "Invalid line_info[3].insn_off:16 (prev_offset:12 prog->len:16)",
    },
  ],
  "KB-11": [
    {
      about: "the second half of an instruction",
      broken: ({ draft }) => void draft.lineInfo.records.splice(1, 0, [5, 1, 1, 0]),
      kept: ({ draft }) => void draft.lineInfo.records.splice(1, 0, [4, 1, 1, 0]),
      message: "Invalid insn code at line_info[1].insn_off",
    },
  ],
  "KB-12": [
    {
      about: "a line past the strings",
      broken: wordOf("lineInfo", 1, 2, ({ btf }) => btf.stringsLength),
      kept: wordOf("lineInfo", 1, 2, ({ btf }) => btf.stringsLength - 1),
      message: "Invalid line_info[1].line_off or .file_name_off",
    },
    {
      about: "a file past the strings",
      broken: wordOf("lineInfo", 0, 1, 0xffff_ffff),
      kept: wordOf("lineInfo", 0, 1, 0),
      message: "Invalid line_info[0].line_off or .file_name_off",
    },
  ],
  "KB-13": [
    {
      about: "a function's first line between others",
      broken: wordOf("lineInfo", 1, 0, 9),
      kept: nothing,
      message: "missing bpf_line_info for func#1",
      record: 1,
    },
    {
      about: "no line of the last function",
      broken: ({ draft }) => void draft.lineInfo.records.splice(1, 2),
      kept: nothing,
      message: "missing bpf_line_info for 2 funcs starting from func#1",
    },
  ],
  "KB-19": [lengthened("lineInfo", "nonzero tailing record in line_info")],
  "KB-24": [
    {
      about: "134,217,728 records",
      broken: ({ draft }) => {
        draft.lineInfo.count = 0x800_0000;
      },
      kept: nothing,
      message: "",
    },
  ],
};
