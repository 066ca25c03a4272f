/*
 * The running kernel as judge: BPF_BTF_LOAD, BPF_MAP_CREATE and BPF_PROG_LOAD by system call, without any library between.
 *
 *   kernel btf-load FILE...            one JSON line per blob
 *   kernel btf-load --stream           blobs on stdin, each after its length as a little-endian u32
 *   kernel map-create BTF --stream     one line "name=number,..." on stdin per map
 *   kernel prog-load --stream          programs on stdin, each after a head of little-endian u32; see stream_program()
 *
 * Nothing outlives the process: every descriptor is closed, nothing is pinned.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "json.h"

#define LOG_SIZE (16u << 20)
#define LOG_SHOWN (256u << 10)
#define BLOB_LIMIT (64u << 20)

struct bytes {
	char *data;
	uint32_t size;
};

static char *log_buffer;

static void die(const char *what)
{
	fprintf(stderr, "kernel judge: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* The descriptor, or the negated errno. EAGAIN only says that a signal came in between. */
static int sys_bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
	int fd, tries;

	for (tries = 0; tries < 10; tries++) {
		fd = (int)syscall(__NR_bpf, cmd, attr, sizeof(*attr));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd >= 0 ? fd : -errno;
}

static struct bytes read_file(const char *path)
{
	struct bytes b = { NULL, 0 };
	struct stat st;
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0)
		die(path);
	if (st.st_size > BLOB_LIMIT) {
		errno = EFBIG;
		die(path);
	}
	b.data = malloc((size_t)st.st_size + 1);
	if (b.data == NULL)
		die("malloc");
	while (b.size < (uint32_t)st.st_size) {
		got = read(fd, b.data + b.size, (size_t)st.st_size - b.size);
		if (got <= 0)
			die(path);
		b.size += (uint32_t)got;
	}
	close(fd);
	return b;
}

/* Loads a blob; log_level 0 is the verdict, level 1 fills log_buffer with the reason. */
static int btf_load(struct bytes blob, uint32_t log_level)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.btf = (uintptr_t)blob.data;
	attr.btf_size = blob.size;
	if (log_level != 0) {
		log_buffer[0] = '\0';
		attr.btf_log_buf = (uintptr_t)log_buffer;
		attr.btf_log_size = LOG_SIZE;
		attr.btf_log_level = log_level;
	}
	return sys_bpf(BPF_BTF_LOAD, &attr);
}

static void judge_blob(struct bytes blob)
{
	int fd = btf_load(blob, 0), err = fd < 0 ? -fd : 0, second;

	printf("{\"errno\":%d,\"log\":", err);
	log_buffer[0] = '\0';
	if (fd >= 0) {
		close(fd);
	} else {
		second = btf_load(blob, 1);
		if (second >= 0)
			close(second);
	}
	json_tail(stdout, log_buffer, LOG_SHOWN);
	puts("}");
}

static int cmd_btf_load(int argc, char **argv)
{
	int i;

	if (argc == 1 && strcmp(argv[0], "--stream") == 0) {
		unsigned char head[4];

		while (fread(head, 1, 4, stdin) == 4) {
			struct bytes blob = { NULL, head[0] | head[1] << 8 | head[2] << 16 | (uint32_t)head[3] << 24 };

			if (blob.size > BLOB_LIMIT) {
				errno = EFBIG;
				die("stream");
			}
			blob.data = malloc(blob.size + 1);
			if (blob.data == NULL || fread(blob.data, 1, blob.size, stdin) != blob.size)
				die("stream");
			judge_blob(blob);
			free(blob.data);
		}
		return 0;
	}
	for (i = 0; i < argc; i++) {
		struct bytes blob = read_file(argv[i]);

		judge_blob(blob);
		free(blob.data);
	}
	return 0;
}

