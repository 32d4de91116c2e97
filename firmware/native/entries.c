// SPDX-License-Identifier: EUPL-1.2
// The entries of entries.h. Those over absolute addresses trust their caller, a JavaScript wrapper
// that has checked lengths and addresses. Those over the arena check every range themselves.

#include "native.h"

void sodium_memzero(void *at, size_t bytes);

enum {
#define ENTRY(name, arguments) PLACE_##name,
#include "entries.h"
#undef ENTRY
  PLACES
};

// NIST SP 800-90B §4.4.1 and §4.4.2, with the numbers of entropy.ts.
enum { SLOTS_MAX = 4096 };

enum { REPEATS_MAX = 5, WINDOW_OCTETS = 64, WINDOW_SAME_MAX = 9 };

#ifdef NATIVE_HOST
volatile struct binding binding;
#endif

// A number that names a place: on the board every number does, on a host those of the runner.
static u8 *place(u32 address) { return (u8 *)(uintptr_t)address; }

// True where the curves' stack would run into what lies below it.
static int is_stack_short(void) {
  return (u32)(uintptr_t)__builtin_frame_address(0) < binding.stack_end + STACK_NEED;
}

int entry_bind(u32 arena, u32 bytes, u32 stack_end) {
  binding.arena = arena;
  binding.arena_bytes = bytes;
  binding.stack_end = stack_end;
  return NATIVE_ABI;
}

int entry_stack_pointer(void) { return (int)(uintptr_t)__builtin_frame_address(0); }

int entry_sha256(u32 message, u32 bytes, u32 out) {
  hash256(place(message), bytes, place(out));
  return 0;
}

int entry_sha512(u32 message, u32 bytes, u32 out) {
  hash512(place(message), bytes, place(out));
  return 0;
}

// lengths: of the key in the upper 16 bits, of the message in the lower 16.
int entry_hmac(u32 key, u32 message, u32 lengths, u32 out) {
  hmac256(place(key), lengths >> 16, place(message), lengths & 0xffff, place(out));
  return 0;
}

// RFC 5869 §2.3. lengths: of the output in the upper 16 bits, of the info in the lower 16.
int entry_hkdf_expand(u32 prk, u32 info, u32 lengths, u32 out) {
  hkdf_expand(place(prk), place(info), lengths & 0xffff, place(out), lengths >> 16);
  return 0;
}

// key: 16 octets of key, 13 of nonce, one that says how long the tag is (8 or 16).
// lengths: of the additional data in the upper 16 bits, of the text in the lower 16.
int entry_ccm_seal(u32 key, u32 additional, u32 text, u32 lengths) {
  const u8 *keys = place(key);
  ccm_seal(keys, keys + 16, place(additional), lengths >> 16, place(text), lengths & 0xffff,
           keys[29]);
  return 0;
}

// The length of the text counts the tag.
int entry_ccm_open(u32 key, u32 additional, u32 text, u32 lengths) {
  const u8 *keys = place(key);
  u32 bytes = lengths & 0xffff;
  if (bytes < keys[29]) return SEAL_INVALID;
  return ccm_open(keys, keys + 16, place(additional), lengths >> 16, place(text), bytes - keys[29],
                  keys[29]) == 0
             ? 0
             : SEAL_INVALID;
}

int entry_signing_key(u32 seed, u32 secret) {
  if (is_stack_short()) return STACK_SHORT;
  curve_signing_key(place(seed), place(secret));
  return 0;
}

int entry_sign(u32 secret, u32 message, u32 bytes, u32 signature) {
  if (is_stack_short()) return STACK_SHORT;
  curve_sign(place(secret), place(message), bytes, place(signature));
  return 0;
}

int entry_verify(u32 public_key, u32 message, u32 bytes, u32 signature) {
  if (is_stack_short()) return STACK_SHORT;
  return curve_verify(place(public_key), place(message), bytes, place(signature)) == 0
             ? 0
             : SIGNATURE_INVALID;
}

int entry_x25519_base(u32 secret, u32 out) {
  if (is_stack_short()) return STACK_SHORT;
  curve_public(place(secret), place(out));
  return 0;
}

