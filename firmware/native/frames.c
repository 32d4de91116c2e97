// SPDX-License-Identifier: EUPL-1.2
// The frames of the contact link, read and written as frame.ts of the protocol does it, which says what
// their octets mean. Everything read here may come from an attacker, and a state word may be damaged: no
// length and no place is used before it was held to the room that there is.

#include "native.h"

enum {
  START = 0xa5,
  HEAD_BYTES = 4,
  CRC_BYTES = 2,
  CHUNK_BYTES_MAX = 240,
  HELD_BYTES_MAX = 2 * (HEAD_BYTES + CHUNK_BYTES_MAX + CRC_BYTES),
  LAST_FRAGMENT = 0x80,
  MESSAGE_BYTES_MAX = 4096,
  MESSAGE_WHOLE = -1,
};

// The memory of a reader: 4620 octets, words first.
struct reader {
  u32 at;           // octet of `held` at which a step goes on
  u32 expected;     // number of the fragment that comes next, 0 when no message is begun
  u32 kind;         // of the message begun
  u32 begun_bytes;  // of `message`
  u32 place;        // first octet of a whole message in this memory
  u32 end;          // the octet behind its last
  u32 unused[2];
  u8 held[HELD_BYTES_MAX];
  u8 message[MESSAGE_BYTES_MAX];
};

// Lays all frames of a message and gives their octets, or 0 where they have no room. The message may lie at
// the end of the room that its frames fill, and one of a single frame at the start too: each chunk is moved
// before anything is written where it lay.
u32 lay_frames(u32 kind, const u8 *message, u32 bytes, u8 *frames, u32 room) {
  if (bytes > MESSAGE_BYTES_MAX) return 0;
  u32 count = bytes == 0 ? 1 : (bytes + CHUNK_BYTES_MAX - 1) / CHUNK_BYTES_MAX;
  if (bytes + count * (HEAD_BYTES + CRC_BYTES) > room) return 0;
  u8 *to = frames;
  for (u32 number = 0; number < count; number += 1) {
    u32 chunk = number == count - 1 ? bytes - number * CHUNK_BYTES_MAX : CHUNK_BYTES_MAX;
    memmove(to + HEAD_BYTES, message + number * CHUNK_BYTES_MAX, chunk);
    to[0] = START;
    to[1] = (u8)chunk;
    to[2] = (u8)kind;
    to[3] = (u8)(number == count - 1 ? number | LAST_FRAGMENT : number);
    u32 crc = crc16_of(to + 1, HEAD_BYTES - 1 + chunk);
    to += HEAD_BYTES + chunk;
    to[0] = (u8)(crc >> 8);
    to[1] = (u8)crc;
    to += CRC_BYTES;
  }
  return (u32)(to - frames);
}

// Takes a frame whose CRC was right and that lies in `held` whole. Gives 0 where there is nothing to tell.
static int take_fragment(struct reader *reader, const u8 *frame, u32 chunk) {
  u32 kind = frame[2];
  u32 mark = frame[3];
  u32 number = mark & ~(u32)LAST_FRAGMENT;
  u32 expected = reader->expected;
  if (number > 0 && number == expected - 1 && kind == reader->kind) return 0;
  reader->expected = 0;
  if (number == 0) {
    reader->begun_bytes = 0;
    reader->kind = kind;
  } else if (number != expected || kind != reader->kind) {
    return -FRAME_GARBLED;
  }
  const u8 *whole = frame + HEAD_BYTES;
  u32 message_bytes = chunk;
  if (mark != LAST_FRAGMENT) {
    u32 begun_bytes = reader->begun_bytes;
    if (begun_bytes > MESSAGE_BYTES_MAX) return -FRAME_TOO_LONG;
    if (chunk > MESSAGE_BYTES_MAX - begun_bytes) return -FRAME_TOO_LONG;
    memcpy(reader->message + begun_bytes, whole, chunk);
    message_bytes += begun_bytes;
    reader->begun_bytes = message_bytes;
    if (mark == number) {
      reader->expected = number + 1;
      return 0;
    }
    whole = reader->message;
  }
  reader->place = (u32)(whole - (const u8 *)reader);
  reader->end = reader->place + message_bytes;
  return MESSAGE_WHOLE;
}

// One step of a reader, as `FrameStep` of frame.ts says it.
int step_frames(void *memory, u32 held_bytes) {
  struct reader *reader = memory;
  u32 at = reader->at;
  u32 wanted = HEAD_BYTES;
  if (held_bytes > HELD_BYTES_MAX) held_bytes = 0;
  while (at < held_bytes && held_bytes - at >= HEAD_BYTES) {
    const u8 *frame = reader->held + at;
    u32 chunk = frame[1];
    u32 frame_bytes = HEAD_BYTES + chunk + CRC_BYTES;
    if (frame[0] != START || chunk > CHUNK_BYTES_MAX) {
      at += 1;
      continue;
    }
    if (frame_bytes > held_bytes - at) {
      wanted = frame_bytes;
      break;
    }
    const u8 *crc = frame + HEAD_BYTES + chunk;
    if (((u32)crc[0] << 8 | crc[1]) != crc16_of(frame + 1, HEAD_BYTES - 1 + chunk)) {
      reader->at = at + 1;
      return -FRAME_GARBLED;
    }
    int said = take_fragment(reader, frame, chunk);
    at += frame_bytes;
    if (said != 0) {
      reader->at = at;
      return said;
    }
  }
  u32 left = at < held_bytes ? held_bytes - at : 0;
  if (left > 0) memmove(reader->held, reader->held + at, left);
  return (int)(left << 16 | wanted);
}
