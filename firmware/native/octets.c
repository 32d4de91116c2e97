// SPDX-License-Identifier: EUPL-1.2
// Copying, comparing and checking octets, and the few helpers that libsodium's files call.

#include "native.h"

#ifndef NATIVE_HOST
// Words at a time where both ends allow it: Cortex-M4 loads unaligned words, but not in LDM.
void *memcpy(void *to, const void *from, size_t bytes) {
  u8 *target = to;
  const u8 *source = from;
  if ((((uintptr_t)target | (uintptr_t)source) & 3) == 0) {
    for (; bytes >= 4; bytes -= 4, target += 4, source += 4) {
      *(u32 *)(void *)target = *(const u32 *)(const void *)source;
    }
  }
  while (bytes-- > 0) *target++ = *source++;
  return to;
}

void *memmove(void *to, const void *from, size_t bytes) {
  u8 *target = to;
  const u8 *source = from;
  if (target <= source || target >= source + bytes) return memcpy(to, from, bytes);
  while (bytes-- > 0) target[bytes] = source[bytes];
  return to;
}

void *memset(void *to, int octet, size_t bytes) {
  u8 *target = to;
  while (bytes-- > 0) *target++ = (u8)octet;
  return to;
}
#endif

// Reads both to the end whatever they hold.
u32 octets_differ(const u8 *one, const u8 *other, u32 bytes) {
  u32 difference = 0;
  for (u32 index = 0; index < bytes; index += 1) difference |= one[index] ^ other[index];
  return (difference + 0xff) >> 8;
}

// What libsodium's utils.c and verify.c are asked for; their own versions pull in far more.
void sodium_memzero(void *const at, const size_t bytes) {
  volatile u8 *target = at;
  for (size_t index = 0; index < bytes; index += 1) target[index] = 0;
}

int sodium_memcmp(const void *const one, const void *const other, size_t bytes) {
  return -(int)octets_differ(one, other, (u32)bytes);
}

int sodium_is_zero(const u8 *octets, const size_t bytes) {
  u32 any = 0;
  for (size_t index = 0; index < bytes; index += 1) any |= octets[index];
  return (int)(1 & ((any - 1) >> 8));
}

int crypto_verify_32(const u8 *one, const u8 *other) {
  return -(int)octets_differ(one, other, 32);
}

// CRC-16/CCITT-FALSE: polynomial 0x1021, initial value 0xffff, eight steps at once.
u32 crc16_of(const u8 *octets, u32 bytes) {
  u32 crc = 0xffff;
  for (u32 index = 0; index < bytes; index += 1) {
    u32 mixed = ((crc >> 8) ^ octets[index]) & 0xff;
    mixed ^= mixed >> 4;
    crc = ((crc << 8) ^ (mixed << 12) ^ (mixed << 5) ^ mixed) & 0xffff;
  }
  return crc;
}

// CRC-32/ISO-HDLC: reflected polynomial 0xedb88320, a nibble at a time.
u32 crc32_of(const u8 *octets, u32 bytes) { return ~crc32_with(0xffffffff, octets, bytes); }

// Goes on with a CRC that is not inverted yet.
u32 crc32_with(u32 crc, const u8 *octets, u32 bytes) {
  static const u32 of_nibble[16] = {
      0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
      0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
      0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
  for (u32 index = 0; index < bytes; index += 1) {
    crc ^= octets[index];
    crc = (crc >> 4) ^ of_nibble[crc & 15];
    crc = (crc >> 4) ^ of_nibble[crc & 15];
  }
  return crc;
}