int entry_x25519(u32 secret, u32 peer, u32 out) {
  if (is_stack_short()) return STACK_SHORT;
  return curve_agree(place(secret), place(peer), place(out)) == 0 ? 0 : SHARED_SECRET_ZERO;
}

int entry_crc16(u32 at, u32 bytes) { return (int)crc16_of(place(at), bytes); }
int entry_crc32(u32 at, u32 bytes) { return (int)crc32_of(place(at), bytes); }

// Octets before the erased words at the end of a range that begins on a word.
int entry_used_bytes(u32 at, u32 bytes) {
  const u32 *words = (const u32 *)(const void *)place(at);
  bytes &= ~3u;
  while (bytes > 0 && words[bytes / 4 - 1] == 0xffffffff) bytes -= 4;
  return (int)bytes;
}

int entry_leaf_hashes(u32 slots, u32 count, u32 secret, u32 out) {
  slot_hashes(place(slots), count, place(secret), place(out));
  return 0;
}

int entry_fold(u32 hashes, u32 count) { return (int)fold_level(place(hashes), count); }

// The hashes are used up.
int entry_block_path(u32 hashes, u32 count, u32 index, u32 out) {
  if (count > 32 || index >= count) return 0;
  return (int)block_path(place(hashes), count, index, place(out));
}

int entry_salted_leaf(u32 slot, u32 secret, u32 out) {
  return (int)salted_leaf(place(slot), place(secret), place(out));
}

int entry_kept_path(u32 nodes, u32 size, u32 index, u32 out) {
  if (size > SLOTS_MAX || index >= size) return 0;
  return (int)kept_path(place(nodes), size, index, place(out));
}

static u32 record_crc(const u8 *record, u32 salt) {
  u8 salted[4] = {(u8)salt, (u8)(salt >> 8), (u8)(salt >> 16), (u8)(salt >> 24)};
  u32 crc = crc32_with(0xffffffff, salted, 4);
  crc = crc32_with(crc, record, 4);
  return ~crc32_with(crc, record + 8, record[0] | (u32)record[1] << 8);
}

// A record of the flash stores: octets in payload (u16) | kind (u8) | kind xor 0xa5 (u8) | CRC-32 (u32) |
// payload, little endian; the CRC covers a salt, the first four octets and the payload. Gives the octets of
// the payload, or -1 where no whole record begins: the caller then looks for one that can be mended.
int entry_record_payload(u32 at, u32 bytes, u32 salt) {
  const u8 *record = place(at);
  if ((int)bytes < 8 || (record[2] ^ record[3]) != 0xa5) return -1;
  u32 payload = record[0] | (u32)record[1] << 8;
  if (((payload + 3) & ~3u) > bytes - 8) return -1;
  return record_crc(record, salt) == word_at(record + 4) ? (int)payload : -1;
}

// Takes the records of a page of the record store, from an offset (upper 16 bits of the range) up to another (lower 16
// bits), as `keepPlace` of record-store.ts does. state: number of ids, place of the page in words, octets of
// the page, records since the newest index and its offset; behind them a place for each id. Gives the offset behind the last record that it took:
// what begins there is no whole record, or the end.
int entry_walk_records(u32 at, u32 range, u32 salt, u32 state_at) {
  enum { KIND_HALF_HEAD = 0, KIND_REMOVED = 2, KIND_INDEX = 4, TAIL_BYTES = 4 };
  const u8 *page = place(at);
  u32 *state = (u32 *)(void *)place(state_at);
  u32 ids = state[0];
  u32 end = range & 0xffff;
  u32 offset = range >> 16;
  while (offset < end) {
    const u8 *record = page + offset;
    int payload = entry_record_payload(at + offset, state[2] - offset, salt);
    if (payload < 0) break;
    const u8 *tail = record + 8 + payload - TAIL_BYTES;
    if (record[2] == KIND_INDEX) {
      if ((u32)payload < 4 * ids) break;
      for (u32 id = 0; id < ids; id += 1) state[5 + id] = word_at(record + 8 + 4 * id);
      state[3] = 0;
      state[4] = offset;
    } else if (record[2] != KIND_HALF_HEAD && payload >= TAIL_BYTES) {
      u32 bytes = record[2] == KIND_REMOVED ? 0 : (u32)payload;
      state[3] += 1;
      if (tail[0] < ids) state[5 + tail[0]] = (state[1] + offset / 4) | bytes << 16;
    }
    offset += 8 + (((u32)payload + 3) & ~3u);
  }
  return (int)offset;
}

