// SPDX-License-Identifier: EUPL-1.2
// Messages on a wire that loses, repeats and invents octets.
//
//   0      start, 0xA5
//   1      octets of the chunk, 0 to 240
//   2      kind of the message
//   3      number of the fragment from 0; the highest bit marks the last one
//   4 ...  chunk
//   then   CRC-16 over everything after the start, high octet first
//
// A message is cut into the fewest fragments: every chunk but the last is full.

import { octetAt, sliceBytes } from "../bytes.ts";
import { FRAME_GARBLED, FRAME_TOO_LONG } from "../errors/code.ts";
import { assert, type Fault } from "../errors/result.ts";
import { OBJECT_BYTES_MAX } from "../message/types.ts";
import { crc16, type FrameCheck } from "./crc16.ts";

const START = 0xa5;
const HEAD_BYTES = 4;
const CRC_BYTES = 2;
const CHUNK_BYTES_MAX = 240;
// One whole frame, and as much again of what comes behind it.
const HELD_BYTES_MAX = 2 * (HEAD_BYTES + CHUNK_BYTES_MAX + CRC_BYTES);
const LAST_FRAGMENT = 0x80;

/** Longest message of the link, in octets. @public */
export const LINK_MESSAGE_BYTES_MAX: number = OBJECT_BYTES_MAX;

/**
 * Puts messages together from what arrives on a wire.
 * @public
 */
export interface FrameReader {
  /** Takes octets as they come, cut anywhere; calls back for each whole message and each fault. */
  readonly push: (bytes: Uint8Array) => void;
  /** Forgets a message begun; call it when a contact opens. */
  reset(): void;
}

/**
 * Cuts a message into frames, all fragments one after the other.
 *
 * Requires: at most 4096 octets; more throw.
 * @public
 */
export function encodeFrames(
  kind: number,
  message: Uint8Array,
  check: FrameCheck = crc16,
): Uint8Array {
  assert(message.length <= LINK_MESSAGE_BYTES_MAX, FRAME_TOO_LONG);
  const count = message.length === 0 ? 1 : Math.ceil(message.length / CHUNK_BYTES_MAX);
  const frames = new Uint8Array(message.length + count * (HEAD_BYTES + CRC_BYTES));
  let at = 0;
  for (let number = 0; number < count; number += 1) {
    const from = number * CHUNK_BYTES_MAX;
    const isLast = number === count - 1;
    const chunkBytes = isLast ? message.length - from : CHUNK_BYTES_MAX;
    const end = at + HEAD_BYTES + chunkBytes;
    frames[at] = START;
    frames[at + 1] = chunkBytes;
    frames[at + 2] = kind;
    frames[at + 3] = isLast ? number | LAST_FRAGMENT : number;
    frames.set(count === 1 ? message : message.subarray(from, from + chunkBytes), at + HEAD_BYTES);
    const crc = check(frames, at + 1, end);
    frames[end] = crc >> 8;
    frames[end + 1] = crc & 0xff;
    at = end + CRC_BYTES;
  }
  return frames;
}

/**
 * Makes a reader with a fixed amount of memory: two frames and one message.
 *
 * Octets that are no frame are skipped; after a damaged frame the reader looks for the next start
 * within what it swallowed, so a lost octet costs one message and no more. A fragment that comes
 * twice in a row counts once; one out of order drops its message. A first fragment always begins a
 * new message.
 *
 * @param onMessage - called with the kind and a copy of the message
 * @param onFault - called with `FRAME_GARBLED` for a damaged frame or a fragment out of order, or
 * `FRAME_TOO_LONG` for a message of more than 4096 octets
 * @public
 */
export function createFrameReader(
  onMessage: (kind: number, message: Uint8Array) => void,
  onFault: (fault: Fault) => void,
  check: FrameCheck = crc16,
): FrameReader {
  const held = new Uint8Array(HELD_BYTES_MAX);
  const message = new Uint8Array(LINK_MESSAGE_BYTES_MAX);
  let heldBytes = 0;
  // With fewer octets held nothing can be decided.
  let wantedBytes = HEAD_BYTES;
  let messageBytes = 0;
  let messageKind = 0;
  // Number of the fragment that comes next; 0 when no message is begun.
  let expected = 0;

  function takeFragment(at: number, chunkBytes: number): void {
    const kind = octetAt(held, at + 2);
    const number = octetAt(held, at + 3) & ~LAST_FRAGMENT;
    const isLast = (octetAt(held, at + 3) & LAST_FRAGMENT) !== 0;
    const from = at + HEAD_BYTES;
    if (number === 0) {
      messageBytes = 0;
      messageKind = kind;
    } else if (expected > 0 && number === expected - 1 && kind === messageKind) {
      return;
    } else if (number !== expected || kind !== messageKind || expected === 0) {
      expected = 0;
      onFault({ code: FRAME_GARBLED });
      return;
    }
    if (number === 0 && isLast) {
      expected = 0;
      onMessage(kind, sliceBytes(held, from, from + chunkBytes));
      return;
    }
    if (messageBytes + chunkBytes > LINK_MESSAGE_BYTES_MAX) {
      expected = 0;
      onFault({ code: FRAME_TOO_LONG });
      return;
    }
    message.set(held.subarray(from, from + chunkBytes), messageBytes);
    messageBytes += chunkBytes;
    expected = number + 1;
    if (isLast) {
      expected = 0;
      onMessage(kind, sliceBytes(message, 0, messageBytes));
    }
  }

  // Takes every whole frame that is held, and drops what is none.
  function drain(): void {
    let at = 0;
    wantedBytes = HEAD_BYTES;
    while (heldBytes - at >= HEAD_BYTES) {
      const chunkBytes = octetAt(held, at + 1);
      const end = at + HEAD_BYTES + chunkBytes;
      if (octetAt(held, at) !== START || chunkBytes > CHUNK_BYTES_MAX) {
        at += 1;
      } else if (end + CRC_BYTES > heldBytes) {
        wantedBytes = end + CRC_BYTES - at;
        break;
      } else if (octetAt(held, end) * 256 + octetAt(held, end + 1) === check(held, at + 1, end)) {
        takeFragment(at, chunkBytes);
        at = end + CRC_BYTES;
      } else {
        onFault({ code: FRAME_GARBLED });
        at += 1;
      }
    }
    // A callback may have reset the reader.
    if (at > 0 && at < heldBytes) held.set(sliceBytes(held, at, heldBytes), 0);
    heldBytes = at < heldBytes ? heldBytes - at : 0;
  }

  function push(bytes: Uint8Array): void {
    const end = heldBytes + bytes.length;
    if (end > HELD_BYTES_MAX) {
      // Behind what is held there is always room for a whole frame.
      const room = HELD_BYTES_MAX - heldBytes;
      push(bytes.subarray(0, room));
      push(bytes.subarray(room));
      return;
    }
    held.set(bytes, heldBytes);
    heldBytes = end;
    if (end >= wantedBytes) drain();
  }

  return {
    push,

    reset() {
      heldBytes = 0;
      wantedBytes = HEAD_BYTES;
      expected = 0;
    },
  };
}
