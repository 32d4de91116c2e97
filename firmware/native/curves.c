// SPDX-License-Identifier: EUPL-1.2
// X25519 and Ed25519: libsodium's files, unmodified, in one translation unit, over the field of field.h,
// which the build puts where they look for theirs. Replaced by own code besides, because the library's
// is far larger than a blob may be: the multiple of the base point (a quarter of the table is an
// eighth of it) and the arithmetic modulo the order of the group.

#include "native.h"

// Nothing of the library's versions is called, so the linker drops them.
#define ge25519_scalarmult_base library_scalarmult_base
#define sc25519_reduce library_reduce
#define sc25519_muladd library_muladd
#include "ed25519_ref10.c"
#undef ge25519_scalarmult_base
#undef sc25519_reduce
#undef sc25519_muladd

static void ge25519_scalarmult_base(ge25519_p3 *h, const unsigned char *a);
static void sc25519_reduce(unsigned char s[64]);
static void sc25519_muladd(unsigned char s[32], const unsigned char a[32],
                           const unsigned char b[32], const unsigned char c[32]);

#include "crypto_scalarmult/curve25519/ref10/x25519_ref10.c"
#include "crypto_sign/ed25519/ref10/open.c"
#include "crypto_sign/ed25519/ref10/sign.c"

// Every eighth row of the library's table: (j + 1) * 256^(8 i) * B. Made by `make native`.
static const ge25519_precomp base_rows[4][8] = {
#include "base-rows.h"
};

// h = a * B by comb: four digits of a share each of sixteen steps of four doublings, because their
// places lie 16^16 apart. Signed digits and the constant-time choice are the library's
// (ge25519_scalarmult_base, ge25519_cmov8). Requires: a[31] <= 127.
static void ge25519_scalarmult_base(ge25519_p3 *h, const unsigned char *a) {
  signed char digits[64];
  ge25519_p1p1 sum;
  ge25519_p2 half;
  ge25519_precomp chosen;
  signed char carry = 0;
  for (int index = 0; index < 64; index += 1) {
    signed char digit = (signed char)(((a[index / 2] >> (4 * (index & 1))) & 15) + carry);
    carry = (signed char)((digit + 8) >> 4);
    if (index == 63) carry = 0;
    digits[index] = (signed char)(digit - carry * 16);
  }
  ge25519_p3_0(h);
  for (int step = 15; step >= 0; step -= 1) {
    if (step != 15) {
      ge25519_p3_dbl(&sum, h);
      for (int doubling = 0; doubling < 3; doubling += 1) {
        ge25519_p1p1_to_p2(&half, &sum);
        ge25519_p2_dbl(&sum, &half);
      }
      ge25519_p1p1_to_p3(h, &sum);
    }
    for (int row = 0; row < 4; row += 1) {
      ge25519_cmov8(&chosen, base_rows[row], digits[16 * row + step]);
      ge25519_madd(&sum, h, &chosen);
      ge25519_p1p1_to_p3(h, &sum);
    }
  }
}

// L = 2^252 + 27742317777372353535851937790883648493 (RFC 8032 §5.1) and floor(2^512 / L), words of
// 32 bits from the lowest.
static const u32 ORDER[9] = {0x5cf5d3ed, 0x5812631a, 0xa2f79cd6, 0x14def9de, 0, 0, 0, 0x10000000, 0};
static const u32 RECIPROCAL[9] = {0x0a2c131b, 0xed9ce5a3, 0x086329a7, 0x2106215d, 0xffffffeb,
                                  0xffffffff, 0xffffffff, 0xffffffff, 0x0000000f};

// Words `from` to `to` of x * y; x and y have nine words, and no more than `to` are written.
static void multiply(u32 *product, int words, const u32 x[9], const u32 y[9]) {
  memset(product, 0, (size_t)words * 4);
  for (int i = 0; i < 9; i += 1) {
    uint64_t carry = 0;
    for (int j = 0; i + j < words && j < 10; j += 1) {
      carry += product[i + j];
      if (j < 9) carry += (uint64_t)x[i] * y[j];
      product[i + j] = (u32)carry;
      carry >>= 32;
    }
  }
}