/* The value of `key` in "a=1,b=2", or `fallback`. */
static uint64_t spec_number(const char *spec, const char *key, uint64_t fallback)
{
	size_t n = strlen(key);
	const char *at;

	for (at = spec; at != NULL && *at != '\0'; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
		if (strncmp(at, key, n) == 0 && at[n] == '=')
			return strtoull(at + n + 1, NULL, 0);
	return fallback;
}

/* The model of a map of maps' inner maps: as the spec says with inner_type=... and so on, or `fallback`; without=1 is none at all. */
static int inner_map(const char *spec, int fallback)
{
	union bpf_attr attr;

	if (spec_number(spec, "inner_without", 0) != 0)
		return -1;
	memset(&attr, 0, sizeof(attr));
	attr.map_type = (uint32_t)spec_number(spec, "inner_type", 0);
	if (attr.map_type == 0)
		return fallback;
	attr.key_size = (uint32_t)spec_number(spec, "inner_key_size", 0);
	attr.value_size = (uint32_t)spec_number(spec, "inner_value_size", 0);
	attr.max_entries = (uint32_t)spec_number(spec, "inner_max_entries", 0);
	attr.map_flags = (uint32_t)spec_number(spec, "inner_map_flags", 0);
	if (attr.map_type == BPF_MAP_TYPE_ARRAY_OF_MAPS || attr.map_type == BPF_MAP_TYPE_HASH_OF_MAPS)
		attr.inner_map_fd = (uint32_t)fallback;
	return sys_bpf(BPF_MAP_CREATE, &attr);
}

static int map_create(const char *spec, int btf_fd, int default_inner)
{
	union bpf_attr attr;
	int fd, inner_fd = inner_map(spec, default_inner);

	memset(&attr, 0, sizeof(attr));
	attr.map_type = (uint32_t)spec_number(spec, "type", 0);
	attr.key_size = (uint32_t)spec_number(spec, "key_size", 0);
	attr.value_size = (uint32_t)spec_number(spec, "value_size", 0);
	attr.max_entries = (uint32_t)spec_number(spec, "max_entries", 0);
	attr.map_flags = (uint32_t)spec_number(spec, "map_flags", 0);
	attr.map_extra = spec_number(spec, "map_extra", 0);
	if (attr.map_type == BPF_MAP_TYPE_ARRAY_OF_MAPS || attr.map_type == BPF_MAP_TYPE_HASH_OF_MAPS)
		attr.inner_map_fd = (uint32_t)inner_fd;
	if (btf_fd >= 0) {
		attr.btf_fd = (uint32_t)btf_fd;
		attr.btf_key_type_id = (uint32_t)spec_number(spec, "key_id", 0);
		attr.btf_value_type_id = (uint32_t)spec_number(spec, "value_id", 0);
	}
	fd = sys_bpf(BPF_MAP_CREATE, &attr);
	if (fd >= 0)
		close(fd);
	if (inner_fd >= 0 && inner_fd != default_inner)
		close(inner_fd);
	return fd < 0 ? -fd : 0;
}

static void judge_map(const char *spec, int btf_fd, int inner_fd)
{
	printf("{\"btfErrno\":%d,\"withIds\":", btf_fd < 0 ? -btf_fd : 0);
	if (btf_fd < 0)
		fputs("null", stdout);
	else
		printf("%d", map_create(spec, btf_fd, inner_fd));
	printf(",\"withoutIds\":%d}\n", map_create(spec, -1, inner_fd));
}

static int cmd_map_create(const char *btf_path)
{
	union bpf_attr inner;
	char line[1024];
	int btf_fd, inner_fd;

	btf_fd = btf_load(read_file(btf_path), 0);
	/* The model of what a map of maps holds, where the line names none. */
	memset(&inner, 0, sizeof(inner));
	inner.map_type = BPF_MAP_TYPE_ARRAY;
	inner.key_size = inner.value_size = 4;
	inner.max_entries = 1;
	inner_fd = sys_bpf(BPF_MAP_CREATE, &inner);
	while (fgets(line, sizeof(line), stdin) != NULL)
		judge_map(line, btf_fd, inner_fd);
	return 0;
}

/* Loads a program, and as control the same without BTF and records, which tells a fault of the instructions from one of the records. */
static void judge_program(const union bpf_attr *attr, int btf_errno)
{
	union bpf_attr control, asked = *attr, again = *attr;
	int fd, second;
	uint32_t written = 0;

	memset(&control, 0, sizeof(control));
	control.prog_type = attr->prog_type;
	control.expected_attach_type = attr->expected_attach_type;
	control.insns = attr->insns;
	control.insn_cnt = attr->insn_cnt;
	control.license = attr->license;
	/* The kernel writes into what it is given, so every call has attributes of its own. */
	fd = sys_bpf(BPF_PROG_LOAD, &asked);
	log_buffer[0] = '\0';
	if (fd < 0) {
		again.log_buf = (uintptr_t)log_buffer;
		again.log_size = LOG_SIZE;
		again.log_level = 1;
		second = sys_bpf(BPF_PROG_LOAD, &again);
		if (second >= 0)
			close(second);
	} else {
		close(fd);
	}
	if (asked.func_info_rec_size != attr->func_info_rec_size)
		written = asked.func_info_rec_size;
	else if (asked.line_info_rec_size != attr->line_info_rec_size)
		written = asked.line_info_rec_size;
	else if (asked.core_relo_rec_size != attr->core_relo_rec_size)
		written = asked.core_relo_rec_size;
	second = sys_bpf(BPF_PROG_LOAD, &control);
	if (second >= 0)
		close(second);
	printf("{\"btfErrno\":%d,\"errno\":%d,\"controlErrno\":%d,\"written\":%u,\"log\":", btf_errno, fd < 0 ? -fd : 0,
	       second < 0 ? -second : 0, written);
	json_tail(stdout, log_buffer, LOG_SHOWN);
	puts("}");
}

static __u64 read_block(uint32_t size)
{
	char *data;

	if (size > BLOB_LIMIT || (data = malloc(size + 1)) == NULL || fread(data, 1, size, stdin) != size)
		die("stream");
	return (uintptr_t)data;
}

/*
 * One program of a stream. Head: type, attach type, bytes of the instructions, of the license (0 for none, which is GPL) and of the BTF (0 for
 * none), then size, number and bytes of the records of func_info, of line_info and of core_relo; the bytes follow in that order.
 */
#define HEAD_WORDS 14

static bool stream_program(void)
{
	uint32_t head[HEAD_WORDS];
	union bpf_attr attr;
	struct bytes blob;
	char *core_relos;
	int btf_fd = -1, btf_errno = 0;

	if (fread(head, 4, HEAD_WORDS, stdin) != HEAD_WORDS)
		return false;
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = head[0];
	attr.expected_attach_type = head[1];
	attr.insns = read_block(head[2]);
	attr.insn_cnt = head[2] / 8;
	attr.license = read_block(head[3]);
	if (head[3] == 0)
		attr.license = (uintptr_t)"GPL";
	blob.data = (char *)(uintptr_t)read_block(head[4]);
	blob.size = head[4];
	if (blob.size > 0) {
		btf_fd = btf_load(blob, 0);
		btf_errno = btf_fd < 0 ? -btf_fd : 0;
	}
	if (btf_fd >= 0)
		attr.prog_btf_fd = (uint32_t)btf_fd;
	attr.func_info_rec_size = head[5];
	attr.func_info_cnt = head[6];
	attr.func_info = read_block(head[7]);
	attr.line_info_rec_size = head[8];
	attr.line_info_cnt = head[9];
	attr.line_info = read_block(head[10]);
	/* A kernel older than CO-RE in the kernel refuses whatever it does not know, unless it is 0. */
	attr.core_relo_rec_size = head[11];
	attr.core_relo_cnt = head[12];
	core_relos = (char *)(uintptr_t)read_block(head[13]);
	attr.core_relos = (uintptr_t)core_relos;
	if (attr.core_relo_cnt == 0)
		attr.core_relo_rec_size = attr.core_relos = 0;
	judge_program(&attr, btf_errno);
	if (btf_fd >= 0)
		close(btf_fd);
	free((void *)(uintptr_t)attr.insns);
	if (head[3] != 0)
		free((void *)(uintptr_t)attr.license);
	free(blob.data);
	free((void *)(uintptr_t)attr.func_info);
	free((void *)(uintptr_t)attr.line_info);
	free(core_relos);
	return true;
}

int main(int argc, char **argv)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	log_buffer = malloc(LOG_SIZE);
	if (log_buffer == NULL)
		die("malloc");
	if (argc >= 3 && strcmp(argv[1], "btf-load") == 0)
		return cmd_btf_load(argc - 2, argv + 2);
	if (argc == 4 && strcmp(argv[1], "map-create") == 0 && strcmp(argv[3], "--stream") == 0)
		return cmd_map_create(argv[2]);
	if (argc == 3 && strcmp(argv[1], "prog-load") == 0 && strcmp(argv[2], "--stream") == 0) {
		while (stream_program())
			;
		return 0;
	}
	fputs("usage: kernel btf-load|map-create|prog-load ...\n", stderr);
	return 2;
}
