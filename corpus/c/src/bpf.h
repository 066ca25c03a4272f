/* What the programs of this folder share: widths, section and map macros, helpers by number. No kernel header is used. */
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char s8;
typedef short s16;
typedef int s32;
typedef long long s64;

#define NULL ((void *)0)
#define SEC(name) __attribute__((section(name), used))
#define NOINLINE __attribute__((noinline))
#define INLINE static inline __attribute__((always_inline))
#define WEAK __attribute__((weak))
#define HIDDEN __attribute__((visibility("hidden")))
#define DECL_TAG(text) __attribute__((btf_decl_tag(text)))
#define TYPE_TAG(text) __attribute__((btf_type_tag(text)))
#define KCONFIG __attribute__((section(".kconfig")))
#define KSYM __attribute__((section(".ksyms")))
/* The value is taken as unknown, and stays in use. */
#define OPAQUE(variable) asm volatile("" : "+r"(variable))

#define OPAQUE_PLACE(variable) asm volatile("" : "+m"(variable))

/* Members of a map definition. A number is the length of an array, a type is what a pointer points to. */
#define NUMBER(name, number) int(*name)[number]
#define OF_TYPE(name, type) __typeof__(type) *name
#define LIST_OF(name, type) __typeof__(type) *name[]
#define JOIN_TEXT(a, b) a##b
#define JOIN(a, b) JOIN_TEXT(a, b)
/* More than 32 bits: the value of the only enumerator. */
#define WIDE_NUMBER(name, number) enum { JOIN(wide_, __COUNTER__) = number } name

/* enum bpf_map_type */
#define HASH 1
#define ARRAY 2
#define PROG_ARRAY 3
#define PERF_EVENT_ARRAY 4
#define PERCPU_HASH 5
#define PERCPU_ARRAY 6
#define STACK_TRACE 7
#define LRU_HASH 9
#define LPM_TRIE 11
#define ARRAY_OF_MAPS 12
#define HASH_OF_MAPS 13
#define SOCKMAP 15
#define QUEUE 22
#define STACK 23
#define SK_STORAGE 24
#define RINGBUF 27
#define TASK_STORAGE 29
#define BLOOM_FILTER 30
#define USER_RINGBUF 31
#define ARENA 33

/* Flags of maps */
#define NO_PREALLOC 1
#define WITH_NUMA_NODE 4
#define MMAPABLE 1024
#define PIN_BY_NAME 1

#define HELPER(result, name, number, ...) static result (*const name)(__VA_ARGS__) = (void *)number
HELPER(void *, map_lookup, 1, void *map, const void *key);
HELPER(long, map_update, 2, void *map, const void *key, const void *value, u64 flags);
HELPER(long, map_delete, 3, void *map, const void *key);
HELPER(long, probe_read, 4, void *to, u32 size, const void *from);
HELPER(u64, ktime_get_ns, 5, void);
HELPER(long, trace_printk, 6, const char *format, u32 size, ...);
HELPER(u32, get_prandom_u32, 7, void);
HELPER(u32, get_smp_processor_id, 8, void);
HELPER(long, tail_call, 12, void *context, void *map, u32 index);
HELPER(u64, get_current_pid_tgid, 14, void);
HELPER(long, get_current_comm, 16, void *buffer, u32 size);
HELPER(long, perf_event_output, 25, void *context, void *map, u64 flags, void *data, u64 size);
HELPER(u64, get_current_task, 35, void);
HELPER(long, map_push, 87, void *map, const void *value, u64 flags);
HELPER(long, map_pop, 88, void *map, void *value);
HELPER(long, spin_lock, 93, void *lock);
HELPER(long, spin_unlock, 94, void *lock);
HELPER(long, probe_read_kernel, 113, void *to, u32 size, const void *from);
HELPER(long, seq_write, 127, void *sequence, const void *data, u32 length);
HELPER(void *, ringbuf_reserve, 131, void *ringbuf, u64 size, u64 flags);
HELPER(void, ringbuf_submit, 132, void *data, u64 flags);
HELPER(void *, per_cpu_ptr, 153, const void *variable, u32 cpu);
HELPER(void *, this_cpu_ptr, 154, const void *variable);
HELPER(void *, get_current_task_btf, 158, void);
HELPER(long, for_each_map_elem, 164, void *map, void *callback, void *context, u64 flags);
HELPER(long, timer_init, 169, void *timer, void *map, u64 flags);
HELPER(long, timer_set_callback, 170, void *timer, void *callback);
HELPER(long, timer_start, 171, void *timer, u64 nanoseconds, u64 flags);
HELPER(long, loop, 181, u32 count, void *callback, void *context, u64 flags);
HELPER(void *, kptr_exchange, 194, void *slot, void *pointer);
