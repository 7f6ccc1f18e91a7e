#pragma once
#include "clinux.h"

// Numbers that threads share. Sequentially consistent: none of them is touched more than a few times a connection.
static inline int32_t cl_atomic_load(const int32_t *number) { return __atomic_load_n(number, __ATOMIC_SEQ_CST); }
static inline void cl_atomic_store(int32_t *number, int32_t value) { __atomic_store_n(number, value, __ATOMIC_SEQ_CST); }
static inline int32_t cl_atomic_add(int32_t *number, int32_t value) {
    return __atomic_add_fetch(number, value, __ATOMIC_SEQ_CST);
}
static inline int32_t cl_atomic_or(int32_t *number, int32_t bits) {
    return __atomic_or_fetch(number, bits, __ATOMIC_SEQ_CST);
}
static inline int32_t cl_atomic_and(int32_t *number, int32_t bits) {
    return __atomic_and_fetch(number, bits, __ATOMIC_SEQ_CST);
}
