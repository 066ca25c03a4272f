/*
 * Listens to what libbpf asks of bpf(): every BTF and every program as the kernel is given them. It can pretend that the kernel knows fewer
 * kinds of types than it does, which makes libbpf rewrite BTF, that it takes every program, so that libbpf comes to the next, and that it
 * creates no map.
 */
#ifndef BTF_FIX_JUDGE_TAP_H
#define BTF_FIX_JUDGE_TAP_H

#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "json.h"

static FILE *tap_out; /* NULL: nothing is noted */
static bool tap_any, tap_quiet, tap_takes_all;
static unsigned int tap_max_kind = UINT32_MAX;
static int tap_map_errno; /* with which no map is created; 0: maps are the kernel's to create */

static long tap_raw(long number, const long *a)
{
#if defined(__x86_64__)
	register long d __asm__("r10") = a[3], e __asm__("r8") = a[4], f __asm__("r9") = a[5];
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(d), "r"(e), "r"(f)
			 : "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long x0 __asm__("x0") = a[0], x1 __asm__("x1") = a[1], x2 __asm__("x2") = a[2];
	register long x3 __asm__("x3") = a[3], x4 __asm__("x4") = a[4], x5 __asm__("x5") = a[5];
	register long x8 __asm__("x8") = number;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5), "r"(x8) : "memory");
	return x0;
#else
#error "how are system calls made here?"
#endif
}

static void tap_hex(const char *key, uint64_t address, size_t size)
{
	const unsigned char *bytes = (const unsigned char *)(uintptr_t)address;
	size_t i;

	fprintf(tap_out, ",\"%s\":\"", key);
	for (i = 0; bytes != NULL && i < size; i++)
		fprintf(tap_out, "%02x", bytes[i]);
	fputc('"', tap_out);
}

static void tap_note(int command, const union bpf_attr *attr)
{
	fputs(tap_any ? "," : "", tap_out);
	tap_any = true;
	if (command == BPF_BTF_LOAD) {
		fputs("{\"command\":\"btf\"", tap_out);
		tap_hex("bytes", attr->btf, attr->btf_size);
	} else {
		fputs("{\"command\":\"program\",\"name\":", tap_out);
		json_bytes(tap_out, attr->prog_name, strnlen(attr->prog_name, sizeof(attr->prog_name)));
		tap_hex("insns", attr->insns, 8 * (size_t)attr->insn_cnt);
		fprintf(tap_out, ",\"hasBtf\":%s", attr->prog_btf_fd > 0 ? "true" : "false");
		fprintf(tap_out, ",\"funcSize\":%u,\"lineSize\":%u", attr->func_info_rec_size, attr->line_info_rec_size);
		tap_hex("funcs", attr->func_info, (size_t)attr->func_info_rec_size * attr->func_info_cnt);
		tap_hex("lines", attr->line_info, (size_t)attr->line_info_rec_size * attr->line_info_cnt);
	}
	fputc('}', tap_out);
}

/* Whether the pretended kernel knows the BTF's kinds, and the names of its sections. */
static bool tap_is_known(const union bpf_attr *attr)
{
	struct btf *btf;
	bool known = true;
	__u32 id;

	tap_quiet = true;
	btf = btf__new((const void *)(uintptr_t)attr->btf, attr->btf_size);
	for (id = 1; btf != NULL && id < btf__type_cnt(btf); id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);
		const char *name = btf__name_by_offset(btf, type->name_off);

		if (btf_kind(type) > tap_max_kind || (btf_is_datasec(type) && name != NULL && name[0] == '?'))
			known = false;
	}
	btf__free(btf);
	tap_quiet = false;
	return known;
}

/* In the place of the C library's, through which libbpf makes all calls of bpf(). */
long syscall(long number, ...)
{
	union bpf_attr attr;
	va_list args;
	long a[6], result;
	int i;

	va_start(args, number);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	memset(&attr, 0, sizeof(attr));
	/* What lies behind the size that libbpf tells is not set. */
	if (number == __NR_bpf)
		memcpy(&attr, (const void *)a[1], (size_t)a[2] < sizeof(attr) ? (size_t)a[2] : sizeof(attr));
	if (number == __NR_bpf && tap_out != NULL && (a[0] == BPF_BTF_LOAD || a[0] == BPF_PROG_LOAD))
		tap_note((int)a[0], &attr);
	if (number == __NR_bpf && a[0] == BPF_BTF_LOAD && tap_max_kind != UINT32_MAX && !tap_is_known(&attr))
		result = -EINVAL;
	else if (number == __NR_bpf && a[0] == BPF_MAP_CREATE && tap_map_errno != 0)
		result = -tap_map_errno;
	else
		result = tap_raw(number, a);
	if (number == __NR_bpf && a[0] == BPF_PROG_LOAD && tap_takes_all && result < 0)
		result = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (result >= 0 || result < -4095)
		return result;
	errno = (int)-result;
	return -1;
}

#endif