int entry_record_crc(u32 at, u32 salt) { return (int)record_crc(place(at), salt); }

// The health tests of entropy.ts over further octets of a generator. state: five words, last octet,
// its repeats, first octet of the window, octets seen in it, of them like the first. 0 is good.
int entry_watch_octets(u32 state, u32 at, u32 bytes) {
  u32 *words = (u32 *)(void *)place(state);
  const u8 *octets = place(at);
  int is_bad = 0;
  for (u32 index = 0; index < bytes; index += 1) {
    u32 octet = octets[index];
    words[1] = octet == words[0] ? words[1] + 1 : 1;
    words[0] = octet;
    if (words[1] > REPEATS_MAX) is_bad = 1;
    if (words[3] == 0) {
      words[2] = octet;
      words[4] = 0;
    }
    words[3] = words[3] == WINDOW_OCTETS - 1 ? 0 : words[3] + 1;
    if (octet == words[2]) words[4] += 1;
    if (words[4] > WINDOW_SAME_MAX) is_bad = 1;
  }
  return is_bad;
}

// Looks through a delta; the number of changes, or -1.
int entry_begin_delta(u32 at, u32 bytes, u32 state) {
  return begin_delta(place(at), bytes, (u32 *)(void *)place(state));
}

int entry_put_delta(u32 at, u32 state, u32 first_slot, u32 slots) {
  put_delta(place(at), (u32 *)(void *)place(state), first_slot, place(slots));
  return 0;
}

int entry_search_octets(u32 slots, u32 count, u32 out) {
  return (int)search_octets(place(slots), count, place(out));
}

// 1 for octets that are one item and nothing behind it, in the strict encoding.
int entry_gate(u32 at, u32 bytes) { return is_one_item(place(at), bytes); }

// head: kind in the upper 16 bits, octets of the message in the lower 16.
int entry_lay_frames(u32 head, u32 message, u32 frames, u32 room) {
  return (int)lay_frames(head >> 16, place(message), head & 0xffff, place(frames), room);
}

int entry_step_frames(u32 memory, u32 held_bytes) {
  return step_frames(place(memory), held_bytes);
}

// Root over at most 32 packed slots.
int entry_subtree(u32 slots, u32 count, u32 secret, u32 out) {
  u8 hashes[32 * 32];
  if (count == 0 || count > 32 || is_stack_short()) return STACK_SHORT;
  slot_hashes(place(slots), count, place(secret), hashes);
  while (count > 1) count = fold_level(hashes, count);
  memcpy(place(out), hashes, 32);
  return 0;
}

static int is_inside(u32 at, u32 bytes) {
  return at <= binding.arena_bytes && bytes <= binding.arena_bytes - at;
}
static u8 *arena(u32 at) { return place(binding.arena + at); }

#define NEEDS(condition) \
  if (!(condition)) return OUT_OF_ARENA

int entry_arena_dh_base(u32 secret, u32 out) {
  NEEDS(is_inside(secret, 32) && is_inside(out, 32));
  return entry_x25519_base(binding.arena + secret, binding.arena + out);
}

int entry_arena_dh(u32 secret, u32 peer, u32 out) {
  NEEDS(is_inside(secret, 32) && is_inside(peer, 32) && is_inside(out, 32));
  return entry_x25519(binding.arena + secret, binding.arena + peer, binding.arena + out);
}

int entry_arena_verify(u32 public_key, u32 message, u32 bytes, u32 signature) {
  NEEDS(is_inside(public_key, 32) && is_inside(message, bytes) && is_inside(signature, 64));
  u32 start = binding.arena;
  return entry_verify(start + public_key, start + message, bytes, start + signature);
}

int entry_arena_hash(u32 at, u32 bytes, u32 out) {
  NEEDS(is_inside(at, bytes) && is_inside(out, 32));
  hash256(arena(at), bytes, arena(out));
  return 0;
}

