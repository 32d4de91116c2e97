// SPDX-License-Identifier: EUPL-1.2
// What the parts of the blob offer one another. Lengths are octets.

#ifndef NATIVE_H
#define NATIVE_H

#include <stddef.h>
#include <stdint.h>

#include "codes.h"

typedef uint8_t u8;
typedef uint32_t u32;

// What `bind` was told: where the arena lies, how long it is, and the lowest address of the stack.
struct binding {
  u32 arena;
  u32 arena_bytes;
  u32 stack_end;
};
extern __attribute__((visibility("hidden"))) volatile struct binding binding;

// What an entry over the arena answers for a range outside it, and one that needs a deep stack for a
// short one.
enum { OUT_OF_ARENA = 0x7f01, STACK_SHORT = 0x7f01 };

// Most stack that an entry takes, over the measured peak of the largest; `make native` paints.
#define STACK_NEED 4096

// curves.c: libsodium. 0 is good.
int curve_verify(const u8 public_key[32], const u8 *message, u32 bytes, const u8 signature[64]);
int curve_is_usable(const u8 public_key[32]);
void curve_sign(const u8 secret[64], const u8 *message, u32 bytes, u8 signature[64]);
void curve_signing_key(const u8 seed[32], u8 secret[64]);
int curve_agree(const u8 secret[32], const u8 peer[32], u8 out[32]);
void curve_public(const u8 secret[32], u8 out[32]);

// sha2.c
void hash256(const u8 *message, u32 bytes, u8 out[32]);
void hash256_of_two(const u8 *one, u32 one_bytes, const u8 *other, u32 other_bytes, u8 out[32]);
void hash512(const u8 *message, u32 bytes, u8 out[64]);
void hmac256(const u8 *key, u32 key_bytes, const u8 *message, u32 bytes, u8 out[32]);
void hkdf_expand(const u8 prk[32], const u8 *info, u32 info_bytes, u8 *out, u32 bytes);

// aes-ccm.c: AES-128-CCM, RFC 3610 with L = 2; the tag lies behind the text, in place.
void ccm_seal(const u8 key[16], const u8 nonce[13], const u8 *additional, u32 additional_bytes,
              u8 *text, u32 bytes, u32 tag_bytes);
int ccm_open(const u8 key[16], const u8 nonce[13], const u8 *additional, u32 additional_bytes,
             u8 *text, u32 bytes, u32 tag_bytes);

// cbor-gate.c
u32 gate_tokens(const u8 *arena, u32 at, u32 bytes, u32 *tokens, u32 tokens_max);
int is_one_item(const u8 *octets, u32 bytes);
int get_argument(const u8 *octets, u32 *position, u32 end, u32 *argument);
u32 put_head(u8 *target, u32 major, u32 argument);

// tree.c
void leaf_hash(const u8 *leaf, u32 bytes, u8 out[32]);
int path_root(u8 hash[32], const u8 *path, u32 path_bytes, u32 index, u32 size);
void slot_hashes(const u8 *slots, u32 count, const u8 secret[32], u8 *out);
u32 fold_level(u8 *hashes, u32 count);
u32 block_path(u8 *hashes, u32 count, u32 index, u8 *out);
u32 salted_leaf(const u8 *slot, const u8 secret[32], u8 *out);
u32 kept_path(const u8 *nodes, u32 size, u32 index, u8 *out);
int begin_delta(const u8 *octets, u32 bytes, u32 *state);
void put_delta(const u8 *octets, u32 *state, u32 first_slot, u8 *slots);
u32 search_octets(u8 *slots, u32 count, u8 *out);

// entries.c: the entries that the steps of a session are made of.
int entry_arena_dh(u32 secret, u32 peer, u32 out);
int entry_arena_verify(u32 public_key, u32 message, u32 bytes, u32 signature);
int entry_arena_hash(u32 at, u32 bytes, u32 out);
int entry_arena_extract(u32 salt, u32 input, u32 out);
int entry_arena_kdf(u32 prk, u32 context, u32 length_and_label, u32 out);
int entry_arena_seal(u32 key, u32 additional, u32 text, u32 bytes);
int entry_arena_open(u32 key, u32 additional, u32 text, u32 bytes);
int entry_arena_gate(u32 at, u32 bytes, u32 tokens, u32 tokens_max);
int entry_arena_shape(u32 tokens, u32 count, u32 shape);
int entry_arena_put_head(u32 at, u32 major, u32 argument);
int entry_arena_unwrap(u32 at, u32 bytes);
int entry_arena_hash_leaf(u32 at, u32 bytes, u32 out);
int entry_arena_tree_root(u32 hash, u32 path, u32 path_bytes, u32 index_and_size);
int entry_arena_find(u32 table, u32 records, u32 wanted, u32 sizes);
int entry_arena_copy(u32 to, u32 from, u32 bytes);
int entry_arena_xor(u32 at, u32 with, u32 bytes);
int entry_arena_compare(u32 one, u32 other, u32 bytes);

// Four octets, little endian; they need not lie at a word.
static inline u32 word_at(const u8 *octets) {
  return octets[0] | (u32)octets[1] << 8 | (u32)octets[2] << 16 | (u32)octets[3] << 24;
}

// frames.c
u32 lay_frames(u32 kind, const u8 *message, u32 bytes, u8 *frames, u32 room);
int step_frames(void *memory, u32 held_bytes);

// octets.c
u32 octets_differ(const u8 *one, const u8 *other, u32 bytes);
u32 crc16_of(const u8 *octets, u32 bytes);
u32 crc32_of(const u8 *octets, u32 bytes);
u32 crc32_with(u32 crc, const u8 *octets, u32 bytes);
void *memcpy(void *to, const void *from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int octet, size_t bytes);

#endif
