import { expect, test } from "vitest";
import { typesOfValues } from "../../../src/rules/btf/enum-size.ts";
import type { Diagnostic, Target } from "../../../src/rules/rule.ts";
import { drops, type Row, tryRows, u32 } from "./rows.ts";
import { btfOf } from "./state.ts";

const ORDER = "btf/member-order";
const UNION = "btf/union-member-offset";
const FLOAT = "btf/float-misaligned";
const outOfOrder = (typeId: number, at: number): Diagnostic =>
  drops(
    ORDER,
    { typeId, member: at },
    `STRUCT s [${typeId}] lists its members out of the order of their offsets`,
    "Invalid member bits_offset",
  );
const float = (at: number, what: string, bytes: number, bits: number, typeId = 2): Diagnostic =>
  drops(
    FLOAT,
    { typeId, member: at },
    `f in ${what} is a float of ${bytes} bytes at bit ${bits}`,
    "Member is not properly aligned",
  );

const LAYOUT: readonly Row[] = [
  {
    about: "members at 32, 0",
    make: (g) =>
      g.struct("s", 8, [
        ["a", u32(g), 32],
        ["b", 1, 0],
      ]),
    finds: [outOfOrder(2, 1)],
  },
  {
    about: "members at 0, 64, 32, 16",
    make: (g) =>
      g.struct("s", 16, [
        ["a", u32(g), 0],
        ["b", 1, 64],
        ["c", 1, 32],
        ["d", 1, 16],
      ]),
    finds: [outOfOrder(2, 2)],
  },
  {
    about: "members at 0, 0, 32, 32",
    make: (g) =>
      g.struct("s", 8, [
        ["a", u32(g), 0],
        ["b", 1, 0],
        ["c", 1, 32],
        ["d", 1, 32],
      ]),
    finds: [],
  },
  { about: "no members", make: (g) => [g.struct("s", 8, []), g.union("u", 8, [])], finds: [] },
  {
    about: "the second and the third of a union away from 0",
    make: (g) =>
      g.union("u", 12, [
        ["a", u32(g), 0],
        ["b", 1, 32],
        ["c", 1, 64],
      ]),
    finds: [
      [1, 32],
      [2, 64],
    ].map(([at, bits]) =>
      drops(
        UNION,
        { typeId: 2, member: at ?? 0 },
        `UNION u [2] holds a member at bit ${bits}: the tag of a niche enum`,
        "Invalid member bits_offset",
      ),
    ),
  },
  {
    about: "the second float of a struct",
    make: (g) =>
      g.struct("s", 20, [
        ["a", g.float("f32", 4), 0],
        ["f", 1, 40],
      ]),
    finds: [float(1, "STRUCT s [2]", 4, 40)],
  },
  {
    about: "a double at 4 bytes",
    make: (g) => g.struct("s", 20, [["f", g.float("f64", 8), 32]]),
    finds: [float(0, "STRUCT s [2]", 8, 32)],
  },
  {
    about: "a double through qualifiers at 4 bytes",
    make: (g) => g.struct("s", 20, [["f", g.ref("const", g.float("f64", 8)), 32]]),
    finds: [float(0, "STRUCT s [3]", 8, 32, 3)],
  },
  {
    about: "floats in their places, and others anywhere",
    make: (g) =>
      g.struct("s", 64, [
        ["a", g.float("f32", 4), 32],
        ["b", g.float("f64", 8), 64],
        ["c", g.float("f128", 16), 192],
        ["d", g.int("u8", 1), 328],
      ]),
    finds: [],
  },
  {
    about: "a float of a union",
    make: (g) =>
      g.union("u", 20, [
        ["a", g.float("f32", 4), 0],
        ["f", 1, 8],
      ]),
    finds: [
      drops(
        UNION,
        { typeId: 2, member: 1 },
        "UNION u [2] holds a member at bit 8: the tag of a niche enum",
        "Invalid member bits_offset",
      ),
      float(1, "UNION u [2]", 4, 8),
    ],
  },
];

const unit = (typeId: number, isElement: boolean): Diagnostic => ({
  rule: "btf/zero-size-int",
  severity: isElement ? "error" : "warning",
  message: `INT () [${typeId}] has the size 0${isElement ? " and is the element of an array" : ""}`,
  target: { typeId },
  answers: isElement
    ? [{ judge: "kernel", answer: "drops the BTF", text: "Invalid array of int" }]
    : [{ judge: "bpftool", answer: "rejects", how: "`btf dump … format c` dies of SIGFPE" }],
});
const enumSize = (typeId: number, what: string): Diagnostic =>
  drops("btf/enum-size", { typeId }, what, "Unexpected size");
