import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { escapeName, isPortableName, isPortableNameAt, MAX_NAME_LENGTH, unescapeName } from "../../src/btf/escape.ts";
import { stringBytes } from "../../src/btf/names.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const escaped = (name: string): string => decoder.decode(escapeName(encoder.encode(name)));

// Observed on bpf-linker 0.10.4 (its own output on debug info with these names).
const OBSERVED: readonly (readonly [name: string, escaped: string])[] = [
  ["Limit<u16, 4>", "Limit_3C_u16_2C__20_4_3E_"],
  ["(u8, u16)", "_28_u8_2C__20_u16_29_"],
  ["&mut [u8; 4]", "_26_mut_20__5B_u8_3B__20_4_5D_"],
  ["dyn fwd::Act", "dyn_20_fwd_3A__3A_Act"],
  ["{closure_env#0}", "_7B_closure_env_23_0_7D_"],
  ["*const u8", "_2A_const_20_u8"],
  ["Größe", "Gr_C3__B6__C3__9F_e"],
  ["a.b", "a_2E_b"],
  ["_3C_", "_3C_"],
  ["tab\there", "tab_9_here"],
  ["A".repeat(128), "A".repeat(128)],
  ["A".repeat(129), `${"A".repeat(111)}_2409db631053cb80`],
  [`${"B".repeat(124)}00006`, `${"B".repeat(111)}_545f7b1dfb07598`],
  [
    `Table<${Array(6).fill("net::flow::Key<u32>").join(", ")}>`,
    "Table_3C_net_3A__3A_flow_3A__3A_Key_3C_u32_3E__2C__20_net_3A__3A_flow_3A__3A_Key_3C_u32_3E__2C__20_net_3A__3A_f_c63d8e3f4d70ad1f",
  ],
];

describe("escapeName", () => {
  test.each(OBSERVED)("%s is written as bpf-linker writes it", (name, expected) => {
    expect(escaped(name)).toBe(expected);
  });

  test("a leading digit, which the kernel refuses, gets an underscore", () => {
    expect(escaped("7up")).toBe("_7up");
  });

  test("what comes out is portable, and stays as it is when escaped again", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (name) => {
        const once = escapeName(name);
        expect(isPortableName(once)).toBe(true);
        expect(once.length).toBeLessThanOrEqual(MAX_NAME_LENGTH);
        expect(escapeName(once)).toEqual(once);
      }),
    );
  });
});

test("a name in a table is portable as it is by itself", () => {
  const byte = fc.oneof(fc.constantFrom(0, 0x2e, 0x30, 0x39, 0x5f, 0xe9), fc.integer({ min: 0x41, max: 0x5a }));
  const long = fc.integer({ min: 120, max: 135 }).map((length) => new Array<number>(length).fill(0x61));
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          byte.map((one) => [one]),
          long,
        ),
        { maxLength: 12 },
      ),
      (pieces) => {
        const table = Uint8Array.from(pieces.flat());
        for (let offset = 0; offset <= table.length + 1; offset++) {
          const name = stringBytes({ bytes: table }, offset);
          expect(isPortableNameAt(table, offset)).toBe(name !== undefined && isPortableName(name));
        }
      },
    ),
  );
});

describe("unescapeName", () => {
  test("takes what is left of an escape that was cut for no escape", () => {
    // 109 bytes, then `_3A_`, of which the cut leaves `_3`.
    const name = `Table<${"x".repeat(100)}::${"y".repeat(40)}>`;
    expect(escaped(name)).toMatch(/^Table_3C_x{100}_3_[0-9a-f]{1,16}$/);
    expect(unescapeName(escaped(name))).toMatch(/^Table<x{100}_3_[0-9a-f]{1,16}$/);
  });
});
