/*
 * The running kernel as judge: BPF_BTF_LOAD, BPF_MAP_CREATE and BPF_PROG_LOAD by system call, without any library between.
 *
 *   kernel btf-load FILE...            one JSON line per blob
 *   kernel btf-load --stream           blobs on stdin, each after its length as a little-endian u32
 *   kernel map-create BTF SPEC...      SPEC is name=number,... ; one JSON line per map
 *   kernel prog-load name=value...     one JSON line
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

static int map_create(const char *spec, int btf_fd, int inner_fd)
{
	union bpf_attr attr;
	int fd;

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
	return fd < 0 ? -fd : 0;
}

static int cmd_map_create(int argc, char **argv)
{
	struct bytes blob;
	union bpf_attr inner;
	int btf_fd, inner_fd, i;

	if (argc < 2)
		return 2;
	blob = read_file(argv[0]);
	btf_fd = btf_load(blob, 0);
	/* A map of maps wants a model of what it holds; the smallest array will do. */
	memset(&inner, 0, sizeof(inner));
	inner.map_type = BPF_MAP_TYPE_ARRAY;
	inner.key_size = inner.value_size = 4;
	inner.max_entries = 1;
	inner_fd = sys_bpf(BPF_MAP_CREATE, &inner);
	for (i = 1; i < argc; i++) {
		printf("{\"btfErrno\":%d,\"withIds\":", btf_fd < 0 ? -btf_fd : 0);
		if (btf_fd < 0)
			fputs("null", stdout);
		else
			printf("%d", map_create(argv[i], btf_fd, inner_fd));
		printf(",\"withoutIds\":%d}\n", map_create(argv[i], -1, inner_fd));
	}
	return 0;
}

static const char *option(int argc, char **argv, const char *key)
{
	size_t n = strlen(key);
	int i;

	for (i = 0; i < argc; i++)
		if (strncmp(argv[i], key, n) == 0 && argv[i][n] == '=')
			return argv[i] + n + 1;
	return NULL;
}

static uint32_t option_number(int argc, char **argv, const char *key, uint32_t fallback)
{
	const char *text = option(argc, argv, key);

	return text == NULL ? fallback : (uint32_t)strtoul(text, NULL, 0);
}

/* Reads one info array (func_info, line_info, core_relo); `size` is its record size in bytes. */
static uint32_t info_array(int argc, char **argv, const char *key, uint32_t size, __u64 *pointer)
{
	const char *path = option(argc, argv, key);
	struct bytes b;

	if (path == NULL)
		return 0;
	b = read_file(path);
	*pointer = (uintptr_t)b.data;
	return size == 0 ? 0 : b.size / size;
}

static int cmd_prog_load(int argc, char **argv)
{
	const char *license = option(argc, argv, "license"), *btf_path = option(argc, argv, "btf"),
		   *insns_path = option(argc, argv, "insns");
	struct bytes insns, blob;
	union bpf_attr attr, control;
	__u64 array = 0;
	int btf_fd = -ENOENT, fd, control_fd;

	if (insns_path == NULL)
		return 2;
	insns = read_file(insns_path);
	memset(&control, 0, sizeof(control));
	control.prog_type = option_number(argc, argv, "type", BPF_PROG_TYPE_SOCKET_FILTER);
	control.expected_attach_type = option_number(argc, argv, "attach", 0);
	control.insns = (uintptr_t)insns.data;
	control.insn_cnt = insns.size / 8;
	control.license = (uintptr_t)(license == NULL ? "GPL" : license);
	attr = control;
	if (btf_path != NULL) {
		blob = read_file(btf_path);
		btf_fd = btf_load(blob, 0);
	}
	if (btf_fd >= 0)
		attr.prog_btf_fd = (uint32_t)btf_fd;
	attr.func_info_rec_size = option_number(argc, argv, "func_rec", 8);
	attr.func_info_cnt = info_array(argc, argv, "func_info", attr.func_info_rec_size, &array);
	attr.func_info = array;
	array = 0;
	attr.line_info_rec_size = option_number(argc, argv, "line_rec", 16);
	attr.line_info_cnt = info_array(argc, argv, "line_info", attr.line_info_rec_size, &array);
	attr.line_info = array;
	array = 0;
	/* A kernel older than CO-RE in the kernel refuses whatever it does not know, unless it is 0. */
	attr.core_relo_rec_size = option_number(argc, argv, "core_rec", option(argc, argv, "core_relo") == NULL ? 0 : 16);
	attr.core_relo_cnt = info_array(argc, argv, "core_relo", attr.core_relo_rec_size, &array);
	attr.core_relos = array;
	/* The control run tells a fault of the instructions from a fault of the records. */
	control_fd = sys_bpf(BPF_PROG_LOAD, &control);
	fd = sys_bpf(BPF_PROG_LOAD, &attr);
	log_buffer[0] = '\0';
	if (fd < 0) {
		union bpf_attr again = attr;
		int second;

		again.log_buf = (uintptr_t)log_buffer;
		again.log_size = LOG_SIZE;
		again.log_level = 1;
		second = sys_bpf(BPF_PROG_LOAD, &again);
		if (second >= 0)
			close(second);
	}
	printf("{\"btfErrno\":%d,\"errno\":%d,\"controlErrno\":%d,\"log\":", btf_path == NULL || btf_fd >= 0 ? 0 : -btf_fd,
	       fd < 0 ? -fd : 0, control_fd < 0 ? -control_fd : 0);
	json_tail(stdout, log_buffer, LOG_SHOWN);
	puts("}");
	return 0;
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
	if (argc >= 3 && strcmp(argv[1], "map-create") == 0)
		return cmd_map_create(argc - 2, argv + 2);
	if (argc >= 3 && strcmp(argv[1], "prog-load") == 0)
		return cmd_prog_load(argc - 2, argv + 2);
	fputs("usage: kernel btf-load|map-create|prog-load ...\n", stderr);
	return 2;
}
