// No member functions: clang 22 crashes on them for BPF.
namespace outer {
struct Base {
  int base;
  static int number;
};

struct Derived : Base {
  Base *pointer;
};

int Base::number = 4;

__attribute__((noinline)) int function(const Base *from, int value) {
  return value + Base::number + from->base;
}
} // namespace outer

template <typename T, int N> struct Holder {
  T items[N];
};

Holder<long, 5> holder;

__attribute__((section("tracepoint/names"))) int names(outer::Derived *derived) {
  return outer::function(derived, 3) + (int)holder.items[1];
}
