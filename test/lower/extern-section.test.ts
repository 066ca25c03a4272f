import { describe, expect } from "vitest";
import { clang, compileC } from "../judges/c-object.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { emittedSections, oldSections, readElf, writtenSections } from "./emitted.ts";

const ksym = `__attribute__((section(".ksyms")))`;
const kconfig = `__attribute__((section(".kconfig")))`;

/** Externs as libbpf takes them, and what makes the object one that is to be loaded. */
const TOLD = {
  "an option of the kernel": `extern int CONFIG_HZ ${kconfig}; int f(void) { return CONFIG_HZ; }`,
  "a value that libbpf makes up": `extern int LINUX_KERNEL_VERSION ${kconfig}; int f(void) { return LINUX_KERNEL_VERSION; }`,
  "an address": `extern const void vfs_read ${ksym}; long f(void) { return (long)&vfs_read; }`,
  "a variable of the kernel, in a program": `extern int nr ${ksym}; SEC("tc") int f(void *ctx) { return nr; }`,
  "a function of the kernel, in a program": `extern int kfunc(int) ${ksym}; SEC("tc") int f(void *ctx) { return kfunc(1); }`,
  "a variable of another object": `extern int nr; int f(void) { return nr; }`,
  "a function of another object": `extern int other(int); int f(void) { return other(1); }`,
};

/** Where the rule errs. */
const MISTAKEN = {
  "a program that calls a function of another object": `extern int other(int); SEC("tc") int f(void *ctx) { return other(1); }`,
  "a function of the kernel, in a part of a program": `extern int kfunc(int) ${ksym}; int f(void) { return kfunc(1); }`,
  "a section that no loader knows": `extern int nr __attribute__((section("abc"))); SEC("tc") int f(void *ctx) { return nr; }`,
};

// The expectation is what clang wrote.
describe("the section of an extern", () => {
  const fromDwarf = (source: string): readonly [string | undefined, string | undefined] => {
    const elf = readElf(compileC(source));
    return [emittedSections(elf, { from: "dwarf", old: oldSections(elf) }).btf, writtenSections(elf).btf];
  };

  for (const [name, source] of Object.entries(TOLD)) {
    judgeTest(clang())(`is told for ${name}`, () => {
      const [ours, written] = fromDwarf(source);
      expect(ours).toBe(written);
    });
  }

  for (const [name, source] of Object.entries(MISTAKEN)) {
    judgeTest(clang())(`is not told for ${name}, but taken from the second witness`, () => {
      const [ours, written] = fromDwarf(source);
      expect(ours).not.toBe(written);
      const elf = readElf(compileC(source));
      expect(emittedSections(elf, { from: "both", old: oldSections(elf) })).toEqual(writtenSections(elf));
    });
  }
});
