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
import { crc16 } from "./crc16.ts";

const START = 0xa5;
const HEAD_BYTES = 4;
const CRC_BYTES = 2;
const CHUNK_BYTES_MAX = 240;
// One whole frame, and as much again of what comes behind it.
const HELD_BYTES_MAX = 2 * (HEAD_BYTES + CHUNK_BYTES_MAX + CRC_BYTES);
const LAST_FRAGMENT = 0x80;

// The memory of a reader: eight words of state, then what is held, then the message begun.
/** Octet of what is held at which a step goes on. */
const AT = 0;
/** Number of the fragment that comes next; 0 when no message is begun. */
const EXPECTED = 1;
const KIND = 2;
/** Octets of the message begun. */
const BEGUN_BYTES = 3;
/** First octet of a whole message in the memory, and the one behind its last. */
const PLACE = 4;
const END = 5;
const HELD = 32;
const MESSAGE = HELD + HELD_BYTES_MAX;
/** What a step says of a whole message. */
const MESSAGE_WHOLE = -1;

/** Longest message of the link, in octets. @public */
export const LINK_MESSAGE_BYTES_MAX: number = OBJECT_BYTES_MAX;

/**
 * Goes through what a reader holds, up to the next thing to be told.
 *
 * @param heldBytes - Octets held.
 * @returns 0 or more at the end: octets still held, moved to the start, in the upper 16 bits, and with fewer
 *   octets than the lower 16 bits say nothing can be decided. Below 0, to be called again: -1 for a whole
 *   message, of which the state says kind and place, or a fault's code with its sign changed.
 * @public
 */
export type FrameStep = (heldBytes: number) => number;

/**
 * What a device with native code does to frames, in place of the functions here and just as they do.
 * @public
 */
export interface FrameOperations {
  /** As `encodeFrames`. */
  readonly encode: (kind: number, message: Uint8Array) => Uint8Array;
  /** As `createFrameStep`. */
  readonly createStep: (memory: Uint32Array) => FrameStep;
}

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
export function encodeFrames(kind: number, message: Uint8Array): Uint8Array {
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
    const crc = crc16(frames, at + 1, end);
    frames[end] = crc >> 8;
    frames[end + 1] = crc & 0xff;
    at = end + CRC_BYTES;
  }
  return frames;
}

/**
 * Makes the steps of a reader over its memory: 4620 octets, as `createFrameReader` lays them out.
 * @public
 */
export function createFrameStep(memory: Uint32Array): FrameStep {
  const held = new Uint8Array(memory.buffer, HELD, HELD_BYTES_MAX);
  const message = new Uint8Array(memory.buffer, MESSAGE, LINK_MESSAGE_BYTES_MAX);

  // Says what a step says, or 0 where there is nothing to be told.
  function takeFragment(at: number, chunkBytes: number): number {
    const kind = octetAt(held, at + 2);
    const mark = octetAt(held, at + 3);
    const number = mark & ~LAST_FRAGMENT;
    const expected = memory[EXPECTED] as number;
    if (number > 0 && number === expected - 1 && kind === memory[KIND]) return 0;
    memory[EXPECTED] = 0;
    if (number === 0) {
      memory[BEGUN_BYTES] = 0;
      memory[KIND] = kind;
    } else if (number !== expected || kind !== memory[KIND]) {
      return -FRAME_GARBLED;
    }
    const from = at + HEAD_BYTES;
    let place = HELD + from;
    let messageBytes = chunkBytes;
    if (mark !== LAST_FRAGMENT) {
      const begunBytes = memory[BEGUN_BYTES] as number;
      messageBytes += begunBytes;
      if (messageBytes > LINK_MESSAGE_BYTES_MAX) return -FRAME_TOO_LONG;
      message.set(held.subarray(from, from + chunkBytes), begunBytes);
      memory[BEGUN_BYTES] = messageBytes;
      if (mark === number) {
        memory[EXPECTED] = number + 1;
        return 0;
      }
      place = MESSAGE;
    }
    memory[PLACE] = place;
    memory[END] = place + messageBytes;
    return MESSAGE_WHOLE;
  }

  return (heldBytes) => {
    let at = memory[AT] as number;
    let wantedBytes = HEAD_BYTES;
    while (heldBytes - at >= HEAD_BYTES) {
      const chunkBytes = octetAt(held, at + 1);
      const end = at + HEAD_BYTES + chunkBytes;
      let said = 0;
      if (octetAt(held, at) !== START || chunkBytes > CHUNK_BYTES_MAX) {
        at += 1;
      } else if (end + CRC_BYTES > heldBytes) {
        wantedBytes = end + CRC_BYTES - at;
        break;
      } else if (octetAt(held, end) * 256 + octetAt(held, end + 1) === crc16(held, at + 1, end)) {
        said = takeFragment(at, chunkBytes);
        at = end + CRC_BYTES;
      } else {
        said = -FRAME_GARBLED;
        at += 1;
      }
      if (said !== 0) {
        memory[AT] = at;
        return said;
      }
    }
    const leftBytes = at < heldBytes ? heldBytes - at : 0;
    if (at > 0 && leftBytes > 0) held.set(sliceBytes(held, at, heldBytes), 0);
    return (leftBytes << 16) | wantedBytes;
  };
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
 * @param createStep - gives the steps over the reader's memory
 * @public
 */
export function createFrameReader(
  onMessage: (kind: number, message: Uint8Array) => void,
  onFault: (fault: Fault) => void,
  createStep: FrameOperations["createStep"] = createFrameStep,
): FrameReader {
  const memory = new Uint32Array((MESSAGE + LINK_MESSAGE_BYTES_MAX) / 4);
  const octets = new Uint8Array(memory.buffer);
  const held = new Uint8Array(memory.buffer, HELD, HELD_BYTES_MAX);
  const step = createStep(memory);
  let heldBytes = 0;
  // With fewer octets held nothing can be decided.
  let wantedBytes = HEAD_BYTES;

  // Takes every whole frame that is held, and drops what is none.
  function drain(): void {
    memory[AT] = 0;
    let said = step(heldBytes);
    while (said < 0) {
      if (said === MESSAGE_WHOLE) {
        onMessage(memory[KIND] as number, sliceBytes(octets, memory[PLACE] as number, memory[END]));
      } else {
        onFault({ code: -said });
      }
      // A callback may have reset the reader.
      said = step(heldBytes);
    }
    heldBytes = said >> 16;
    wantedBytes = said & 0xffff;
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
      memory[EXPECTED] = 0;
    },
  };
}
