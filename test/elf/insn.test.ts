import { expect } from "vitest";
import { codeView, effectOf, insnAt } from "../../src/elf/insn.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { kernel, kernelProgLoad } from "../judges/kernel.ts";
import { answer } from "../judges/run.ts";
import { code, EXIT, type Insn, move } from "../object.ts";

/** Instructions on r2 (target) and r3 (source), or on what they name; `memory`: the target or source is an address. */
const SAMPLES: readonly { readonly about: string; readonly insns: readonly Insn[]; readonly address?: number }[] = [
  { about: "r2 = r3", insns: [[0xbf, 0x32, 0, 0]] },
  { about: "r2 = 7", insns: [[0xb7, 0x02, 0, 7]] },
  { about: "r2 += r3", insns: [[0x0f, 0x32, 0, 0]] },
  { about: "w2 += 7", insns: [[0x04, 0x02, 0, 7]] },
  { about: "r2 = -r2", insns: [[0x87, 0x02, 0, 0]] },
  { about: "r2 = be16 r2", insns: [[0xdc, 0x02, 0, 16]] },
  {
    about: "r2 = 7 ll",
    insns: [
      [0x18, 0x02, 0, 7],
      [0, 0, 0, 0],
    ],
  },
  { about: "r2 = *(u8 *)(r3 + 0)", insns: [[0x71, 0x32, 0, 0]], address: 3 },
  { about: "*(u64 *)(r2 + 0) = 7", insns: [[0x7a, 0x02, 0, 7]], address: 2 },
  { about: "*(u64 *)(r2 + 0) = r3", insns: [[0x7b, 0x32, 0, 0]], address: 2 },
  { about: "lock *(u64 *)(r2 + 0) += r3", insns: [[0xdb, 0x32, 0, 0]], address: 2 },
  { about: "r3 = atomic_fetch_add((u64 *)(r2 + 0), r3)", insns: [[0xdb, 0x32, 0, 1]], address: 2 },
  { about: "r3 = xchg((u64 *)(r2 + 0), r3)", insns: [[0xdb, 0x32, 0, 0xe1]], address: 2 },
  { about: "r0 = cmpxchg((u64 *)(r2 + 0), r0, r3)", insns: [[0xdb, 0x32, 0, 0xf1]], address: 2 },
  { about: "if r2 == r3 goto +0", insns: [[0x1d, 0x32, 0, 0]] },
  { about: "if w2 > 7 goto +0", insns: [[0x26, 0x02, 0, 7]] },
  { about: "goto +0", insns: [[0x05, 0, 0, 0]] },
  { about: "call get_prandom_u32", insns: [[0x85, 0, 0, 7]] },
];

/** Eight zeroed bytes of the stack, and every register but one a number, one of them that address. */
function setUp(missing: number | undefined, address: number | undefined): readonly Insn[] {
  const insns: Insn[] = [[0x7a, 10, -8, 0]];
  for (let register = 0; register <= 5; register++) {
    if (register === missing) continue;
    if (register === address) insns.push([0xbf, register | 0xa0, 0, 0], [0x07, register, 0, -8]);
    else insns.push(move(register, 1));
  }
  return insns;
}

/** The verifier's last words, "" if it takes the program. */
function refusal(insns: readonly Insn[]): string {
  const { errno, log } = answer(kernelProgLoad({ type: 1, insns: code(insns) }));
  return errno === 0 ? "" : log;
}

judgeTest(kernel())("instructions read and write the registers that the verifier says", () => {
  for (const { about, insns, address } of SAMPLES) {
    const bytes = code(insns);
    const { reads, writes } = effectOf(insnAt(codeView(bytes), 0, true));
    for (const register of [0, 2, 3]) {
      const isRead = (reads & (1 << register)) !== 0;
      const unset = refusal([...setUp(register, address), ...insns, move(0, 0), EXIT]);
      expect([about, register, unset.includes(`R${register} !read_ok`)]).toEqual([about, register, isRead]);
      if (isRead) continue;
      // Unset before and not read: it is set afterwards if the instruction has written it.
      const after = refusal([...setUp(register, address), ...insns, [0xbf, register << 4, 0, 0], move(0, 0), EXIT]);
      const isGone = about.startsWith("call") && register !== 0;
      const isWritten = (writes & (1 << register)) !== 0 && !isGone;
      expect([about, register, after.includes(`R${register} !read_ok`)]).toEqual([about, register, !isWritten]);
    }
  }
});