// RFC 5869 §2.2.
int entry_arena_extract(u32 salt, u32 input, u32 out) {
  NEEDS(is_inside(salt, 32) && is_inside(input, 32) && is_inside(out, 32));
  hmac256(arena(salt), 32, arena(input), 32, arena(out));
  return 0;
}

// Octets of heading and content of a byte string with a heading of at most three octets; 0 where it
// does not end inside the arena.
static u32 string_bytes(u32 at) {
  if (!is_inside(at, 3)) return is_inside(at, 1) && *arena(at) == 0x40 ? 1 : 0;
  const u8 *head = arena(at);
  u32 low = head[0] & 31;
  u32 bytes = low < 24 ? 1 + low : low == 24 ? 2u + head[1] : 3u + head[1] * 256u + head[2];
  return is_inside(at, bytes) ? bytes : 0;
}

// RFC 9528 §4.1.2: info = ( label, context, length ); the label in the lower 16 bits.
#define CONTEXT_BYTES_MAX 1303
int entry_arena_kdf(u32 prk, u32 context, u32 length_and_label, u32 out) {
  u8 info[3 + CONTEXT_BYTES_MAX + 3];
  u32 bytes = length_and_label >> 16;
  u32 context_bytes = string_bytes(context);
  NEEDS(is_inside(prk, 32) && is_inside(out, bytes) && bytes <= 255 * 32 && !is_stack_short());
  NEEDS(context_bytes > 0 && context_bytes <= CONTEXT_BYTES_MAX);
  u32 end = put_head(info, 0, length_and_label & 0xffff);
  memcpy(info + end, arena(context), context_bytes);
  end += context_bytes;
  end += put_head(info + end, 0, bytes);
  hkdf_expand(arena(prk), info, end, arena(out), bytes);
  return 0;
}

#define TAG_BYTES 8
int entry_arena_seal(u32 key, u32 additional, u32 text, u32 bytes) {
  NEEDS(is_inside(key, 29) && is_inside(additional, 1) && bytes <= 0xffff);
  NEEDS(is_inside(text, bytes + TAG_BYTES) && is_inside(additional + 1, *arena(additional)));
  ccm_seal(arena(key), arena(key + 16), arena(additional + 1), *arena(additional), arena(text),
           bytes, TAG_BYTES);
  return 0;
}

int entry_arena_open(u32 key, u32 additional, u32 text, u32 bytes) {
  NEEDS(is_inside(key, 29) && is_inside(additional, 1) && is_inside(text, bytes));
  NEEDS(is_inside(additional + 1, *arena(additional)) && bytes <= 0xffff);
  if (bytes < TAG_BYTES) return SEAL_INVALID;
  return ccm_open(arena(key), arena(key + 16), arena(additional + 1), *arena(additional),
                  arena(text), bytes - TAG_BYTES, TAG_BYTES) == 0
             ? 0
             : SEAL_INVALID;
}

int entry_arena_counter_key(u32 key, u32 counter, u32 out) {
  NEEDS(is_inside(key, 29) && is_inside(out, 29));
  u8 *target = arena(out);
  memmove(target, arena(key), 29);
  for (u32 octet = 0; octet < 4; octet += 1) target[28 - octet] ^= (u8)(counter >> (8 * octet));
  return 0;
}

// 0 also where the tokens have no room.
int entry_arena_gate(u32 at, u32 bytes, u32 tokens, u32 tokens_max) {
  if (!is_inside(at, bytes) || (tokens & 3) != 0 || tokens_max > 0x1000) return 0;
  if (!is_inside(tokens, 12 * tokens_max)) return 0;
  return (int)gate_tokens(arena(0), at, bytes, (u32 *)(void *)arena(tokens), tokens_max);
}

int entry_arena_shape(u32 tokens, u32 count, u32 shape) {
  NEEDS(is_inside(shape, 2) && count <= 0x1000 && is_inside(tokens, 12 * count));
  const u8 *rules = arena(shape);
  const u32 *token = (const u32 *)(const void *)arena(tokens);
  u32 expected = rules[0];
  NEEDS((tokens & 3) == 0 && is_inside(shape, 2 + 5 * expected));
  if (rules[1] == 1 ? count < expected : count != expected) return CBOR_MALFORMED;
  for (rules += 2; expected > 0; expected -= 1, rules += 5, token += 3) {
    u32 bound = (u32)rules[1] << 24 | (u32)rules[2] << 16 | (u32)rules[3] << 8 | rules[4];
    if (token[0] != (rules[0] & 7u)) return CBOR_MALFORMED;
    if ((rules[0] & 8) == 0 ? token[2] != bound : token[2] > bound) return CBOR_MALFORMED;
  }
  return 0;
}

