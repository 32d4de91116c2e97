// SPDX-License-Identifier: EUPL-1.2
// The Merkle tree of RFC 9162 §2.1 over the slots of a ring.

#include "native.h"

// A packed slot: kind (u8) | ops (u8) | number that the kind grows by (u16) | target (u32) | until (u32),
// little endian; the number is that of another authority.
#define SLOT_BYTES 12
#define SLOT_EMPTY 0xff
#define SALT_BYTES 8
#define LEAF_BYTES_MAX 32

static const u8 LEAF_PREFIX = 0;
static const u8 NODE_PREFIX = 1;

// RFC 9162 §2.1.1.
void leaf_hash(const u8 *leaf, u32 bytes, u8 out[32]) {
  hash256_of_two(&LEAF_PREFIX, 1, leaf, bytes, out);
}

static void node_hash(const u8 left[32], const u8 right[32], u8 out[32]) {
  u8 pair[65];
  pair[0] = NODE_PREFIX;
  memcpy(pair + 1, left, 32);
  memcpy(pair + 33, right, 32);
  hash256(pair, sizeof pair, out);
}

// RFC 9162 §2.1.3.2, with its names. -1 where index, size and path do not belong together; then
// the hash is as it was.
int path_root(u8 hash[32], const u8 *path, u32 path_bytes, u32 index, u32 size) {
  u8 r[32];
  u32 fn = index;
  if (index >= size || path_bytes % 32 != 0) return -1;
  u32 sn = size - 1;
  memcpy(r, hash, 32);
  for (; path_bytes > 0; path_bytes -= 32, path += 32) {
    if (sn == 0) return -1;
    if ((fn & 1) == 1 || fn == sn) {
      node_hash(path, r, r);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      node_hash(r, path, r);
    }
    fn >>= 1;
    sn >>= 1;
  }
  if (sn != 0) return -1;
  memcpy(hash, r, 32);
  return 0;
}

static u32 word_of(const u8 *octets) {
  return (u32)octets[0] | (u32)octets[1] << 8 | (u32)octets[2] << 16 | (u32)octets[3] << 24;
}

// [kind, target, ops, until] without its heading.
static u32 put_fields(u8 *target, const u8 *slot) {
  u32 at = put_head(target, 0, slot[0] + slot[2] + ((u32)slot[3] << 8));
  at += put_head(target + at, 0, word_of(slot + 4));
  at += put_head(target + at, 0, slot[1]);
  return at + put_head(target + at, 0, word_of(slot + 8));
}

// What the hash of a packed slot covers, at most LEAF_BYTES_MAX octets: nothing for an empty one, else the leaf with its salt, which is
// HMAC-SHA-256 of the leaf under the secret of the ring, cut to eight octets. Gives the octets written.
u32 salted_leaf(const u8 *slot, const u8 secret[32], u8 *out) {
  u8 salt[32];
  if (slot[0] == SLOT_EMPTY) return 0;
  u32 bytes = 1 + put_fields(out + 1, slot);
  out[0] = 0x84;
  hmac256(secret, 32, out, bytes, salt);
  out[0] = 0x85;
  bytes += put_head(out + bytes, 2, SALT_BYTES);
  memcpy(out + bytes, salt, SALT_BYTES);
  return bytes + SALT_BYTES;
}

void slot_hashes(const u8 *slots, u32 count, const u8 secret[32], u8 *out) {
  for (; count > 0; count -= 1, slots += SLOT_BYTES, out += 32) {
    u8 leaf[LEAF_BYTES_MAX];
    leaf_hash(leaf, salted_leaf(slots, secret, leaf), out);
  }
}

// The upper part of the same path: neighbours among the kept nodes, level 5 and above, which lie level
// behind level. Gives the octets written, at most 224 in a ring of 4096 slots.
u32 kept_path(const u8 *nodes, u32 size, u32 index, u8 *out) {
  u32 bytes = 0;
  u32 count = (size + 31) >> 5;
  for (index >>= 5; count > 1; index >>= 1) {
    u32 sibling = index ^ 1;
    if (sibling < count) {
      memcpy(out + bytes, nodes + 32 * sibling, 32);
      bytes += 32;
    }
    nodes += 32 * count;
    count = (count + 1) >> 1;
  }
  return bytes;
}

// The lower part of an inclusion path (RFC 9162 §2.1.3.1): the neighbours of a leaf among the leaf hashes of a
// block and of the nodes above it. The hashes are used up. Gives the octets written, at most 160.
u32 block_path(u8 *hashes, u32 count, u32 index, u8 *out) {
  u32 bytes = 0;
  for (; count > 1; index >>= 1) {
    u32 sibling = index ^ 1;
    if (sibling < count) {
      memcpy(out + bytes, hashes + 32 * sibling, 32);
      bytes += 32;
    }
    count = fold_level(hashes, count);
  }
  return bytes;
}

// Replaces the hashes of a level by those of the level above; a last one without a neighbour moves
// up unchanged. Gives how many there are now.
u32 fold_level(u8 *hashes, u32 count) {
  u32 above = 0;
  for (u32 index = 0; index + 1 < count; index += 2) {
    node_hash(hashes + 32 * index, hashes + 32 * index + 32, hashes + 32 * above);
    above += 1;
  }
  if ((count & 1) != 0) {
    memmove(hashes + 32 * above, hashes + 32 * (count - 1), 32);
    above += 1;
  }
  return above;
}
