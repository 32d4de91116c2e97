// SPDX-License-Identifier: EUPL-1.2
// The strict gate: deterministic CBOR of RFC 8949 §4.2.1 without tags, floats or indefinite lengths,
// integers below 2^32, ASCII text, rising integer or text keys, at most eight levels.

#include "native.h"

#define DEPTH_MAX 8

struct gate {
  const u8 *octets;
  u32 position;
  u32 end;
  u32 *token;
  u32 left;
};

// The argument of the heading at `position`, which comes behind it. RFC 8949 §4.2.1: an argument takes the
// fewest octets that can hold it. Gives 0 for one that does not, or does not end before `end`.
int get_argument(const u8 *octets, u32 *position, u32 end, u32 *argument) {
  u32 low = octets[*position] & 31;
  *position += 1;
  *argument = low;
  if (low < 24) return 1;
  if (low > 26) return 0;
  u32 width = 1u << (low - 24);
  if (end - *position < width) return 0;
  u32 value = 0;
  for (u32 count = 0; count < width; count += 1) {
    value = (value << 8) | octets[*position];
    *position += 1;
  }
  *argument = value;
  return value >= (width == 1 ? 24u : width == 2 ? 256u : 65536u);
}

static int pass_string(struct gate *gate, int is_text, u32 length) {
  if (length > gate->end - gate->position) return 0;
  u32 after = gate->position + length;
  for (; is_text && gate->position < after; gate->position += 1) {
    if (gate->octets[gate->position] > 0x7f) return 0;
  }
  gate->position = after;
  return 1;
}

// Octet by octet; a key that only begins like the other comes first.
static int rises(const u8 *octets, u32 one, u32 one_end, u32 other, u32 other_end) {
  while (one < one_end && other < other_end) {
    if (octets[one] != octets[other]) return octets[one] < octets[other];
    one += 1;
    other += 1;
  }
  return one == one_end && other < other_end;
}

static int pass_item(struct gate *gate, u32 depth);

static int pass_items(struct gate *gate, u32 items, u32 depth) {
  for (; items > 0; items -= 1) {
    if (!pass_item(gate, depth)) return 0;
  }
  return 1;
}

static int pass_map(struct gate *gate, u32 pairs, u32 depth) {
  u32 before = 0;
  u32 before_end = 0;
  for (u32 count = 0; count < pairs; count += 1) {
    u32 key = gate->position;
    if (key >= gate->end) return 0;
    u32 major = gate->octets[key] >> 5;
    if (major != 0 && major != 1 && major != 3) return 0;
    if (!pass_item(gate, depth)) return 0;
    if (count > 0 && !rises(gate->octets, before, before_end, key, gate->position)) return 0;
    before = key;
    before_end = gate->position;
    if (!pass_item(gate, depth)) return 0;
  }
  return 1;
}

static int pass_item(struct gate *gate, u32 depth) {
  u32 argument;
  if (gate->position >= gate->end || gate->left == 0) return 0;
  u32 initial = gate->octets[gate->position];
  u32 major = initial >> 5;
  if (!get_argument(gate->octets, &gate->position, gate->end, &argument)) return 0;
  if (gate->token != NULL) {
    gate->token[0] = major;
    gate->token[1] = gate->position;
    gate->token[2] = argument;
    gate->token += 3;
    gate->left -= 1;
  }
  if (major < 2) return 1;
  if (major < 4) return pass_string(gate, major == 3, argument);
  if (major == 4) return depth < DEPTH_MAX && pass_items(gate, argument, depth + 1);
  if (major == 5) return depth < DEPTH_MAX && pass_map(gate, argument, depth + 1);
  return initial >= 0xf4 && initial <= 0xf6;
}

// Offsets in tokens count from `octets`. Gives the number of tokens, or 0.
u32 gate_tokens(const u8 *octets, u32 at, u32 bytes, u32 *tokens, u32 tokens_max) {
  struct gate gate = {octets, at, at + bytes, tokens, tokens_max};
  while (gate.position < gate.end) {
    if (!pass_item(&gate, 0)) return 0;
  }
  return tokens_max - gate.left;
}

int is_one_item(const u8 *octets, u32 bytes) {
  struct gate gate = {octets, 0, bytes, NULL, 1};
  return pass_item(&gate, 0) && gate.position == bytes;
}

// The shortest heading of RFC 8949 §3; gives its length.
u32 put_head(u8 *target, u32 major, u32 argument) {
  u32 width = argument < 24 ? 0 : argument < 0x100 ? 1 : argument < 0x10000 ? 2 : 4;
  u32 low = width == 0 ? argument : width == 1 ? 24 : width == 2 ? 25 : 26;
  target[0] = (u8)(major << 5 | low);
  for (u32 octet = 0; octet < width; octet += 1) {
    target[width - octet] = (u8)(argument >> (8 * octet));
  }
  return 1 + width;
}