int entry_arena_put_head(u32 at, u32 major, u32 argument) {
  NEEDS(is_inside(at, 5));
  return (int)(at + put_head(arena(at), major, argument));
}

int entry_arena_unwrap(u32 at, u32 bytes) {
  if (!is_inside(at, bytes) || bytes < 1 || *arena(at) >> 5 != 2) return 0;
  const u8 *octets = arena(at);
  u32 low = octets[0] & 31;
  u32 head = low < 24 ? 1 : low == 24 ? 2 : low == 25 ? 3 : 0;
  if (head == 0 || bytes < head) return 0;
  if (head == 2 && octets[1] < 24) return 0;
  if (head == 3 && octets[1] == 0) return 0;
  u32 length = head == 1 ? low : head == 2 ? octets[1] : octets[1] * 256u + octets[2];
  return head + length == bytes ? (int)(at + head) : 0;
}

int entry_arena_hash_leaf(u32 at, u32 bytes, u32 out) {
  NEEDS(is_inside(at, bytes) && is_inside(out, 32));
  leaf_hash(arena(at), bytes, arena(out));
  return 0;
}

int entry_arena_tree_root(u32 hash, u32 path, u32 path_bytes, u32 index_and_size) {
  NEEDS(is_inside(hash, 32) && is_inside(path, path_bytes));
  return path_root(arena(hash), arena(path), path_bytes, index_and_size >> 16,
                   index_and_size & 0xffff) == 0
             ? 0
             : LEAF_NOT_IN_RING;
}

int entry_arena_find(u32 table, u32 records, u32 wanted, u32 sizes) {
  u32 step = sizes >> 16;
  u32 bytes = sizes & 0xffff;
  if (records > 0xffff || step > 0xff || !is_inside(wanted, bytes)) return -1;
  for (u32 index = 0; index < records; index += 1) {
    if (!is_inside(table + index * step, bytes)) return -1;
    if (octets_differ(arena(table + index * step), arena(wanted), bytes) == 0) return (int)index;
  }
  return -1;
}

int entry_arena_copy(u32 to, u32 from, u32 bytes) {
  NEEDS(is_inside(to, bytes) && is_inside(from, bytes));
  memmove(arena(to), arena(from), bytes);
  return 0;
}

int entry_arena_xor(u32 at, u32 with, u32 bytes) {
  NEEDS(is_inside(at, bytes) && is_inside(with, bytes));
  u8 *target = arena(at);
  const u8 *source = arena(with);
  for (u32 index = 0; index < bytes; index += 1) target[index] ^= source[index];
  return 0;
}

// Outside the arena nothing agrees.
int entry_arena_compare(u32 one, u32 other, u32 bytes) {
  if (!is_inside(one, bytes) || !is_inside(other, bytes)) return 1;
  return (int)octets_differ(arena(one), arena(other), bytes);
}

int entry_arena_wipe(u32 at, u32 bytes) {
  NEEDS(is_inside(at, bytes));
  sodium_memzero(arena(at), bytes);
  return 0;
}

// The table by its position, as everything in the blob.
extern const u8 entry_table[] __attribute__((visibility("hidden")));

int entry_usable_key(u32 public_key) { return curve_is_usable(place(public_key)) ? 1 : 0; }

int entry_apply(u32 entry, u32 words) {
#ifdef NATIVE_HOST
  (void)entry;
  (void)words;
  return OUT_OF_ARENA;
#else
  NEEDS(entry < PLACES && entry != PLACE_apply);
  const u32 *a = (const u32 *)(const void *)place(words);
  int (*call)(u32, u32, u32, u32) =
      (int (*)(u32, u32, u32, u32))(uintptr_t)(entry_table + 4 * entry + 1);
  return call(a[0], a[1], a[2], a[3]);
#endif
}
