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

import { concatBytes, octetAt, sliceBytes } from "../bytes.ts";
import { FRAME_GARBLED, FRAME_TOO_LONG } from "../errors/code.ts";
import { assert, type Fault } from "../errors/result.ts";
import { OBJECT_BYTES_MAX } from "../message/types.ts";
import { crc16, type FrameCheck } from "./crc16.ts";

const START = 0xa5;
const HEAD_BYTES = 4;
const CRC_BYTES = 2;
const CHUNK_BYTES_MAX = 240;
const FRAME_BYTES_MAX = HEAD_BYTES + CHUNK_BYTES_MAX + CRC_BYTES;
const LAST_FRAGMENT = 0x80;

/** Longest message of the link, in octets. @public */
export const LINK_MESSAGE_BYTES_MAX: number = OBJECT_BYTES_MAX;

/**
 * Puts messages together from what arrives on a wire.
 * @public
 */
export interface FrameReader {
  /** Takes octets as they come, cut anywhere; calls back for each whole message and each fault. */
  push(bytes: Uint8Array): void;
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
  const frames: Uint8Array[] = [];
  let from = 0;
  do {
    const to = Math.min(from + CHUNK_BYTES_MAX, message.length);
    const frame = encodeFrame(kind, frames.length, to === message.length, message, from, to);
    const end = frame.length - CRC_BYTES;
    const crc = check(frame, 1, end);
    frame[end] = crc >> 8;
    frame[end + 1] = crc & 0xff;
    frames.push(frame);
    from = to;
  } while (from < message.length);
  return concatBytes(frames);
}

/**
 * Makes a reader with a fixed amount of memory: one frame and one message.
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
  const frame = new Uint8Array(FRAME_BYTES_MAX);
  const message = new Uint8Array(LINK_MESSAGE_BYTES_MAX);
  let frameBytes = 0;
  let messageBytes = 0;
  let messageKind = 0;
  // Number of the fragment that comes next; 0 when no message is begun.
  let expected = 0;

  // Drops octets at the front of the frame buffer, then everything before the next start.
  function discard(count: number): void {
    let from = count;
    while (from < frameBytes && octetAt(frame, from) !== START) from += 1;
    const rest = sliceBytes(frame, from, frameBytes);
    frame.set(rest, 0);
    frameBytes = rest.length;
  }

  // How many octets the frame at the front needs in all, as far as it can be known now.
  function wantedBytes(): number {
    return frameBytes < HEAD_BYTES ? HEAD_BYTES : HEAD_BYTES + octetAt(frame, 1) + CRC_BYTES;
  }

  function takeFragment(): void {
    const kind = octetAt(frame, 2);
    const number = octetAt(frame, 3) & ~LAST_FRAGMENT;
    const isLast = (octetAt(frame, 3) & LAST_FRAGMENT) !== 0;
    const chunkBytes = octetAt(frame, 1);
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
    if (messageBytes + chunkBytes > LINK_MESSAGE_BYTES_MAX) {
      expected = 0;
      onFault({ code: FRAME_TOO_LONG });
      return;
    }
    message.set(sliceBytes(frame, HEAD_BYTES, HEAD_BYTES + chunkBytes), messageBytes);
    messageBytes += chunkBytes;
    expected = number + 1;
    if (isLast) {
      expected = 0;
      onMessage(kind, sliceBytes(message, 0, messageBytes));
    }
  }

  function drain(): void {
    while (frameBytes >= HEAD_BYTES && frameBytes >= wantedBytes()) {
      const chunkBytes = octetAt(frame, 1);
      const end = HEAD_BYTES + chunkBytes;
      const crc = octetAt(frame, end) * 256 + octetAt(frame, end + 1);
      if (crc !== check(frame, 1, end)) {
        onFault({ code: FRAME_GARBLED });
        discard(1);
      } else {
        takeFragment();
        discard(end + CRC_BYTES);
      }
      dropImpossible();
    }
  }

  // A length that no frame has is no start of a frame.
  function dropImpossible(): void {
    while (frameBytes > 1 && octetAt(frame, 1) > CHUNK_BYTES_MAX) discard(1);
  }

  return {
    push(bytes) {
      let offset = 0;
      while (offset < bytes.length) {
        if (frameBytes === 0) {
          while (offset < bytes.length && octetAt(bytes, offset) !== START) offset += 1;
        }
        const wanted = frameBytes < 2 ? 2 : wantedBytes();
        const to = Math.min(offset + wanted - frameBytes, bytes.length);
        frame.set(sliceBytes(bytes, offset, to), frameBytes);
        frameBytes += to - offset;
        offset = to;
        dropImpossible();
        drain();
      }
    },

    reset() {
      frameBytes = 0;
      expected = 0;
    },
  };
}

// Its CRC is still to be put behind.
function encodeFrame(
  kind: number,
  number: number,
  isLast: boolean,
  message: Uint8Array,
  from: number,
  to: number,
): Uint8Array {
  const chunkBytes = to - from;
  const end = HEAD_BYTES + chunkBytes;
  const frame = new Uint8Array(end + CRC_BYTES);
  frame[0] = START;
  frame[1] = chunkBytes;
  frame[2] = kind;
  frame[3] = isLast ? number | LAST_FRAGMENT : number;
  frame.set(sliceBytes(message, from, to), HEAD_BYTES);
  return frame;
}
