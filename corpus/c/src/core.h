/* CO-RE: the builtins behind relocation kinds 0 to 12, each under a name of ours. */
#pragma once

#define RELOCATED __attribute__((preserve_access_index))

#define FIELD_OFFSET(place) __builtin_preserve_field_info(place, 0)
#define FIELD_SIZE(place) __builtin_preserve_field_info(place, 1)
#define FIELD_EXISTS(place) __builtin_preserve_field_info(place, 2)
#define FIELD_SIGNED(place) __builtin_preserve_field_info(place, 3)
#define FIELD_LEFT_SHIFT(place) __builtin_preserve_field_info(place, 4)
#define FIELD_RIGHT_SHIFT(place) __builtin_preserve_field_info(place, 5)
#define LOCAL_TYPE_ID(type) __builtin_btf_type_id(*(__typeof__(type) *)0, 0)
#define KERNEL_TYPE_ID(type) __builtin_btf_type_id(*(__typeof__(type) *)0, 1)
#define TYPE_EXISTS(type) __builtin_preserve_type_info(*(__typeof__(type) *)0, 0)
#define TYPE_SIZE(type) __builtin_preserve_type_info(*(__typeof__(type) *)0, 1)
#define TYPE_MATCHES(type) __builtin_preserve_type_info(*(__typeof__(type) *)0, 2)
#define VALUE_EXISTS(type, value) __builtin_preserve_enum_value(*(__typeof__(type) *)value, 0)
#define ENUM_VALUE(type, value) __builtin_preserve_enum_value(*(__typeof__(type) *)value, 1)
