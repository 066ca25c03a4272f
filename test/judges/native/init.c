/*
 * First program of a small machine (qemu) that holds the kernel which is to judge: runs the jobs that it finds in memory shared with the
 * host, and leaves there what each job printed and how it ended. Nothing else runs in the machine, and nothing is kept.
 *
 * The shared memory is BAR 2 of an ivshmem device in slot 4; numbers are little-endian u32, strings and files a length and bytes:
 *   from the host   MAGIC, offset of the answers, number of jobs, then jobs: seconds, argc, argv, standard input, files, (name, bytes) of each
 *   answers         STARTED, bytes used (written last), the kernel's release, then per job: how it ended, its output, its errors
 * How a job ended is what waitpid() says, or TIMED_OUT. Jobs run in order, each in a fresh folder with its files.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHARED "/sys/bus/pci/devices/0000:00:04.0/resource2"
#define MAGIC 0x4d465442u
#define STARTED 0x50555442u
#define TIMED_OUT 0xffffffffu
#define MOST_ARGS 64

/* Where the next byte is read, where the next is written, and where that ends. */
static volatile uint32_t *used;
static const char *in;
static char *out, *out_start, *out_end;

static void die(const char *what)
{
	fprintf(stderr, "init: %s: %s\n", what, strerror(errno));
	reboot(RB_AUTOBOOT);
}

static uint32_t number(void)
{
	uint32_t n;

	memcpy(&n, in, 4);
	in += 4;
	return n;
}

/* A string of the host; the memory lasts as long as the machine. */
static const char *bytes(uint32_t *length)
{
	const char *at;

	*length = number();
	at = in;
	in += *length;
	return at;
}

static char *text(void)
{
	uint32_t length;
	const char *at = bytes(&length);
	char *copy = malloc(length + 1);

	if (copy == NULL)
		die("malloc");
	memcpy(copy, at, length);
	copy[length] = '\0';
	return copy;
}

static void put_number(uint32_t n)
{
	if (out_end - out < 4)
		die("no room for answers");
	memcpy(out, &n, 4);
	out += 4;
}

static void put_bytes(const char *data, size_t length)
{
	put_number((uint32_t)length);
	if ((size_t)(out_end - out) < length)
		die("no room for answers");
	memcpy(out, data, length);
	out += length;
}

static void put_file(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY);
	char *data = NULL;

	if (fd < 0 || fstat(fd, &st) < 0)
		die(path);
	if (st.st_size > 0) {
		data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (data == MAP_FAILED)
			die(path);
	}
	put_bytes(data, (size_t)st.st_size);
	if (data != NULL)
		munmap(data, (size_t)st.st_size);
	close(fd);
	unlink(path);
}

static void write_file(const char *path, const char *data, uint32_t length)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	ssize_t n;

	if (fd < 0)
		die(path);
	for (; length > 0; data += n, length -= (uint32_t)n) {
		n = write(fd, data, length);
		if (n <= 0)
			die(path);
	}
	close(fd);
}

static void redirect(const char *path, int flags, int to)
{
	int fd = open(path, flags);

	if (fd < 0 || dup2(fd, to) < 0)
		die(path);
	close(fd);
}

/* Waits for the child; SIGCHLD is blocked, so none is missed. */
static uint32_t await(pid_t pid, uint32_t seconds)
{
	struct timespec limit = { .tv_sec = seconds };
	sigset_t child;
	int status;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	if (sigtimedwait(&child, NULL, &limit) < 0) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		/* The signal of that end must not end the next job's wait. */
		limit.tv_sec = 0;
		sigtimedwait(&child, NULL, &limit);
		return TIMED_OUT;
	}
	waitpid(pid, &status, 0);
	return (uint32_t)status;
}

static void run_job(void)
{
	char *argv[MOST_ARGS + 1];
	uint32_t seconds = number(), argc = number(), files, length, i;
	const char *data;
	pid_t pid;

	if (argc == 0 || argc > MOST_ARGS)
		die("argc");
	for (i = 0; i < argc; i++)
		argv[i] = text();
	argv[argc] = NULL;
	mkdir("/job", 0700);
	if (mount("tmpfs", "/job", "tmpfs", 0, "size=90%") < 0 || chdir("/job") < 0)
		die("/job");
	data = bytes(&length);
	write_file("/stdin", data, length);
	/* Made here, as a child may be killed before it comes to that. */
	write_file("/stdout", "", 0);
	write_file("/stderr", "", 0);
	for (files = number(); files > 0; files--) {
		char *name = text();

		data = bytes(&length);
		write_file(name, data, length);
		free(name);
	}
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		redirect("/stdin", O_RDONLY, 0);
		redirect("/stdout", O_WRONLY, 1);
		redirect("/stderr", O_WRONLY, 2);
		execv(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	put_number(await(pid, seconds));
	unlink("/stdin");
	put_file("/stdout");
	put_file("/stderr");
	/* From here on the host may count on this answer, whatever the next job does to the machine. */
	*used = (uint32_t)(out - out_start);
	chdir("/");
	umount2("/job", MNT_DETACH);
	for (i = 0; i < argc; i++)
		free(argv[i]);
}

int main(void)
{
	struct utsname name;
	struct stat st;
	sigset_t child;
	uint32_t jobs;
	char *shared;
	int fd;

	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
	fd = open(SHARED, O_RDWR);
	if (fd < 0 || fstat(fd, &st) < 0)
		die(SHARED);
	shared = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED)
		die(SHARED);
	in = shared;
	if (number() != MAGIC)
		die("no jobs");
	out = out_start = shared + number();
	out_end = shared + st.st_size;
	jobs = number();
	put_number(STARTED);
	used = (volatile uint32_t *)out;
	put_number(0);
	uname(&name);
	put_bytes(name.release, strlen(name.release));
	*used = (uint32_t)(out - out_start);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	for (; jobs > 0; jobs--)
		run_job();
	/* qemu is told to end instead; a panic ends the same way, but earlier. */
	reboot(RB_AUTOBOOT);
	return 0;
}
