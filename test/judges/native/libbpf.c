/*
 * libbpf as judge: opens and loads one object as a user's program would and prints what became of it as one JSON line.
 * Compiled twice, against libbpf-sys's libbpf 1.7 and against Debian's 1.1, hence only calls that both have.
 *
 *   libbpf [--open-only | --maps-only] [--btf-out FILE] [--calls] [--max-kind N] [--map-errno N] OBJECT
 *
 * A load that fails as a whole says little about its parts, so it is followed by loads of a part each: the maps alone
 * (map by map if need be), then every program alone. Pins go to a bpffs of a private mount namespace that dies with us.
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"
#include "tap.h"

#define BPFFS "/sys/fs/bpf"
#define VERIFIER_LOG (1u << 20)
#define VERIFIER_SHOWN (64u << 10)
#define LOG_STATS 4 /* the verifier's own summary and its errors, without the trace of every instruction */
#define PSEUDO_LD_IMM64 0x18

/* What a load covers; a part that is not covered is left out of the object. */
struct scope {
	const char *pass;    /* tag of the log lines */
	bool all_programs;
	const char *program; /* or only this one */
	const char *map;     /* NULL: every map */
};

static FILE *log_out;
static bool log_any;
static const char *log_pass = "open";
static int pin_root;

static int on_print(enum libbpf_print_level level, const char *format, va_list args)
{
	static const char *const names[] = { "warn", "info", "debug" };
	char *line = NULL;
	int n = tap_quiet ? -1 : vasprintf(&line, format, args);

	if (n < 0)
		return 0;
	while (n > 0 && line[n - 1] == '\n')
		n--;
	fprintf(log_out, "%s{\"pass\":", log_any ? "," : "");
	json_string(log_out, log_pass);
	fprintf(log_out, ",\"level\":\"%s\",\"text\":", level <= LIBBPF_DEBUG ? names[level] : "debug");
	json_bytes(log_out, line, (size_t)n);
	fputc('}', log_out);
	log_any = true;
	free(line);
	return 0;
}

/* A bpffs of our own over the usual place, seen by nobody else and gone with the process. */
static bool private_bpffs(void)
{
	return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("bpf", BPFFS, "bpf", 0, NULL) == 0;
}

static struct bpf_object *open_object(const char *path)
{
	char root[64];
	LIBBPF_OPTS(bpf_object_open_opts, opts);

	/* Each load pins apart, or the second would find the maps of the first and use them. */
	snprintf(root, sizeof(root), BPFFS "/%d", pin_root++);
	opts.pin_root_path = root;
	return bpf_object__open_file(path, &opts);
}

static int load_scope(struct bpf_object *obj, const struct scope *scope)
{
	struct bpf_program *prog;
	struct bpf_map *map;

	log_pass = scope->pass;
	bpf_object__for_each_program(prog, obj) {
		bool wanted = scope->program != NULL && strcmp(bpf_program__name(prog), scope->program) == 0;
		char *buffer = calloc(1, VERIFIER_LOG);

		if (!scope->all_programs)
			bpf_program__set_autoload(prog, wanted);
		bpf_program__set_log_level(prog, LOG_STATS);
		if (buffer != NULL)
			bpf_program__set_log_buf(prog, buffer, VERIFIER_LOG);
	}
	if (scope->map != NULL)
		bpf_object__for_each_map(map, obj)
			bpf_map__set_autocreate(map, strcmp(bpf_map__name(map), scope->map) == 0);
	return bpf_object__load(obj);
}

static void print_verdict(const char *key, int err)
{
	printf("\"%s\":{\"ok\":%s,\"errno\":%d}", key, err == 0 ? "true" : "false", err < 0 ? -err : err);
}

/*
 * One map as libbpf describes it and, if it was created, as the kernel does. An inner map is a template that belongs to no object:
 * libbpf would look into that object to answer for its descriptor.
 */
static void print_map(struct bpf_map *map, bool inner, int err)
{
	struct bpf_map_info info;
	__u32 size = sizeof(info);
	int fd = inner ? -1 : bpf_map__fd(map);

	memset(&info, 0, sizeof(info));
	fputs("{\"name\":", stdout);
	json_string(stdout, bpf_map__name(map));
	printf(",\"type\":%u,\"keySize\":%u,\"valueSize\":%u,\"maxEntries\":%u,\"mapFlags\":%u,\"mapExtra\":%llu,\"numaNode\":%u",
	       bpf_map__type(map), bpf_map__key_size(map), bpf_map__value_size(map), bpf_map__max_entries(map),
	       bpf_map__map_flags(map), (unsigned long long)bpf_map__map_extra(map), bpf_map__numa_node(map));
	printf(",\"internal\":%s,\"pinByName\":%s", bpf_map__is_internal(map) ? "true" : "false",
	       bpf_map__pin_path(map) != NULL ? "true" : "false");
	printf(",\"pinned\":%s,\"fd\":%d,\"errno\":%d", bpf_map__is_pinned(map) ? "true" : "false", fd < 0 ? -1 : fd,
	       err < 0 ? -err : err);
	printf(",\"btfKeyTypeId\":%u,\"btfValueTypeId\":%u", bpf_map__btf_key_type_id(map), bpf_map__btf_value_type_id(map));
	if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0) {
		printf(",\"kernel\":{\"type\":%u,\"keySize\":%u,\"valueSize\":%u,\"maxEntries\":%u,\"mapFlags\":%u,", info.type,
		       info.key_size, info.value_size, info.max_entries, info.map_flags);
		printf("\"btfId\":%u,\"btfKeyTypeId\":%u,\"btfValueTypeId\":%u}", info.btf_id, info.btf_key_type_id,
		       info.btf_value_type_id);
	} else {
		fputs(",\"kernel\":null", stdout);
	}
	if (bpf_map__inner_map(map) != NULL) {
		fputs(",\"inner\":", stdout);
		print_map(bpf_map__inner_map(map), true, 0);
	}
	fputc('}', stdout);
}