const noType = (target: Target, what: string, text = "Invalid type_id"): Diagnostic =>
  drops("btf/type-missing", target, `${what} holds something without a type`, text);

const SIZES: readonly Row[] = [
  { about: "() as a member", make: (g) => g.struct("s", 0, [["none", g.int("()", 0), 0]]), finds: [unit(1, false)] },
  { about: "() as an element", make: (g) => g.array(g.int("()", 0), u32(g), 1), finds: [unit(1, true)] },
  {
    about: "() as an element by another name",
    make: (g) => g.array(g.ref("typedef", g.int("()", 0), "t"), u32(g), 1),
    finds: [unit(1, true)],
  },
  { about: "an element beside ()", make: (g) => [g.array(u32(g), 1, 1), g.int("()", 0)], finds: [unit(3, false)] },
  {
    about: "a wide enum of size 0",
    make: (g) => g.ptr(g.add({ kind: "enum64", nameOff: g.string("e"), size: 0, signed: false, values: [] })),
    finds: [enumSize(1, "ENUM64 e [1] has the size 0")],
  },
  {
    about: "an enum of size 0",
    make: (g) => [u32(g), g.enum("e", [], 0)],
    finds: [enumSize(2, "ENUM e [2] has the size 0")],
  },
  {
    about: "an enum of size 16",
    make: (g) => g.enum("e", [["A", 0]], 16),
    finds: [enumSize(1, "ENUM e [1] has 128 bits")],
  },
  {
    about: "an enum of size 16 without values",
    make: (g) => g.enum("e", [], 16),
    finds: [enumSize(1, "ENUM e [1] has 128 bits")],
  },
  {
    about: "enums of every size",
    make: (g) => [1, 2, 4, 8].map((size) => g.enum(`e${size}`, [["A", 0]], size)),
    finds: [],
  },
  { about: "a variable without a type", make: (g) => g.variable("v", 0), finds: [noType({ typeId: 1 }, "VAR v [1]")] },
  {
    about: "an element without a type",
    make: (g) => g.array(0, u32(g), 2),
    finds: [noType({ typeId: 2 }, "ARRAY [2]", "Invalid elem")],
  },
  {
    about: "the second and third member without a type",
    make: (g) =>
      g.struct("s", 12, [
        ["a", u32(g), 0],
        ["b", 0, 32],
        ["c", 0, 64],
      ]),
    finds: [noType({ typeId: 2, member: 1 }, "STRUCT s [2]"), noType({ typeId: 2, member: 2 }, "STRUCT s [2]")],
  },
  {
    about: "a member of a union without a type",
    make: (g) =>
      g.union("s", 12, [
        ["a", u32(g), 0],
        ["b", 0, 0],
      ]),
    finds: [noType({ typeId: 2, member: 1 }, "UNION s [2]")],
  },
  {
    about: "nothing without a type that needs one",
    make: (g) => [g.ptr(0), g.proto(0, [["", 0]]), g.ref("const", 0)],
    finds: [],
  },
  { about: "a record with a size and no members is C's business", make: (g) => g.struct("s", 8, []), finds: [] },
];

tryRows([...LAYOUT, ...SIZES]);

test("values are what something has that is not behind a pointer", () => {
  const held = typesOfValues(
    btfOf((g) => {
      const behind = (name: string): number => g.ref("typedef", g.ref("const", g.enum(name, [])), "alias");
      const ids = ["member", "of a union", "element", "variable", "result", "parameter"].map(behind);
      const [member = 0, ofUnion = 0, element = 0, variable = 0, result = 0, parameter = 0] = ids;
      g.struct("s", 4, [["m", member, 0]]);
      g.union("u", 4, [["m", ofUnion, 0]]);
      g.array(element, u32(g), 2);
      g.variable("v", variable);
      g.proto(result, [["p", parameter]]);
      g.ptr(behind("pointee"));
      g.func("f", behind("of no use"));
      g.declTag("tag", behind("tagged"));
    }),
  );
  // Three types each: the enum is the first.
  expect([...held].filter((id) => id > 0 && id <= 18)).toEqual([1, 4, 7, 10, 13, 16]);
  expect(held.size).toBe(6);
});
