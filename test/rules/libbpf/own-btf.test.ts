import { expect, test } from "vitest";
import { BASE_SIZE, recordSize } from "../../../src/btf/kind.ts";
import { parseBtf } from "../../../src/btf/parse.ts";
import { parseElf } from "../../../src/elf/parse.ts";
import { sectionNamed } from "../../../src/elf/symbols.ts";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import { libbpfVerdict } from "../../../src/rules/libbpf/verdict.ts";
import { drawObject } from "./draft.ts";
import { SANITISE_OBJECTS } from "./sanitise-cases.ts";
import { btfWeSend } from "./sent.ts";

/** The object with bits set in the `info` of the type with this id. */
function withInfo(id: number, bits: number): Uint8Array {
  const bytes = drawObject();
  const section = sectionNamed(parseElf(bytes), ".BTF");
  if (section === undefined) throw new Error("an object has a .BTF");
  const before = parseBtf(section.bytes).types.slice(0, id - 1);
  const at = before.reduce((end, type) => end + recordSize(type), section.offset + 24) + BASE_SIZE - 8;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setUint32(at, (view.getUint32(at, true) | bits) >>> 0, true);
  return bytes;
}

// The campaign of test/rules/loaders compares such objects with the real one ("BTF info").
test.each([1 << 16, 1 << 23, 1 << 29, 1 << 30])(
  "bits %d of info are nothing to libbpf, and a kernel refuses them",
  (bits) => {
    const { types } = parseBtf(sectionNamed(parseElf(drawObject()), ".BTF")?.bytes ?? new Uint8Array(0));
    for (let id = 1; id <= types.length; id++) {
      const object = withInfo(id, bits);
      const before = object.slice();
      const elf = parseElf(object);
      for (const version of ["1.7", "1.1"] as const) {
        const verdict = libbpfVerdict(elf, version, KERNEL_PROFILES["6.18"]);
        expect(verdict).toMatchObject({ accepted: true, btf: { accepted: false, rule: "KT-03", typeId: id } });
        expect(verdict?.maps.every(({ created, withIds }) => created && !withIds)).toBe(true);
      }
      expect(object).toEqual(before);
    }
  },
);

test("what one version sends of an object is not taken for what another does", () => {
  for (const bytes of SANITISE_OBJECTS) {
    const both = parseElf(bytes);
    for (const version of ["1.7", "1.1"] as const) {
      for (const kernel of [KERNEL_PROFILES["5.10"], KERNEL_PROFILES["6.18"]]) {
        expect(btfWeSend(both, kernel, version)).toEqual(btfWeSend(parseElf(bytes), kernel, version));
      }
    }
  }
});