/* The map whose descriptor a 16-byte load carries (src 1: its address, 2: an address within its value), or NULL. */
static const char *map_of(struct bpf_object *obj, const struct bpf_insn *insn)
{
	struct bpf_map *map;

	if (insn->src_reg != BPF_PSEUDO_MAP_FD && insn->src_reg != BPF_PSEUDO_MAP_VALUE)
		return NULL;
	bpf_object__for_each_map(map, obj)
		if (bpf_map__fd(map) >= 0 && bpf_map__fd(map) == insn->imm)
			return bpf_map__name(map);
	return NULL;
}

/* One program; its 16-byte loads show which map each reference was bound to. */
static void print_program(struct bpf_object *obj, struct bpf_program *prog, bool attempted, int err)
{
	const struct bpf_insn *insns = bpf_program__insns(prog);
	size_t count = bpf_program__insn_cnt(prog), i, size = 0;
	const char *log = bpf_program__log_buf(prog, &size), *stats, *sep = "";

	if (!attempted || log == NULL)
		log = "";
	stats = strstr(log, "processed ");
	fputs("{\"name\":", stdout);
	json_string(stdout, bpf_program__name(prog));
	fputs(",\"section\":", stdout);
	json_string(stdout, bpf_program__section_name(prog));
	printf(",\"type\":%d,\"attempted\":%s,\"loaded\":%s,\"errno\":%d,\"insnCount\":%zu", bpf_program__type(prog),
	       attempted ? "true" : "false", bpf_program__fd(prog) >= 0 ? "true" : "false", abs(err), count);
	if (stats != NULL)
		printf(",\"processed\":%lu", strtoul(stats + strlen("processed "), NULL, 10));
	else
		fputs(",\"processed\":null", stdout);
	fputs(",\"verifierLog\":", stdout);
	json_tail(stdout, log, VERIFIER_SHOWN);
	fputs(",\"wideLoads\":[", stdout);
	for (i = 0; insns != NULL && i + 1 < count; i++) {
		if (insns[i].code != PSEUDO_LD_IMM64)
			continue;
		printf("%s{\"insn\":%zu,\"src\":%u,\"imm\":%d,\"nextImm\":%d,\"map\":", sep, i, insns[i].src_reg, insns[i].imm,
		       insns[i + 1].imm);
		json_string(stdout, map_of(obj, &insns[i]));
		fputc('}', stdout);
		sep = ",";
		i++;
	}
	fputs("]}", stdout);
}

static void print_maps(struct bpf_object *obj)
{
	struct bpf_map *map;
	const char *sep = "";

	bpf_object__for_each_map(map, obj) {
		fputs(sep, stdout);
		print_map(map, false, 0);
		sep = ",";
	}
}

static void print_programs(struct bpf_object *obj, bool attempted)
{
	struct bpf_program *prog;
	const char *sep = "";

	bpf_object__for_each_program(prog, obj) {
		fputs(sep, stdout);
		print_program(obj, prog, attempted && bpf_program__autoload(prog), 0);
		sep = ",";
	}
}

/* Opens the object afresh and loads the part; NULL if it does not open. */
static struct bpf_object *load_apart(const char *path, const struct scope *scope, int *err)
{
	struct bpf_object *obj;

	log_pass = scope->pass;
	obj = open_object(path);
	*err = obj == NULL ? -errno : load_scope(obj, scope);
	return obj;
}

/* Maps of an object whose load failed: all in one go if they can be, else each by itself. */
static void print_maps_apart(struct bpf_object *model, const char *path)
{
	const struct scope maps_only = { "maps", false, NULL, NULL };
	struct bpf_map *map, *own;
	const char *sep = "";
	int err;
	struct bpf_object *obj = load_apart(path, &maps_only, &err);

	if (err == 0)
		print_maps(obj);
	bpf_object__close(obj);
	if (err == 0)
		return;
	bpf_object__for_each_map(map, model) {
		const struct scope one = { bpf_map__name(map), false, NULL, bpf_map__name(map) };

		obj = load_apart(path, &one, &err);
		own = obj == NULL ? NULL : bpf_object__find_map_by_name(obj, one.map);
		fputs(sep, stdout);
		print_map(own == NULL ? map : own, false, err);
		bpf_object__close(obj);
		sep = ",";
	}
}

