/*
 * Loads an object, pins its maps and programs, attaches what says by itself where it belongs, and runs a command meanwhile.
 *
 *   attach OBJECT FOLDER COMMAND...
 *
 * Tracepoints are attached to the kernel, programs of control groups to one made for the command, whose hierarchy is mounted on FOLDER.
 * Wants a mount namespace of its own with an empty bpffs. Prints one JSON object.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "json.h"

#define PINS "/sys/fs/bpf"
#define TRACING "/sys/kernel/tracing"

static char said[4096];

static int keep(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_WARN && said[0] == 0)
		vsnprintf(said, sizeof(said), format, args);
	return 0;
}

static void fail(const char *what)
{
	printf("{\"error\":");
	json_string(stdout, what);
	printf(",\"said\":");
	json_string(stdout, said[0] ? said : strerror(errno));
	printf("}\n");
	exit(0);
}

static void pin_all(struct bpf_object *object)
{
	struct bpf_map *map;
	struct bpf_program *program;
	char path[256];

	if (mkdir(PINS "/maps", 0700) || mkdir(PINS "/programs", 0700))
		fail("mkdir");
	bpf_object__for_each_map(map, object) {
		if (bpf_map__is_internal(map) || bpf_map__is_pinned(map))
			continue;
		snprintf(path, sizeof(path), PINS "/maps/%s", bpf_map__name(map));
		if (bpf_map__pin(map, path))
			fail(path);
	}
	bpf_object__for_each_program(program, object) {
		snprintf(path, sizeof(path), PINS "/programs/%s", bpf_program__name(program));
		if (bpf_program__pin(program, path))
			fail(path);
	}
}

/* A link, or NULL for a program that must be told where it belongs. */
static struct bpf_link *attach(struct bpf_program *program, int group)
{
	struct bpf_link *link;

	switch (bpf_program__type(program)) {
	case BPF_PROG_TYPE_TRACEPOINT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT:
	case BPF_PROG_TYPE_TRACING:
		link = bpf_program__attach(program);
		break;
	case BPF_PROG_TYPE_CGROUP_SKB:
	case BPF_PROG_TYPE_CGROUP_SOCK_ADDR:
	case BPF_PROG_TYPE_CGROUP_DEVICE:
	case BPF_PROG_TYPE_SOCK_OPS:
		link = bpf_program__attach_cgroup(program, group);
		break;
	default:
		return NULL;
	}
	if (!link)
		fail(bpf_program__name(program));
	return link;
}

static int run(char **command, const char *group)
{
	char path[600];
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		FILE *members;

		snprintf(path, sizeof(path), "%s/cgroup.procs", group);
		members = fopen(path, "w");
		if (!members || fprintf(members, "%d\n", getpid()) < 0 || fclose(members))
			_exit(126);
		/* Standard output is for JSON alone. */
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execvp(command[0], command);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		fail("fork");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	struct bpf_link *links[64];
	struct bpf_object *object;
	struct bpf_program *program;
	char path[512];
	int group, status, count = 0;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("%s\n", libbpf_version_string());
		return 0;
	}
	if (argc < 4) {
		fprintf(stderr, "usage: attach OBJECT FOLDER COMMAND...\n");
		return 2;
	}
	libbpf_set_print(keep);
	if (access(TRACING "/events", F_OK) && mount("tracefs", TRACING, "tracefs", 0, NULL))
		fail("tracefs");
	if (mount("none", argv[2], "cgroup2", 0, NULL))
		fail("cgroup2");
	snprintf(path, sizeof(path), "%s/btf-fix-%d", argv[2], getpid());
	if (mkdir(path, 0700))
		fail(path);
	group = open(path, O_RDONLY | O_DIRECTORY);
	object = bpf_object__open_file(argv[1], NULL);
	if (group < 0 || !object || bpf_object__load(object)) {
		rmdir(path);
		fail("load");
	}
	pin_all(object);
	printf("{\"attached\":[");
	bpf_object__for_each_program(program, object) {
		struct bpf_link *link = attach(program, group);

		if (!link || count == 64)
			continue;
		printf(count ? "," : "");
		json_string(stdout, bpf_program__name(program));
		links[count++] = link;
	}
	fflush(stdout);
	status = run(argv + 3, path);
	while (count > 0)
		bpf_link__destroy(links[--count]);
	bpf_object__close(object);
	close(group);
	rmdir(path);
	printf("],\"status\":%d}\n", status);
	return 0;
}
