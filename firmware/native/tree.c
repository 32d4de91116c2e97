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

// [kind, target, ops, until] without its heading.
static u32 put_fields(u8 *target, const u8 *slot) {
  u32 at = put_head(target, 0, slot[0] + slot[2] + ((u32)slot[3] << 8));
  at += put_head(target + at, 0, word_at(slot + 4));
  at += put_head(target + at, 0, slot[1]);
  return at + put_head(target + at, 0, word_at(slot + 8));
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

// A delta of a ring, spec/ring.cddl: [ base16, new16, [ * [ first slot, [ + leaf / null ] ] ] ] in the strict encoding of
// cbor-gate.c. Runs rise and do not touch. A state of five words says how far it was applied: position, slot of the change
// that lies there, changes left in its run, runs behind it, slot behind the last change that was applied.

#define DELTA_HEAD_BYTES 35
#define DELTA_SLOTS_MAX 4096
#define KIND_MAX 0x10001
#define LEAF_FOREIGN 2

struct reader {
  const u8 *octets;
  u32 position;
  u32 end;
};

// The argument of the next heading, which is of one major type; 0 where there is none such.
static int read_head(struct reader *reader, u32 major, u32 most, u32 *argument) {
  if (reader->position >= reader->end) return 0;
  if (reader->octets[reader->position] >> 5 != major) return 0;
  return get_argument(reader->octets, &reader->position, reader->end, argument) && *argument <= most;
}

static void put_word(u8 *target, u32 value) {
  for (u32 octet = 0; octet < 4; octet += 1) target[octet] = (u8)(value >> (8 * octet));
}

// Gives 0 for a leaf that is none.
static int read_slot(struct reader *reader, u8 *slot) {
  u32 items, kind, target, ops, until;
  if (reader->position < reader->end && reader->octets[reader->position] == 0xf6) {
    reader->position += 1;
    memset(slot, SLOT_EMPTY, SLOT_BYTES);
    return 1;
  }
  if (!read_head(reader, 4, 4, &items) || items != 4) return 0;
  if (!read_head(reader, 0, KIND_MAX, &kind) || !read_head(reader, 0, 0xffffffff, &target)) return 0;
  if (!read_head(reader, 0, 0xff, &ops) || !read_head(reader, 0, 0xffffffff, &until)) return 0;
  u32 authority = kind < LEAF_FOREIGN ? 0 : kind - LEAF_FOREIGN;
  slot[0] = (u8)(kind - authority);
  slot[1] = (u8)ops;
  slot[2] = (u8)authority;
  slot[3] = (u8)(authority >> 8);
  put_word(slot + 4, target);
  put_word(slot + 8, until);
  return 1;
}

// Takes the heading of a run; 0 for one that is none or comes before `least`.
static int read_run(struct reader *reader, u32 least, u32 *state) {
  u32 items;
  if (!read_head(reader, 4, 2, &items) || items != 2) return 0;
  if (!read_head(reader, 0, DELTA_SLOTS_MAX - 1, &state[1]) || state[1] < least) return 0;
  if (!read_head(reader, 4, DELTA_SLOTS_MAX, &state[2]) || state[2] == 0) return 0;
  return state[1] + state[2] <= DELTA_SLOTS_MAX;
}

// Looks through a delta and stands before its first change. Gives the number of changes, or -1 for octets that are no
// delta.
int begin_delta(const u8 *octets, u32 bytes, u32 *state) {
  struct reader reader = {octets, DELTA_HEAD_BYTES, bytes};
  u8 slot[SLOT_BYTES];
  u32 runs;
  u32 count = 0;
  u32 least = 0;
  memset(state, 0, 20);
  if (bytes <= DELTA_HEAD_BYTES || octets[0] != 0x83 || octets[1] != 0x50 || octets[18] != 0x50) return -1;
  if (!read_head(&reader, 4, DELTA_SLOTS_MAX / 2, &runs)) return -1;
  u32 start = reader.position;
  for (u32 run = 0; run < runs; run += 1) {
    if (!read_run(&reader, least, state)) return -1;
    for (u32 place = 0; place < state[2]; place += 1) {
      if (!read_slot(&reader, slot)) return -1;
    }
    count += state[2];
    least = state[1] + state[2] + 1;
  }
  if (reader.position != reader.end) return -1;
  reader.position = start;
  memset(state, 0, 20);
  if (runs > 0 && !read_run(&reader, 0, state)) return -1;
  state[0] = reader.position;
  state[3] = runs > 0 ? runs - 1 : 0;
  return (int)count;
}

// Applies the changes that lie in a block of 32 slots, of a delta that was looked through.
void put_delta(const u8 *octets, u32 *state, u32 first_slot, u8 *slots) {
  struct reader reader = {octets, state[0], 0xffffffff};
  while (state[2] > 0 && state[1] >= first_slot && state[1] < first_slot + 32) {
    if (!read_slot(&reader, slots + SLOT_BYTES * (state[1] - first_slot))) break;
    state[1] += 1;
    state[2] -= 1;
    state[4] = state[1];
    if (state[2] == 0 && state[3] > 0) {
      if (!read_run(&reader, 0, state)) break;
      state[3] -= 1;
    }
    state[0] = reader.position;
  }
}

// The octets by which the slots of a block are searched; those behind `count` are emptied. Gives the leaves.
u32 search_octets(u8 *slots, u32 count, u8 *out) {
  u32 leaves = 0;
  for (u32 index = 0; index < 32; index += 1) {
    u8 *slot = slots + SLOT_BYTES * index;
    if (index >= count) memset(slot, SLOT_EMPTY, SLOT_BYTES);
    out[index] = SLOT_EMPTY;
    if (slot[0] == SLOT_EMPTY) continue;
    u32 kind = slot[0] + slot[2] + ((u32)slot[3] << 8);
    out[index] = (u8)(word_at(slot + 4) % 127 * 2 + (kind & 1));
    leaves += 1;
  }
  return leaves;
}
