/* FLOAT: float, double and long double, which no instruction handles, as globals, members and elements. */
#include "bpf.h"

struct measure {
  float rough;
  double fine;
  double series[3];
  const double *source;
};

float ratio = 0.5f;
double factor = 1.25;
long double whole = 2;
struct measure measures[2] = {{.rough = 1.5f}};
const volatile double limit = 9.75;

SEC("socket")
int floats(void *context) {
  /* The bits are read as they are. */
  u64 bits = *(volatile u64 *)&factor;
  u32 rough = *(volatile u32 *)&measures[1].rough + *(volatile u32 *)&ratio;
  return (int)bits + rough + *(volatile u8 *)&whole + *(const volatile u8 *)&limit;
}

char license_text[] SEC("license") = "GPL";