static void print_programs_apart(struct bpf_object *model, const char *path)
{
	struct bpf_program *prog, *own;
	const char *sep = "";

	bpf_object__for_each_program(prog, model) {
		const struct scope one = { bpf_program__name(prog), false, bpf_program__name(prog), NULL };
		int err;
		struct bpf_object *obj = load_apart(path, &one, &err);

		own = obj == NULL ? NULL : bpf_object__find_program_by_name(obj, one.program);
		fputs(sep, stdout);
		print_program(own == NULL ? model : obj, own == NULL ? prog : own, true, err);
		bpf_object__close(obj);
		sep = ",";
	}
}

/* The bytes that libbpf would send: sizes and offsets of every DATASEC filled in, nothing rewritten for old kernels. */
static int write_btf(struct bpf_object *obj, const char *path)
{
	__u32 size = 0;
	const void *raw = bpf_object__btf(obj) == NULL ? NULL : btf__raw_data(bpf_object__btf(obj), &size);
	FILE *out;

	if (raw == NULL)
		return 0;
	out = fopen(path, "wb");
	return out == NULL || fwrite(raw, 1, size, out) != size || fclose(out) != 0 ? -1 : 0;
}

static void save_btf(struct bpf_object *obj, const char *path)
{
	if (obj == NULL || path == NULL || write_btf(obj, path) == 0)
		return;
	perror(path);
	exit(2);
}

static void judge(const char *path, bool open_only, bool maps_only, const char *btf_out)
{
	const struct scope scope = { maps_only ? "maps" : "all", !maps_only, NULL, NULL };
	struct bpf_object *model = open_object(path);
	int err = model == NULL ? -errno : 0;
	bool load = err == 0 && !open_only;

	fputs("{\"version\":", stdout);
	json_string(stdout, libbpf_version_string());
	fputc(',', stdout);
	print_verdict("open", err);
	if (!load) {
		save_btf(model, btf_out);
		fputs(",\"load\":null,\"btfFd\":null,\"maps\":[", stdout);
		if (model != NULL)
			print_maps(model);
		fputs("],\"programs\":[", stdout);
		if (model != NULL)
			print_programs(model, false);
	} else {
		/* The model stays unloaded, as the list of what there is. */
		struct bpf_object *obj = load_apart(path, &scope, &err);
		int btf_fd = obj == NULL || bpf_object__btf(obj) == NULL ? -1 : btf__fd(bpf_object__btf(obj));

		/* Loading makes hidden functions static. */
		save_btf(obj == NULL ? model : obj, btf_out);

		fputc(',', stdout);
		print_verdict("load", err);
		/* After a refusal libbpf keeps the errno where the descriptor would be. */
		printf(",\"btfFd\":%d,\"maps\":[", btf_fd < 0 ? -1 : btf_fd);
		if (err == 0)
			print_maps(obj);
		else
			print_maps_apart(model, path);
		fputs("],\"programs\":[", stdout);
		if (err == 0)
			print_programs(obj, !maps_only);
		else if (maps_only)
			print_programs(model, false);
		else
			print_programs_apart(model, path);
		bpf_object__close(obj);
	}
	bpf_object__close(model);
}

int main(int argc, char **argv)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	bool open_only = false, maps_only = false;
	const char *path = NULL, *btf_out = NULL;
	char *log = NULL, *calls = NULL;
	size_t log_size = 0, calls_size = 0;
	int i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--open-only") == 0)
			open_only = true;
		else if (strcmp(argv[i], "--maps-only") == 0)
			maps_only = true;
		else if (strcmp(argv[i], "--btf-out") == 0 && i + 1 < argc)
			btf_out = argv[++i];
		else if (strcmp(argv[i], "--calls") == 0)
			tap_takes_all = (tap_out = open_memstream(&calls, &calls_size)) != NULL;
		else if (strcmp(argv[i], "--max-kind") == 0 && i + 1 < argc)
			tap_max_kind = (unsigned int)strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--map-errno") == 0 && i + 1 < argc)
			tap_map_errno = (int)strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--version") == 0)
			return puts(libbpf_version_string()) < 0;
		else
			path = argv[i];
	}
	if (path == NULL) {
		fputs("usage: libbpf [--open-only | --maps-only] [--btf-out FILE] [--calls] [--max-kind N] [--map-errno N] OBJECT\n", stderr);
		return 2;
	}
	log_out = open_memstream(&log, &log_size);
	if (log_out == NULL)
		return 2;
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	libbpf_set_print(on_print);
	if (!open_only && !private_bpffs())
		fprintf(stderr, "libbpf judge: no private bpffs: %s\n", strerror(errno));
	judge(path, open_only, maps_only, btf_out);
	fclose(log_out);
	printf("],\"log\":[%s]", log);
	if (tap_out != NULL) {
		fclose(tap_out);
		printf(",\"calls\":[%s]", calls);
	}
	puts("}");
	return 0;
}
