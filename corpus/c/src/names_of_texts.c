/* Texts: a table of pointers to them, an array of arrays, of a switch, in structs, in a static of a function, empty and equal ones. */
#include "more.h"

enum kind { NONE, FILE_KIND, SOCKET_KIND, KINDS };

static const char *const kind_names[KINDS] = {[FILE_KIND] = "file", [SOCKET_KIND] = "socket", [NONE] = "none"};
const char colours[3][8] = {"red", "green", "blue"};
char *mutable_names[] = {"first", "second", "", "first"};

struct command {
  const char *name, *help;
  u32 code;
} commands[] = {{"get", "reads", 1}, {"set", "writes", 2}};

char output[32];

static NOINLINE const char *name_of(enum kind kind) { return kind < KINDS ? kind_names[kind] : "unknown"; }

static NOINLINE u32 matches(const char *text) {
  static const char *const last = "last";
  return strncmp(text, 4, "last") == 0 ? 1 : last == NULL;
}

SEC("socket")
int names_of_texts(struct __sk_buff *skb) {
  u32 at = skb->mark & 1;
  output[at] = colours[at][skb->hash & 7];
  return (name_of(skb->mark) != NULL) + (mutable_names[at] != NULL) + commands[at].code + matches(output);
}

char license_text[] SEC("license") = "GPL";
