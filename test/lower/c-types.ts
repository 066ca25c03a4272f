/** One of each type form of C that BTF can express, reachable from maps, globals and signatures; compiles with clang for BPF. */
export const C_TYPES: string = `
#define tag(x) __attribute__((btf_decl_tag(x)))
#define ttag(x) __attribute__((btf_type_tag(x)))
enum color { RED = -1, GREEN = 5 };
enum wide { W = 0x100000000ULL, X = 1 };
enum swide { SW = -0x100000001LL };
enum later;
struct opaque;
struct node { struct node *next; const volatile struct node *prev; struct opaque *o; enum color c; };
union both { u32 a; float f; double d; struct { u32 in; u32 out; }; char text[3][5]; };
struct bits { u32 a:3; u32 b:29; signed int c:1; u64 d; u64 e:40; _Bool f:1; };
struct packed { char a; u64 b; } __attribute__((packed));
struct flex { u32 n; u32 data[]; };
struct cb { int (*fn)(struct node *, const char *restrict, ...); void (*v)(void); void *p; };
struct tagged { u32 x tag("one") tag("two"); struct node ttag("kptr") *k; int ttag("a") ttag("b") *t; } tag("whole");
typedef struct { u32 x; } anon_t tag("td");
typedef u32 arr_t[4];
struct all {
  struct node n; union both b; struct bits bi; struct packed p; struct cb c; struct tagged t; anon_t an; arr_t ar;
  enum wide w; enum swide s; _Atomic int at; _Atomic(u64) *atp; long double ld; __int128 i128;
  unsigned char uc; signed char sc; short sh; unsigned short us; long l; struct { int nested; } inner; int zero[0];
};
struct deep1 { struct deep2 *d; };
struct deep2 { struct deep3 *d; };
struct deep3 { int x; };
struct all all;
const struct bits cbits;
static u64 counter;
u64 counter2 tag("var");
extern int ext_var SEC(".ksyms");
struct flex flex = { 1 };
enum later *later_ptr;
struct deep1 deep;
struct deep3 *d3;
struct {
  int (*type)[1]; u32 *key; struct deep2 *value; int (*max_entries)[1024];
  struct { int (*type)[2]; struct deep1 *value; } *values[];
} m SEC(".maps");
int ext_fn(struct node *) SEC(".ksyms");
static __attribute__((noinline)) int sub(struct node *n, volatile int *x, int unused) {
  static int local;
  local++;
  return n->c + *x + (int)counter;
}
SEC("xdp") int prog(struct all *ctx, const char *restrict s) {
  counter++;
  int v = ext_var;
  sub(&ctx->n, &v, 3);
  return v + ext_fn(&ctx->n);
}
`;
