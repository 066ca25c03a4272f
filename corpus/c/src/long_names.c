/* Names as long as code generators make them, names that differ in the last letter, of one letter, with digits and underscores. */
#include "more.h"

struct com_example_networking_observability_measurements_generated_structure_with_a_very_long_name_version_2_for_tests_only_0001 {
  u64 com_example_networking_observability_measurements_generated_member_with_a_very_long_name_as_well_a;
  u64 com_example_networking_observability_measurements_generated_member_with_a_very_long_name_as_well_b;
};

typedef struct com_example_networking_observability_measurements_generated_structure_with_a_very_long_name_version_2_for_tests_only_0001 t;

enum _ { __, ___, _1_, A_VALUE_WHOSE_NAME_IS_LONGER_THAN_THAT_OF_MOST_VALUES_BUT_SHORTER_THAN_THE_LONGEST_THAT_THE_KERNEL_TAKES };

t a;
enum _ _a;
u64 counter_of_all_the_packets_that_have_been_seen_by_this_program_since_it_was_loaded_into_the_kernel;
static u32 x, X, x_, x1;

static NOINLINE int a_function_whose_name_says_everything_that_there_is_to_know_about_what_it_does_and_why(t *with) {
  return with->com_example_networking_observability_measurements_generated_member_with_a_very_long_name_as_well_b;
}

SEC("socket")
int long_names(struct __sk_buff *skb) {
  x += skb->len;
  X ^= x;
  x_ = X + x1++;
  counter_of_all_the_packets_that_have_been_seen_by_this_program_since_it_was_loaded_into_the_kernel++;
  _a = x_ & 1 ? __ : _1_;
  return a_function_whose_name_says_everything_that_there_is_to_know_about_what_it_does_and_why(&a) + x_;
}

char license_text[] SEC("license") = "GPL";
