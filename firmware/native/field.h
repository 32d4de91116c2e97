// SPDX-License-Identifier: EUPL-1.2
// The field of integers modulo p = 2^255 - 19 in eight words of 32 bits, lowest first, in the place of
// libsodium's ten limbs: Cortex-M4 multiplies two words and adds two more in one instruction, umaal.
// An element is any number below 2^256; `fe25519_tobytes` alone makes it the least one. Names and
// meanings are those of libsodium's private/ed25519_ref10.h, whose points are computed with them.
//
// Every function takes the same steps whatever the numbers are.

#ifndef FIELD_H
#define FIELD_H

#include <stdint.h>
#include <string.h>

#include "utils.h"

enum { FIELD_WORDS = 8 };

// 2^256 = 38 modulo p.
#define FOLD 38

#ifdef NATIVE_HOST
// Adds `carry` times 2^256 to a number below 2^256; carry is below 2^26.
static inline void fold_carry(fe25519 h, uint32_t carry) {
  for (int turn = 0; turn < 2; turn += 1) {
    uint64_t sum = (uint64_t)carry * FOLD;
    for (int index = 0; index < FIELD_WORDS; index += 1) {
      sum += h[index];
      h[index] = (uint32_t)sum;
      sum >>= 32;
    }
    carry = (uint32_t)sum;
  }
}

static inline void fe25519_add(fe25519 h, const fe25519 f, const fe25519 g) {
  uint64_t sum = 0;
  for (int index = 0; index < FIELD_WORDS; index += 1) {
    sum += (uint64_t)f[index] + g[index];
    h[index] = (uint32_t)sum;
    sum >>= 32;
  }
  fold_carry(h, (uint32_t)sum);
}

// A borrow of 2^256 is 38 too much.
static inline void fe25519_sub(fe25519 h, const fe25519 f, const fe25519 g) {
  uint32_t borrow = 0;
  for (int index = 0; index < FIELD_WORDS; index += 1) {
    uint64_t difference = (uint64_t)f[index] - g[index] - borrow;
    h[index] = (uint32_t)difference;
    borrow = (uint32_t)(difference >> 63);
  }
  for (int turn = 0; turn < 2; turn += 1) {
    uint32_t less = borrow * FOLD;
    borrow = 0;
    for (int index = 0; index < FIELD_WORDS; index += 1) {
      uint64_t difference = (uint64_t)h[index] - less - borrow;
      h[index] = (uint32_t)difference;
      borrow = (uint32_t)(difference >> 63);
      less = 0;
    }
  }
}

static inline void fe25519_mul(fe25519 h, const fe25519 f, const fe25519 g) {
  uint32_t product[2 * FIELD_WORDS] = {0};
  for (int i = 0; i < FIELD_WORDS; i += 1) {
    uint64_t sum = 0;
    for (int j = 0; j < FIELD_WORDS; j += 1) {
      sum += product[i + j] + (uint64_t)f[i] * g[j];
      product[i + j] = (uint32_t)sum;
      sum >>= 32;
    }
    product[i + FIELD_WORDS] = (uint32_t)sum;
  }
  uint64_t sum = 0;
  for (int index = 0; index < FIELD_WORDS; index += 1) {
    sum += product[index] + (uint64_t)product[index + FIELD_WORDS] * FOLD;
    h[index] = (uint32_t)sum;
    sum >>= 32;
  }
  fold_carry(h, (uint32_t)sum);
}

static inline void fe25519_sq(fe25519 h, const fe25519 f) { fe25519_mul(h, f, f); }

// n is below 2^20.
static inline void fe25519_scalar_product(fe25519 h, const fe25519 f, uint32_t n) {
  uint64_t sum = 0;
  for (int index = 0; index < FIELD_WORDS; index += 1) {
    sum += (uint64_t)f[index] * n;
    h[index] = (uint32_t)sum;
    sum >>= 32;
  }
  fold_carry(h, (uint32_t)sum);
}
#else
// field.S
#define HIDDEN __attribute__((visibility("hidden")))
HIDDEN void fe25519_add(fe25519 h, const fe25519 f, const fe25519 g);
HIDDEN void fe25519_sub(fe25519 h, const fe25519 f, const fe25519 g);
HIDDEN void fe25519_mul(fe25519 h, const fe25519 f, const fe25519 g);
HIDDEN void fe25519_sq(fe25519 h, const fe25519 f);
HIDDEN void fe25519_scalar_product(fe25519 h, const fe25519 f, uint32_t n);
#endif

static inline void fe25519_copy(fe25519 h, const fe25519 f) { memcpy(h, f, 4 * FIELD_WORDS); }
static inline void fe25519_0(fe25519 h) { memset(h, 0, 4 * FIELD_WORDS); }
static inline void fe25519_1(fe25519 h) {
  fe25519_0(h);
  h[0] = 1;
}

static void fe25519_neg(fe25519 h, const fe25519 f) {
  static const fe25519 zero = {0};
  fe25519_sub(h, zero, f);
}

static void fe25519_sq2(fe25519 h, const fe25519 f) {
  fe25519_sq(h, f);
  fe25519_add(h, h, h);
}

// f = g where b is 1, else f.
static void fe25519_cmov(fe25519 f, const fe25519 g, unsigned int b) {
  uint32_t mask = 0 - (uint32_t)b;
  for (int index = 0; index < FIELD_WORDS; index += 1) f[index] ^= (f[index] ^ g[index]) & mask;
}

static void fe25519_cswap(fe25519 f, fe25519 g, unsigned int b) {
  uint32_t mask = 0 - (uint32_t)b;
  for (int index = 0; index < FIELD_WORDS; index += 1) {
    uint32_t change = (f[index] ^ g[index]) & mask;
    f[index] ^= change;
    g[index] ^= change;
  }
}

// RFC 7748 §5: the highest bit is no part of the number.
void fe25519_frombytes(fe25519 h, const unsigned char *s) {
  memcpy(h, s, 4 * FIELD_WORDS);
  h[FIELD_WORDS - 1] &= 0x7fffffff;
}

// h + small below 2^256; gives its bit 255 and writes the rest, where `keep` is not zero.
static uint32_t add_small(fe25519 h, uint32_t small, uint32_t keep) {
  uint64_t sum = small;
  for (int index = 0; index < FIELD_WORDS; index += 1) {
    sum += h[index];
    if (keep != 0) h[index] = (uint32_t)sum;
    if (index < FIELD_WORDS - 1) sum >>= 32;
  }
  return (uint32_t)sum >> 31;
}

// The least number: 2^255 = 19, and a number n is at least p where n + 19 reaches 2^255.
static void fe25519_reduce(fe25519 h, const fe25519 f) {
  uint32_t top = f[FIELD_WORDS - 1] >> 31;
  fe25519_frombytes(h, (const unsigned char *)f);
  add_small(h, 19 * top, 1);
  add_small(h, 19 * add_small(h, 19, 0), 1);
  h[FIELD_WORDS - 1] &= 0x7fffffff;
}

void fe25519_tobytes(unsigned char *s, const fe25519 h) {
  fe25519 least;
  fe25519_reduce(least, h);
  memcpy(s, least, sizeof least);
}

static inline int fe25519_isnegative(const fe25519 f) {
  unsigned char s[32];
  fe25519_tobytes(s, f);
  return s[0] & 1;
}

static inline int fe25519_iszero(const fe25519 f) {
  unsigned char s[32];
  fe25519_tobytes(s, f);
  return sodium_is_zero(s, 32);
}

#endif
