import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { escapeName } from "../../src/btf/escape.ts";
import { type Btf, type BtfType, typeById, typesWithIds } from "../../src/btf/model.ts";
import { nameText } from "../../src/btf/names.ts";
import { correspond } from "../../src/join/correspond.ts";
import type { Correspondence } from "../../src/join/model.ts";
import { sameType } from "../../src/join/same-type.ts";
import { nameOf } from "../../src/lower/names.ts";
import { clang, compileC } from "../judges/c-object.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { C_TYPES } from "../lower/c-types.ts";
import { idOf, type ReadObject, readObject } from "../lower/objects.ts";
import { RUST_TYPES } from "../lower/rust-types.ts";
import { compileRust, rustc } from "../lower/rustc.ts";

const CORPUS = new URL("../../corpus", import.meta.url).pathname;
const decoder = new TextDecoder();

function joined(object: ReadObject, own: Btf = object.own): Correspondence {
  return correspond(object.elf, own, object.ext, object.lowered);
}

/** Own ids, with kind and name, that have no counterpart; FUNC_PROTO of a FUNC, DATASEC and tags have none by nature. */
function unpaired(own: Btf, correspondence: Correspondence): string[] {
  const protos = new Set(own.types.flatMap((type) => (type.kind === "func" ? [type.type] : [])));
  const missing = (id: number, type: BtfType): boolean => {
    if (type.kind === "var") return correspondence.variable(id) === undefined;
    if (type.kind === "func") return correspondence.function(id) === undefined;
    if (type.kind === "datasec" || type.kind === "declTag" || protos.has(id)) return false;
    return correspondence.loweredId(id) === undefined;
  };
  return [...typesWithIds(own)].flatMap(([id, type]) =>
    missing(id, type) ? [`${type.kind} ${nameText(own, type.nameOff)}`] : [],
  );
}

/** Name of the DIE behind an own id or member, escaped as in `.BTF`. */
function dieName(correspondence: Correspondence, id: number, member?: number): string | undefined {
  const row = correspondence.row(id, member);
  return row === undefined ? undefined : decoder.decode(escapeName(nameOf(correspondence.lowered.dwarf, row)));
}

function escaped(btf: Btf, nameOff: number): string {
  return decoder.decode(escapeName(new TextEncoder().encode(nameText(btf, nameOff))));
}

describe.each(["shapes", "shapes-linked", "aya"].filter((name) => existsSync(join(CORPUS, name))))(
  "corpus/%s",
  (folder) => {
    const files = readdirSync(join(CORPUS, folder)).filter((name) => name.endsWith(".o"));

    test.each(files)("%s: everything has its counterpart, member by member", (file) => {
      const object = readObject(join(CORPUS, folder, file));
      const correspondence = joined(object);
      expect(unpaired(object.own, correspondence)).toEqual([]);
      for (const [id, type] of typesWithIds(object.own)) {
        if (type.kind === "var")
          expect(correspondence.variable(id)?.symbolName).toBe(nameText(object.own, type.nameOff));
        if (type.kind === "func") expect(dieName(correspondence, id)).toBe(escaped(object.own, type.nameOff));
        if (type.kind !== "struct" && type.kind !== "union") continue;
        if (type.nameOff !== 0) expect(dieName(correspondence, id)).toBe(escaped(object.own, type.nameOff));
        for (const [index, member] of type.members.entries()) {
          if (member.nameOff === 0) continue;
          expect(dieName(correspondence, id, index)).toBe(escaped(object.own, member.nameOff));
        }
      }
    });
  },
);

/** Every `.maps` VAR gets the type of the next one, and the members of the structs that they had swap their types. */
function scrambled(own: Btf): Btf {
  const maps = own.types.flatMap((type) =>
    type.kind === "datasec" && nameText(own, type.nameOff) === ".maps" ? type.entries : [],
  );
  const vars = maps.map(({ type }) => type);
  const targets = vars.map((id) => {
    const type = typeById(own, id);
    return type?.kind === "var" ? type.type : 0;
  });
  const types = own.types.map((type, i): BtfType => {
    const nth = vars.indexOf(i + 1);
    if (type.kind === "var" && nth >= 0) return { ...type, type: targets[(nth + 1) % targets.length] ?? 0 };
    if (type.kind !== "struct" || !targets.includes(i + 1)) return type;
    const { members } = type;
    return {
      ...type,
      members: members.map((member, n) => ({ ...member, type: members[(n + 1) % members.length]?.type ?? 0 })),
    };
  });
  return { ...own, types };
}

describe("a scrambled .BTF", () => {
  const folder = join(CORPUS, "shapes");
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".bpfel.o")) : [];

  test.each(files)("%s: no wrong pair, and each variable keeps its own definition", (file) => {
    const object = readObject(join(folder, file));
    const intact = joined(object);
    const own = scrambled(object.own);
    const correspondence = joined(object, own);
    for (const [id, type] of typesWithIds(own)) {
      if (type.kind === "var") expect(correspondence.variable(id)).toEqual(intact.variable(id));
      const loweredId = correspondence.loweredId(id);
      // Either it is right, or it is not there.
      if (loweredId !== undefined) expect([undefined, loweredId]).toContain(intact.loweredId(id));
    }
  });
});

describe("LLVM's defects", () => {
  judgeTest(rustc())("do not hide the counterparts of the types around them", () => {
    const object = readObject(compileRust(RUST_TYPES));
    const { own, lowered } = object;
    const correspondence = joined(object);
    // Bound by name to b::Node, which it is not.
    expect(unpaired(own, correspondence)).toEqual(["ptr "]);
    const key = idOf(own, "struct", "Key");
    expect(correspondence.loweredId(key)).toBe(idOf(lowered.btf(), "struct", "Key"));
    const peer = idOf(own, "fwd", "Peer");
    const whole = idOf(lowered.btf(), "struct", "Peer");
    expect(correspondence.loweredId(peer)).toBe(whole);
    expect(correspondence.ownIds(whole)).toEqual([]);
    expect(sameType(own, peer, lowered.btf(), whole)).toBe(false);
    expect(sameType(own, peer, lowered.btf(), whole, { fwd: "equal" })).toBe(true);
    expect(sameType(own, key, lowered.btf(), idOf(lowered.btf(), "struct", "Key"))).toBe(false);
    const sample = idOf(own, "struct", "Sample");
    expect([0, 1, 2].map((i) => dieName(correspondence, sample, i))).toEqual(["tag", "when", "len"]);
    expect(sameType(own, sample, lowered.btf(), idOf(lowered.btf(), "struct", "Sample"))).toBe(true);
    // rustc gives types no place, but variables and functions.
    expect(correspondence.place(idOf(own, "var", "SAMPLE"))?.file).toMatch(/shape\.rs$/);
    const prog = correspondence.place(idOf(own, "func", "prog"));
    const line = RUST_TYPES.split("\n").findIndex((text) => text.includes("fn prog")) + 1;
    // compileRust puts two lines in front.
    expect(prog?.line).toBe(line + 2);
  });

  judgeTest(clang())("all type forms of C have their counterparts", () => {
    const object = readObject(compileC(C_TYPES));
    // An extern function has no place; tags are not looked at.
    expect(unpaired(object.own, joined(object))).toEqual(["func ext_fn"]);
  });
});
