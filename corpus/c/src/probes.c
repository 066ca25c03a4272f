/* Probes of every kind that needs no target at load time: kprobe, kretprobe, several at once, of system calls and of processes. */
#include "more.h"

struct pt_regs {
  unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};

#define ARGUMENT1(registers) ((registers)->di)
#define ARGUMENT2(registers) ((registers)->si)
#define RESULT(registers) ((registers)->ax)

struct event {
  u64 address, cookie;
  long result;
};

struct event last;

SEC("kprobe/vfs_read")
int on_call(struct pt_regs *registers) {
  last.address = ARGUMENT1(registers) ^ ARGUMENT2(registers);
  return 0;
}

SEC("kretprobe/vfs_read")
int on_return(struct pt_regs *registers) {
  last.result = RESULT(registers);
  return 0;
}

SEC("kprobe.multi/vfs_*")
int on_many(struct pt_regs *registers) {
  last.cookie = get_attach_cookie(registers);
  return 0;
}

SEC("kprobe.session/vfs_write")
int on_session(struct pt_regs *registers) { return 0; }

SEC("ksyscall/getpid")
int on_getpid(struct pt_regs *registers) {
  last.address++;
  return 0;
}

SEC("uprobe//proc/self/exe:main")
int on_main(struct pt_regs *registers) { return ARGUMENT1(registers) > 1; }

SEC("uretprobe")
int on_main_return(struct pt_regs *registers) { return RESULT(registers) != 0; }

SEC("usdt")
int on_usdt(struct pt_regs *registers) { return 0; }

char license_text[] SEC("license") = "GPL";
