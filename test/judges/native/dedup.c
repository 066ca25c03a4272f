/*
 * libbpf's btf__dedup as judge, for many blobs in one run. Compiled twice, against libbpf-sys's libbpf 1.7 and against
 * Debian's 1.1, hence only calls that both have.
 *
 *   dedup IN OUT
 *
 * IN holds, blob after blob: u32 length of .BTF, u32 length of .BTF.ext (0: none), the bytes of both. OUT holds for each:
 * i32 0 or the negative errno, u32 lengths of both results, their bytes, u32 microseconds that btf__dedup took. Words are
 * in the machine's byte order.
 */
#define _GNU_SOURCE
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* libbpf 1.1 declares the new name, but has the old one; a static 1.7 has both. */
const void *btf_ext__get_raw_data(const struct btf_ext *ext, uint32_t *size);

static int silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level, (void)format, (void)args;
	return 0;
}

static uint8_t *read_whole(const char *path, size_t *size)
{
	FILE *in = fopen(path, "rb");
	uint8_t *bytes = NULL;
	long end;

	if (in && fseek(in, 0, SEEK_END) == 0 && (end = ftell(in)) >= 0 && fseek(in, 0, SEEK_SET) == 0) {
		*size = (size_t)end;
		bytes = malloc(*size + 1);
		if (bytes && fread(bytes, 1, *size, in) != *size)
			bytes = NULL;
	}
	if (in)
		fclose(in);
	return bytes;
}

static void put_word(FILE *out, uint32_t word)
{
	fwrite(&word, sizeof(word), 1, out);
}

static uint32_t microseconds(const struct timespec *from, const struct timespec *to)
{
	return (uint32_t)((to->tv_sec - from->tv_sec) * 1000000 + (to->tv_nsec - from->tv_nsec) / 1000);
}

static void judge(FILE *out, const void *btf_bytes, uint32_t btf_len, const void *ext_bytes, uint32_t ext_len)
{
	LIBBPF_OPTS(btf_dedup_opts, opts);
	struct timespec from = { 0 }, to = { 0 };
	struct btf *btf = btf__new(btf_bytes, btf_len);
	struct btf_ext *ext = NULL;
	const void *btf_out = NULL, *ext_out = NULL;
	uint32_t btf_size = 0, ext_size = 0;
	int err = btf ? 0 : -errno;

	if (!err && ext_len) {
		ext = btf_ext__new(ext_bytes, ext_len);
		err = ext ? 0 : -errno;
	}
	if (!err) {
		opts.btf_ext = ext;
		clock_gettime(CLOCK_MONOTONIC, &from);
		err = btf__dedup(btf, &opts);
		clock_gettime(CLOCK_MONOTONIC, &to);
	}
	if (!err) {
		btf_out = btf__raw_data(btf, &btf_size);
		ext_out = ext ? btf_ext__get_raw_data(ext, &ext_size) : NULL;
	}
	put_word(out, (uint32_t)err);
	put_word(out, btf_out ? btf_size : 0);
	put_word(out, ext_out ? ext_size : 0);
	if (btf_out)
		fwrite(btf_out, 1, btf_size, out);
	if (ext_out)
		fwrite(ext_out, 1, ext_size, out);
	put_word(out, microseconds(&from, &to));
	btf_ext__free(ext);
	btf__free(btf);
}

int main(int argc, char **argv)
{
	size_t size = 0, at = 0;
	uint8_t *in;
	FILE *out;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("%s\n", libbpf_version_string());
		return 0;
	}
	if (argc != 3) {
		fprintf(stderr, "usage: dedup IN OUT\n");
		return 2;
	}
	libbpf_set_print(silent);
	in = read_whole(argv[1], &size);
	out = fopen(argv[2], "wb");
	if (!in || !out) {
		perror("dedup");
		return 1;
	}
	while (size - at >= 8) {
		uint32_t lengths[2];

		memcpy(lengths, in + at, sizeof(lengths));
		at += sizeof(lengths);
		if (lengths[0] > size - at || lengths[1] > size - at - lengths[0]) {
			fprintf(stderr, "dedup: a blob ends past the file\n");
			return 1;
		}
		judge(out, in + at, lengths[0], in + at + lengths[0], lengths[1]);
		at += lengths[0] + lengths[1];
	}
	free(in);
	return fclose(out) == 0 ? 0 : 1;
}
