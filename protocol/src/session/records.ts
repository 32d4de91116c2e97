// SPDX-License-Identifier: EUPL-1.2
import { sliceBytes } from "../bytes.ts";
import { AEAD, MESSAGE, RECORD_AAD } from "../edhoc/arena.ts";
import type { ArenaOperations } from "../edhoc/operations.ts";

const MESSAGE_BYTES_MAX = 4096;
const TAG_BYTES = 8;
const HEAD_BYTES_MAX = 3;
const TYPES_END = 24;
const ARRAY_OF_TWO = 0x82;

/**
 * Longest body of a record, in octets of CBOR.
 * @public
 */
export const RECORD_BODY_BYTES_MAX = MESSAGE_BYTES_MAX - HEAD_BYTES_MAX - 2 - TAG_BYTES;

/**
 * Records after message_4: COSE_Encrypt0 with AES-CCM-16-64-128, of which only the ciphertext is
 * sent, as in EDHOC messages. Each direction has a key and an IV from the exporter; the number of
 * the record, from 0, is XORed into the IV and sent nowhere, so a record that is lost, repeated or
 * out of order does not open.
 * @internal
 */
export interface Records {
  /** Starts both counters at 0. */
  reset(): void;
  /** @returns the type of the record at `MESSAGE`, or -1 */
  open(bytes: number): number;
  /** Body of the record that was opened last; a copy. */
  body(): Uint8Array;
  /** @returns octets at `MESSAGE`, or 0 if the body is too long */
  seal(type: number, body: Uint8Array): number;
}

/**
 * Makes the records of one side.
 *
 * @param sendAt - key and IV of its own direction
 * @param receiveAt - key and IV of the other direction
 * @internal
 */
export function createRecords(
  operations: ArenaOperations,
  arena: Uint8Array,
  sendAt: number,
  receiveAt: number,
): Records {
  const { counterKey, open, putHead, seal, unwrap } = operations;
  let sent = 0;
  let received = 0;
  let bodyAt = MESSAGE;
  let bodyBytes = 0;

  return {
    reset() {
      sent = 0;
      received = 0;
      bodyBytes = 0;
    },

    open(bytes) {
      const at = bytes > MESSAGE_BYTES_MAX ? 0 : unwrap(MESSAGE, bytes);
      const sealedBytes = bytes - (at - MESSAGE);
      if (at === 0 || sealedBytes < TAG_BYTES + 3) return -1;
      counterKey(receiveAt, received, AEAD);
      if (open(AEAD, RECORD_AAD, at, sealedBytes) !== 0) return -1;
      const type = arena[at + 1] as number;
      if (arena[at] !== ARRAY_OF_TWO || type >= TYPES_END) return -1;
      received += 1;
      bodyAt = at + 2;
      bodyBytes = sealedBytes - TAG_BYTES - 2;
      return type;
    },

    body() {
      return sliceBytes(arena, bodyAt, bodyAt + bodyBytes);
    },

    seal(type, body) {
      if (body.length > RECORD_BODY_BYTES_MAX || type >= TYPES_END) return 0;
      const plaintextBytes = 2 + body.length;
      const sealedBytes = plaintextBytes + TAG_BYTES;
      const at = MESSAGE + (sealedBytes < 24 ? 1 : sealedBytes < 256 ? 2 : 3);
      arena[at] = ARRAY_OF_TWO;
      arena[at + 1] = type;
      arena.set(body, at + 2);
      counterKey(sendAt, sent, AEAD);
      seal(AEAD, RECORD_AAD, at, plaintextBytes);
      putHead(MESSAGE, 2, sealedBytes);
      sent += 1;
      return at - MESSAGE + sealedBytes;
    },
  };
}
