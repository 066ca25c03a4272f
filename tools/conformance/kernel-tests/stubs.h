/* What the tables of the kernel's tests of BTF name, as far as they are compiled: none of it is ever run but the macros. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
typedef struct Elf Elf; typedef struct Elf_Scn Elf_Scn; typedef struct Elf_Data Elf_Data;
typedef struct { int sh_name; } GElf_Shdr; typedef struct { int e_shstrndx; } GElf_Ehdr;
enum { EV_CURRENT = 1, EV_NONE = 0, ELF_C_READ = 1 };
#define ARRAY_SIZE(a) (sizeof(a) / sizeof *(a))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define min(a, b) ((a) < (b) ? (a) : (b))
#define _CHECK(failed, tag, duration, ...) (!!(failed))
#define CHECK(failed, ...) (!!(failed))
#define ptr_to_u64(p) ((__u64)(unsigned long)(p))
#define u64_to_ptr(n) ((void *)(unsigned long)(n))
#define IS_ERR(p) ((unsigned long)(p) > -4096UL)
#define ERR_PTR(n) ((void *)(long)(n))
#define PTR_ERR(p) ((long)(p))
#define BPF_LINE_INFO_LINE_NUM(n) ((n) >> 10)
#define BPF_LINE_INFO_LINE_COL(n) ((n) & 0x3ff)
#define roundup(n, to) ((((n) + (to) - 1) / (to)) * (to))
#define INSN(o, d, s, f, i) ((struct bpf_insn){ .code = (o), .dst_reg = (d), .src_reg = (s), .off = (f), .imm = (i) })
#define BPF_MOV64_IMM(d, i) INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define BPF_MOV64_REG(d, s) INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define BPF_ALU64_IMM(o, d, i) INSN(BPF_ALU64 | BPF_OP(o) | BPF_K, d, 0, 0, i)
#define BPF_ALU64_REG(o, d, s) INSN(BPF_ALU64 | BPF_OP(o) | BPF_X, d, s, 0, 0)
#define BPF_EXIT_INSN() INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define BPF_CALL_REL(t) INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, t)
#define BPF_RAW_INSN(o, d, s, f, i) INSN(o, d, s, f, i)
#define BPF_EMIT_CALL(f) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, f)
#define BPF_JMP_IMM(o, d, i, f) INSN(BPF_JMP | BPF_OP(o) | BPF_K, d, 0, f, i)
#define BPF_JMP_REG(o, d, s, f) INSN(BPF_JMP | BPF_OP(o) | BPF_X, d, s, f, 0)
#define BPF_JMP_A(f) INSN(BPF_JMP | BPF_JA, 0, 0, f, 0)
#define BPF_LDX_MEM(z, d, s, f) INSN(BPF_LDX | BPF_SIZE(z) | BPF_MEM, d, s, f, 0)
#define BPF_STX_MEM(z, d, s, f) INSN(BPF_STX | BPF_SIZE(z) | BPF_MEM, d, s, f, 0)
#define BPF_ST_MEM(z, d, f, i) INSN(BPF_ST | BPF_SIZE(z) | BPF_MEM, d, 0, f, i)
#define BPF_LD_IMM64(d, n) INSN(BPF_LD | BPF_DW | BPF_IMM, d, 0, 0, (__u32)(n)), INSN(0, 0, 0, 0, (__u64)(n) >> 32)
#define BPF_LD_MAP_FD(d, n) INSN(BPF_LD | BPF_DW | BPF_IMM, d, BPF_PSEUDO_MAP_FD, 0, n), INSN(0, 0, 0, 0, 0)
int test__start_subtest(const char *name); unsigned int bpf_num_possible_cpus(void);
enum verbosity { VERBOSE_NONE };
static struct { enum verbosity verbosity; } env;