// x - y over nine words; gives 1 where the result went below zero.
static u32 subtract(u32 difference[9], const u32 x[9], const u32 y[9]) {
  u32 borrow = 0;
  for (int index = 0; index < 9; index += 1) {
    uint64_t step = (uint64_t)x[index] - y[index] - borrow;
    difference[index] = (u32)step;
    borrow = (u32)(step >> 63);
  }
  return borrow;
}

// Barrett's reduction (Handbook of Applied Cryptography, algorithm 14.42) with b = 2^32, k = 8: the
// quotient is at most two too small. The same steps are taken whatever the number is.
static void reduce_words(u32 x[16]) {
  u32 product[18];
  u32 quotient[9];
  u32 rest[9];
  u32 less[9];
  multiply(product, 18, x + 7, RECIPROCAL);
  memcpy(quotient, product + 9, sizeof quotient);
  multiply(product, 9, quotient, ORDER);
  subtract(rest, x, product);
  for (int again = 0; again < 2; again += 1) {
    u32 keep = 0 - subtract(less, rest, ORDER);
    for (int index = 0; index < 9; index += 1) {
      rest[index] = (rest[index] & keep) | (less[index] & ~keep);
    }
  }
  memcpy(x, rest, 32);
  sodium_memzero(rest, sizeof rest);
  sodium_memzero(less, sizeof less);
  sodium_memzero(product, sizeof product);
}

// Little-endian octets are words here and on every host that we build for.
static void sc25519_reduce(unsigned char s[64]) {
  u32 words[16];
  memcpy(words, s, 64);
  reduce_words(words);
  memcpy(s, words, 32);
  sodium_memzero(words, sizeof words);
}

// s = a * b + c modulo L, for a, b, c below 2^256.
static void sc25519_muladd(unsigned char s[32], const unsigned char a[32],
                           const unsigned char b[32], const unsigned char c[32]) {
  u32 x[9];
  u32 y[9];
  u32 product[18];
  x[8] = 0;
  y[8] = 0;
  memcpy(x, a, 32);
  memcpy(y, b, 32);
  multiply(product, 18, x, y);
  memcpy(x, c, 32);
  uint64_t carry = 0;
  for (int index = 0; index < 16; index += 1) {
    carry += (uint64_t)product[index] + (index < 8 ? x[index] : 0);
    product[index] = (u32)carry;
    carry >>= 32;
  }
  reduce_words(product);
  memcpy(s, product, 32);
  sodium_memzero(x, sizeof x);
  sodium_memzero(y, sizeof y);
  sodium_memzero(product, sizeof product);
}

// RFC 8032 §5.1.3 for the canonical encoding; the library's own checks in a verification.
int curve_is_usable(const u8 public_key[32]) {
  return ge25519_is_canonical(public_key) != 0 && ge25519_has_small_order(public_key) == 0;
}

int curve_verify(const u8 public_key[32], const u8 *message, u32 bytes, const u8 signature[64]) {
  return crypto_sign_ed25519_verify_detached(signature, message, bytes, public_key);
}

void curve_sign(const u8 secret[64], const u8 *message, u32 bytes, u8 signature[64]) {
  crypto_sign_ed25519_detached(signature, NULL, message, bytes, secret);
}

// RFC 8032 §5.1.5, with the form of libsodium: seed, then public key.
void curve_signing_key(const u8 seed[32], u8 secret[64]) {
  u8 hash[64];
  ge25519_p3 point;
  hash512(seed, 32, hash);
  _crypto_sign_ed25519_clamp(hash);
  ge25519_scalarmult_base(&point, hash);
  memcpy(secret, seed, 32);
  ge25519_p3_tobytes(secret + 32, &point);
  sodium_memzero(hash, sizeof hash);
}

// The library refuses the points of small order that it knows; the result says so for all of them
// (RFC 7748 §6.1).
int curve_agree(const u8 secret[32], const u8 peer[32], u8 out[32]) {
  static const u8 zero[32] = {0};
  u8 shared[32];
  if (crypto_scalarmult_curve25519_ref10(shared, secret, peer) != 0) return -1;
  if (octets_differ(shared, zero, 32) == 0) return -1;
  memcpy(out, shared, 32);
  sodium_memzero(shared, sizeof shared);
  return 0;
}

void curve_public(const u8 secret[32], u8 out[32]) {
  u8 shared[32];
  crypto_scalarmult_curve25519_ref10_base(shared, secret);
  memcpy(out, shared, 32);
}
