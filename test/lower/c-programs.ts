/** Numbers without end, from which a program is made; equal numbers make equal programs. */
export type Numbers = Iterator<number>;

const SCALARS = [
  "int",
  "u32",
  "u64",
  "char",
  "unsigned char",
  "short",
  "_Bool",
  "enum e",
  "long",
  "float",
  "_Atomic int",
];

/** What has been declared so far. */
interface Program {
  readonly lines: string[];
  readonly structs: string[];
  readonly variables: string[];
  readonly maps: string[];
  readonly externs: string[];
  readonly functions: string[];
  /** Whether externs ask for the section that libbpf wants them in. */
  readonly sections: boolean;
  /** Below the bound. */
  below(bound: number): number;
  pick(words: readonly string[]): string;
}

/**
 * C for BPF with types, globals of every linkage, maps, externs, string literals and functions that use them, in any order. It goes
 * behind the prelude of `compileC`.
 */
export function cProgram(numbers: Numbers): string {
  const below = (bound: number): number => Number(numbers.next().value ?? 0) % bound;
  const program: Program = {
    lines: [`enum e { NONE, SOME = ${below(100)} };`, "static long (*printk)(const char *, u32, ...) = (void *)6;"],
    structs: [],
    variables: [],
    maps: [],
    externs: [],
    functions: [],
    sections: below(14) !== 0,
    below,
    pick: (words) => words[below(words.length)] ?? "",
  };
  for (let left = 1 + below(4); left > 0; left--) addStruct(program);
  for (let left = 4 + below(10); left > 0; left--) addDeclaration(program, left);
  program.lines.push(`SEC("xdp") int last(void *ctx) {\n  int acc = 1;\n  ${body(program, "last")}\n  return acc;\n}`);
  return program.lines.join("\n");
}

function type({ below, pick, structs }: Program): string {
  const form = structs.length === 0 ? 0 : below(10);
  if (form < 6) return pick(SCALARS);
  return form < 8 ? `struct ${pick(structs)}` : `struct ${pick(structs)} *`;
}

function addStruct(program: Program): void {
  const { below, pick, structs, lines } = program;
  const name = `s${structs.length}`;
  const members: string[] = [];
  for (let m = 1 + below(5); m > 0; m--) {
    const forms = [
      `u32 m${m} : ${1 + below(31)};`,
      `struct ${name} *m${m};`,
      `${type(program)} m${m}[${1 + below(5)}][2];`,
      `union { int a${m}; ${pick(SCALARS)} b${m}; };`,
      `struct later${below(3)} *m${m};`,
      `int (*m${m})(struct ${name} *, ${pick(SCALARS)});`,
      `const volatile ${pick(SCALARS)} *m${m};`,
      `void __attribute__((btf_type_tag("t${below(2)}"))) *m${m};`,
      `${type(program)} m${m} __attribute__((btf_decl_tag("d${below(2)}")));`,
    ];
    members.push(pick(forms));
  }
  lines.push(`struct ${name} { ${members.join(" ")} };`);
  structs.push(name);
}

function addDeclaration(program: Program, n: number): void {
  const { below, pick, lines, variables, maps, externs, functions, structs, sections } = program;
  const context = pick(["void *ctx", ...structs.map((name) => `struct ${name} *ctx`)]);
  const section = pick(["xdp", "tc", "kprobe/x"]);
  switch (below(9)) {
    case 0:
      lines.push(`${pick(["", "volatile ", "const volatile "])}int v${n} = ${below(3)};`);
      break;
    case 1:
      lines.push(`${type(program)} v${n};`);
      break;
    case 2:
      lines.push(`static ${pick(SCALARS)} v${n}${pick(["", " = 3"])};`);
      break;
    case 3:
      lines.push(`${pick(["int", "u64", "char"])} v${n}[${1 + below(9)}]${pick(["", " = {1}"])};`);
      break;
    case 4:
      lines.push(`struct { __uint(type, 1); __type(key, u32); __type(value, ${type(program)}); } m${n} SEC(".maps");`);
      maps.push(`m${n}`);
      return;
    case 5: {
      const [name, section] = below(2) === 0 ? [`CONFIG_${n}`, ".kconfig"] : [`x${n}`, ".ksyms"];
      const weak = pick(["", " __attribute__((weak))"]);
      lines.push(`extern ${pick(["int", "u64"])} ${name}${weak}${sections ? attribute(section) : ""};`);
      externs.push(name);
      return;
    }
    case 6:
      lines.push(`extern int f${n}(int)${sections ? attribute(".ksyms") : ""};`);
      functions.push(`f${n}`);
      return;
    case 7: {
      const kind = pick(["noinline", "always_inline"]);
      lines.push(`static __attribute__((${kind})) int f${n}(int acc) {\n  ${body(program, n)}\n  return acc * 3;\n}`);
      functions.push(`f${n}`);
      return;
    }
    default:
      lines.push(`SEC("${section}") int p${n}(${context}) {\n  int acc = 2;\n  ${body(program, n)}\n  return acc;\n}`);
      return;
  }
  variables.push(`v${n}`);
}

function attribute(section: string): string {
  return ` __attribute__((section("${section}")))`;
}

function body({ below, pick, variables, maps, externs, functions }: Program, name: string | number): string {
  const statements: string[] = [];
  const place = (): string => `*(${pick(["", "volatile "])}char *)&${pick(variables)}`;
  for (let k = 1 + below(5); k > 0; k--) {
    const forms = [
      `printk("text ${name} ${k}", ${12 + below(3)}, acc);`,
      `{ static int kept${k};\n  kept${k} += acc;\n  acc ^= kept${k}; }`,
      ...(variables.length > 0
        ? [
            `acc += ${place()};`,
            `acc += ${place()} * ${place()} + ${place()};`,
            `${place()} ${pick(["=", "+="])} ${place()} - ${place()};`,
            `acc ^= (${place()})++ + ${place()};`,
          ]
        : []),
      ...(maps.length > 0 ? [`{ u32 k = ${k};\n  int *v = lookup(&${pick(maps)}, &k);\n  if (v) acc += *v; }`] : []),
      ...(externs.length > 0 ? [`acc += ${pick(externs)};`] : []),
      ...(functions.length > 0 ? [`acc += ${pick(functions)}(acc);`] : []),
    ];
    statements.push(pick(forms));
  }
  return statements.join("\n  ");
}
