// SPDX-License-Identifier: EUPL-1.2
// AES-128 (FIPS 197), encryption alone, and CCM (RFC 3610) with L = 2. libsodium has no AES for
// processors without AES instructions.
//
// Security: one table of 1 KiB is looked up by secret octets. Cortex-M4 reads RAM without a cache in
// every case, so the time does not depend on the place; on a processor with a data cache it would.

#include "native.h"

void sodium_memzero(void *at, size_t bytes);

// For each octet x with S = SubBytes(x): the column (2 S, S, S, 3 S), lowest octet first.
static const u32 COLUMNS[256] = {
#include "aes-columns.h"
};

static u32 substitute(u32 octet) { return (COLUMNS[octet] >> 8) & 0xff; }
static u32 turn_left(u32 word, int bits) { return (word << bits) | (word >> (32 - bits)); }

// FIPS 197 §5.2.
static void expand_key(const u8 key[16], u32 keys[44]) {
  u32 constant = 1;
  for (int index = 0; index < 4; index += 1) keys[index] = word_at(key + 4 * index);
  for (int index = 4; index < 44; index += 1) {
    u32 word = keys[index - 1];
    if (index % 4 == 0) {
      word = substitute((word >> 8) & 0xff) | substitute((word >> 16) & 0xff) << 8 |
             substitute(word >> 24) << 16 | substitute(word & 0xff) << 24;
      word ^= constant;
      constant = (constant << 1) ^ (0x11b & (0 - (constant >> 7)));
    }
    keys[index] = keys[index - 4] ^ word;
  }
}

// FIPS 197 §5.1: SubBytes, ShiftRows and MixColumns of a column are four entries of the table.
static void encrypt_block(const u32 keys[44], const u32 in[4], u32 out[4]) {
  u32 state[4];
  u32 next[4];
  for (int column = 0; column < 4; column += 1) state[column] = in[column] ^ keys[column];
  for (int round = 1; round < 10; round += 1) {
    for (int column = 0; column < 4; column += 1) {
      next[column] = COLUMNS[state[column] & 0xff] ^
                     turn_left(COLUMNS[(state[(column + 1) & 3] >> 8) & 0xff], 8) ^
                     turn_left(COLUMNS[(state[(column + 2) & 3] >> 16) & 0xff], 16) ^
                     turn_left(COLUMNS[state[(column + 3) & 3] >> 24], 24) ^
                     keys[4 * round + column];
    }
    memcpy(state, next, sizeof state);
  }
  for (int column = 0; column < 4; column += 1) {
    out[column] = (substitute(state[column] & 0xff) |
                   substitute((state[(column + 1) & 3] >> 8) & 0xff) << 8 |
                   substitute((state[(column + 2) & 3] >> 16) & 0xff) << 16 |
                   substitute(state[(column + 3) & 3] >> 24) << 24) ^
                  keys[40 + column];
  }
}

struct ccm {
  u32 keys[44];
  u32 counter[4];
  u32 mac[4];
};

static void set_counter(struct ccm *ccm, u32 count) {
  u8 *octets = (u8 *)ccm->counter;
  octets[14] = (u8)(count >> 8);
  octets[15] = (u8)count;
}

// XORs octets into the CBC-MAC from a place in its block; a full block is encrypted.
static u32 mac_in(struct ccm *ccm, u32 place, const u8 *octets, u32 bytes) {
  u8 *mac = (u8 *)ccm->mac;
  for (u32 index = 0; index < bytes; index += 1) {
    mac[place] ^= octets[index];
    place += 1;
    if (place == 16) {
      encrypt_block(ccm->keys, ccm->mac, ccm->mac);
      place = 0;
    }
  }
  return place;
}

static void mac_pad(struct ccm *ccm, u32 place) {
  if (place > 0) encrypt_block(ccm->keys, ccm->mac, ccm->mac);
}

// B_0 and the additional data, RFC 3610 §2.2; A_0 without its count, §2.3.
static void begin(struct ccm *ccm, const u8 key[16], const u8 nonce[13], const u8 *additional,
                  u32 additional_bytes, u32 bytes, u32 tag_bytes) {
  u8 *counter = (u8 *)ccm->counter;
  u8 *mac = (u8 *)ccm->mac;
  expand_key(key, ccm->keys);
  counter[0] = 1;
  memcpy(counter + 1, nonce, 13);
  mac[0] = (u8)((additional_bytes > 0 ? 64 : 0) + 8 * ((tag_bytes - 2) / 2) + 1);
  memcpy(mac + 1, nonce, 13);
  mac[14] = (u8)(bytes >> 8);
  mac[15] = (u8)bytes;
  encrypt_block(ccm->keys, ccm->mac, ccm->mac);
  if (additional_bytes > 0) {
    u8 length[2] = {(u8)(additional_bytes >> 8), (u8)additional_bytes};
    mac_pad(ccm, mac_in(ccm, mac_in(ccm, 0, length, 2), additional, additional_bytes));
  }
}

static void apply_stream(struct ccm *ccm, u8 *text, u32 bytes) {
  u32 stream[4];
  for (u32 done = 0; done < bytes; done += 16) {
    u32 taken = bytes - done < 16 ? bytes - done : 16;
    set_counter(ccm, done / 16 + 1);
    encrypt_block(ccm->keys, ccm->counter, stream);
    for (u32 index = 0; index < taken; index += 1) text[done + index] ^= ((u8 *)stream)[index];
  }
}

static void finish(struct ccm *ccm, const u8 *text, u32 bytes, u8 tag[16]) {
  u32 first[4];
  mac_pad(ccm, mac_in(ccm, 0, text, bytes));
  set_counter(ccm, 0);
  encrypt_block(ccm->keys, ccm->counter, first);
  for (u32 index = 0; index < 4; index += 1) first[index] ^= ccm->mac[index];
  memcpy(tag, first, 16);
  sodium_memzero(ccm, sizeof *ccm);
}

void ccm_seal(const u8 key[16], const u8 nonce[13], const u8 *additional, u32 additional_bytes,
              u8 *text, u32 bytes, u32 tag_bytes) {
  struct ccm ccm;
  struct ccm stream;
  u8 tag[16];
  begin(&ccm, key, nonce, additional, additional_bytes, bytes, tag_bytes);
  stream = ccm;
  finish(&ccm, text, bytes, tag);
  apply_stream(&stream, text, bytes);
  memcpy(text + bytes, tag, tag_bytes);
  sodium_memzero(&stream, sizeof stream);
}

// The text is deciphered in place to be checked, and enciphered again where the check fails, so
// that nothing of it is left.
int ccm_open(const u8 key[16], const u8 nonce[13], const u8 *additional, u32 additional_bytes,
             u8 *text, u32 bytes, u32 tag_bytes) {
  struct ccm ccm;
  struct ccm stream;
  u8 tag[16];
  begin(&ccm, key, nonce, additional, additional_bytes, bytes, tag_bytes);
  stream = ccm;
  apply_stream(&stream, text, bytes);
  finish(&ccm, text, bytes, tag);
  int failed = octets_differ(tag, text + bytes, tag_bytes) == 0 ? 0 : -1;
  if (failed != 0) apply_stream(&stream, text, bytes);
  sodium_memzero(&stream, sizeof stream);
  return failed;
}
