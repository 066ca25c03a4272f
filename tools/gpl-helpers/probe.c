/*
 * Which helpers the running kernel keeps from programs whose license is not compatible with the GPL.
 *
 *   probe LAST_HELPER TYPE,ATTACH,BTF_ID,FLAGS...      one JSON line each
 *
 * Each program is `call HELPER; exit` with the license "Proprietary". The verifier asks for the prototype and for the license before it looks
 * at arguments (kernel/bpf/verifier.c check_helper_call), so its text tells the three cases apart: no such helper for this type, barred by
 * the license, or anything later. Nothing is ever attached, and descriptors are closed.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static char text[64 << 10];

/* 0, or the errno; `text` is the verifier's log. */
static int load(const unsigned how[4], int helper)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_JMP | BPF_CALL, .imm = helper },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr;
	int fd, tries;

	for (tries = 0; tries < 10; tries++) {
		memset(&attr, 0, sizeof(attr));
		text[0] = '\0';
		attr.prog_type = how[0];
		attr.expected_attach_type = how[1];
		attr.attach_btf_id = how[2];
		attr.prog_flags = how[3];
		attr.insns = (uintptr_t)insns;
		attr.insn_cnt = 2;
		attr.license = (uintptr_t)"Proprietary";
		attr.log_buf = (uintptr_t)text;
		attr.log_size = sizeof(text);
		attr.log_level = 1;
		fd = (int)syscall(__NR_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
		if (fd >= 0) {
			close(fd);
			return 0;
		}
		if (errno != EAGAIN)
			return errno;
	}
	return EAGAIN;
}

int main(int argc, char **argv)
{
	int last = argc > 1 ? atoi(argv[1]) : 0, arg, helper, pass;

	for (arg = 2; arg < argc; arg++) {
		unsigned how[4] = { 0, 0, 0, 0 };
		int err;

		sscanf(argv[arg], "%u,%u,%u,%u", &how[0], &how[1], &how[2], &how[3]);
		err = load(how, -1);
		/* No helper has this number: whoever says so has come as far as the instructions. */
		if (strstr(text, "invalid func") == NULL) {
			printf("{\"type\":%u,\"errno\":%d,\"barred\":[],\"open\":[]}\n", how[0], err);
			continue;
		}
		printf("{\"type\":%u,\"errno\":0", how[0]);
		for (pass = 0; pass < 2; pass++) {
			const char *comma = "";

			printf(",\"%s\":[", pass == 0 ? "barred" : "open");
			for (helper = 1; helper <= last; helper++) {
				int barred, unknown;

				load(how, helper);
				barred = strstr(text, "cannot call GPL-restricted function from non-GPL compatible program") != NULL;
				unknown = strstr(text, "cannot use helper") != NULL || strstr(text, "unknown func") != NULL ||
					  strstr(text, "invalid func") != NULL;
				if (pass == 0 ? barred : !barred && !unknown) {
					printf("%s%d", comma, helper);
					comma = ",";
				}
			}
			printf("]");
		}
		puts("}");
	}
	return 0;
}
