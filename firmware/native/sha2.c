// SPDX-License-Identifier: EUPL-1.2
// SHA-256 is libsodium's file, unmodified. SHA-512 is own code, since the library's unrolled rounds
// would take six kilobytes. HMAC is RFC 2104, HKDF-Expand RFC 5869 §2.3.

#include "native.h"

#include "crypto_hash/sha256/cp/hash_sha256_cp.c"

#include "crypto_hash_sha512.h"

void hash256(const u8 *message, u32 bytes, u8 out[32]) { crypto_hash_sha256(out, message, bytes); }

void hash256_of_two(const u8 *one, u32 one_bytes, const u8 *other, u32 other_bytes, u8 out[32]) {
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  crypto_hash_sha256_update(&state, one, one_bytes);
  crypto_hash_sha256_update(&state, other, other_bytes);
  crypto_hash_sha256_final(&state, out);
}

struct hmac {
  crypto_hash_sha256_state inner;
  crypto_hash_sha256_state outer;
};

static void hmac_begin(struct hmac *hmac, const u8 *key, u32 key_bytes) {
  u8 pad[64];
  memset(pad, 0, sizeof pad);
  if (key_bytes > sizeof pad) {
    hash256(key, key_bytes, pad);
  } else {
    memcpy(pad, key, key_bytes);
  }
  for (u32 index = 0; index < sizeof pad; index += 1) pad[index] ^= 0x36;
  crypto_hash_sha256_init(&hmac->inner);
  crypto_hash_sha256_update(&hmac->inner, pad, sizeof pad);
  for (u32 index = 0; index < sizeof pad; index += 1) pad[index] ^= 0x36 ^ 0x5c;
  crypto_hash_sha256_init(&hmac->outer);
  crypto_hash_sha256_update(&hmac->outer, pad, sizeof pad);
  sodium_memzero(pad, sizeof pad);
}

static void hmac_end(struct hmac *hmac, u8 out[32]) {
  u8 inner[32];
  crypto_hash_sha256_final(&hmac->inner, inner);
  crypto_hash_sha256_update(&hmac->outer, inner, sizeof inner);
  crypto_hash_sha256_final(&hmac->outer, out);
}

void hmac256(const u8 *key, u32 key_bytes, const u8 *message, u32 bytes, u8 out[32]) {
  struct hmac hmac;
  hmac_begin(&hmac, key, key_bytes);
  crypto_hash_sha256_update(&hmac.inner, message, bytes);
  hmac_end(&hmac, out);
}

// The key is taken in once: a block of output costs three compressions less.
void hkdf_expand(const u8 prk[32], const u8 *info, u32 info_bytes, u8 *out, u32 bytes) {
  struct hmac keyed;
  struct hmac block;
  u8 output[32];
  u8 counter = 0;
  hmac_begin(&keyed, prk, 32);
  for (u32 done = 0; done < bytes; done += 32) {
    block = keyed;
    if (counter > 0) crypto_hash_sha256_update(&block.inner, output, sizeof output);
    counter += 1;
    crypto_hash_sha256_update(&block.inner, info, info_bytes);
    crypto_hash_sha256_update(&block.inner, &counter, 1);
    hmac_end(&block, output);
    memcpy(out + done, output, bytes - done < 32 ? bytes - done : 32);
  }
  sodium_memzero(&keyed, sizeof keyed);
  sodium_memzero(&block, sizeof block);
  sodium_memzero(output, sizeof output);
}

// FIPS 180-4 §4.2.3, §5.3.5 and §6.4: constants, initial value and rounds of SHA-512.
static const uint64_t ROUNDS_512[80] = {
#include "sha512-rounds.h"
};
static const uint64_t INITIAL_512[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};

static uint64_t turn(uint64_t word, int bits) { return (word >> bits) | (word << (64 - bits)); }

// The message schedule is kept in a window of sixteen words: 128 octets of stack instead of 640.
static void compress512(uint64_t state[8], const u8 block[128]) {
  uint64_t window[16];
  uint64_t v[8];
  for (int index = 0; index < 16; index += 1) {
    uint64_t word = 0;
    for (int octet = 0; octet < 8; octet += 1) word = (word << 8) | block[8 * index + octet];
    window[index] = word;
  }
  memcpy(v, state, sizeof v);
  for (int round = 0; round < 80; round += 1) {
    uint64_t word = window[round & 15];
    uint64_t choice = v[6] ^ (v[4] & (v[5] ^ v[6]));
    uint64_t majority = (v[0] & v[1]) | (v[2] & (v[0] | v[1]));
    uint64_t one = v[7] + (turn(v[4], 14) ^ turn(v[4], 18) ^ turn(v[4], 41)) + choice +
                   ROUNDS_512[round] + word;
    uint64_t two = (turn(v[0], 28) ^ turn(v[0], 34) ^ turn(v[0], 39)) + majority;
    for (int index = 7; index > 0; index -= 1) v[index] = v[index - 1];
    v[4] += one;
    v[0] = one + two;
    uint64_t early = window[(round + 1) & 15];
    uint64_t late = window[(round + 14) & 15];
    window[round & 15] = word + window[(round + 9) & 15] +
                         (turn(early, 1) ^ turn(early, 8) ^ (early >> 7)) +
                         (turn(late, 19) ^ turn(late, 61) ^ (late >> 6));
  }
  for (int index = 0; index < 8; index += 1) state[index] += v[index];
  sodium_memzero(window, sizeof window);
  sodium_memzero(v, sizeof v);
}

// The four functions have the library's names and state, because its signatures call them.
int crypto_hash_sha512_init(crypto_hash_sha512_state *state) {
  memcpy(state->state, INITIAL_512, sizeof INITIAL_512);
  state->count[0] = 0;
  state->count[1] = 0;
  return 0;
}

// count[1] counts octets.
int crypto_hash_sha512_update(crypto_hash_sha512_state *state, const unsigned char *in,
                              unsigned long long bytes) {
  u32 left = (u32)bytes;
  u32 filled = (u32)state->count[1] & 127;
  state->count[1] += left;
  while (left > 0) {
    u32 taken = left < 128 - filled ? left : 128 - filled;
    memcpy(state->buf + filled, in, taken);
    in += taken;
    left -= taken;
    filled += taken;
    if (filled == 128) {
      compress512(state->state, state->buf);
      filled = 0;
    }
  }
  return 0;
}

int crypto_hash_sha512_final(crypto_hash_sha512_state *state, unsigned char *out) {
  uint64_t bits = state->count[1] << 3;
  u32 filled = (u32)state->count[1] & 127;
  state->buf[filled] = 0x80;
  memset(state->buf + filled + 1, 0, 127 - filled);
  if (filled >= 112) {
    compress512(state->state, state->buf);
    memset(state->buf, 0, 128);
  }
  for (int octet = 0; octet < 8; octet += 1) state->buf[127 - octet] = (u8)(bits >> (8 * octet));
  compress512(state->state, state->buf);
  for (int index = 0; index < 64; index += 1) {
    out[index] = (u8)(state->state[index / 8] >> (56 - 8 * (index & 7)));
  }
  sodium_memzero(state, sizeof *state);
  return 0;
}

int crypto_hash_sha512(unsigned char *out, const unsigned char *in, unsigned long long bytes) {
  crypto_hash_sha512_state state;
  crypto_hash_sha512_init(&state);
  crypto_hash_sha512_update(&state, in, bytes);
  return crypto_hash_sha512_final(&state, out);
}

void hash512(const u8 *message, u32 bytes, u8 out[64]) { crypto_hash_sha512(out, message, bytes); }
