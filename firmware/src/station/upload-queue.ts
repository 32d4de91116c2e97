// SPDX-License-Identifier: EUPL-1.2
import {
  type CryptoPort,
  type ErrorCode,
  equalBytes,
  FLASH_FULL,
  sliceBytes,
} from "@nyckelring/protocol";
import type { FlashPort } from "../ports.ts";
import { type BlobQueue, createBlobQueue } from "../shared/blob-queue.ts";
import type { NonceCounter } from "../shared/nonce-counter.ts";
import type { PageArea } from "../shared/page-journal.ts";

/** Uploads that may be on their way at the same time. */
const IN_FLIGHT_MAX = 16;
const DIGEST_BYTES = 8;

/**
 * Sealed batches on their way to the issuer.
 *
 * A batch leaves the queue against the issuer's acknowledgement and nothing else: what a broker
 * confirms means nothing for durability.
 */
export interface UploadQueue {
  /**
   * Keeps a batch durably.
   *
   * A batch that is in the queue already is not kept twice: a key that was pulled before it heard
   * `stored` hands it over again.
   *
   * @returns 0, or `FLASH_FULL`.
   */
  put(sealed: Uint8Array): ErrorCode;
  /** Takes out what the issuer has committed, by the numbers under which it went up. */
  acknowledge(seqs: readonly number[]): void;
  /** Publishes what waits, a few at a time; more follow with each acknowledgement. */
  pump(): void;
  /** Begins again with the oldest: the link is new, or an answer is overdue. */
  restart(): void;
  /** Number of batches that wait. */
  count(): number;
  /** Number that the last batch put in got; acknowledgements name it. */
  lastSeq(): number;
  /** True while a batch with this number or a lower one waits. */
  waitsUpTo(seq: number): boolean;
}

/**
 * Opens the queue of a station.
 *
 * @param counter - Numbers of messages that go up; a batch keeps its number for ever.
 * @param publish - Hands a batch under its number to the link.
 */
export function openUploadQueue(
  flash: FlashPort,
  area: PageArea,
  crypto: CryptoPort,
  counter: NonceCounter,
  publish: (seq: number, sealed: Uint8Array) => void,
): UploadQueue {
  const queue: BlobQueue = createBlobQueue(flash, area);
  const digests: { readonly seq: number; readonly digest: Uint8Array }[] = [];
  /** Highest number that was published since the last restart. */
  let publishedUpTo = 0;
  let lastSeq = 0;

  function digestOf(sealed: Uint8Array): Uint8Array {
    return sliceBytes(crypto.hash(sealed), 0, DIGEST_BYTES);
  }

  function seqOf(sealed: Uint8Array): number {
    const digest = digestOf(sealed);
    for (const known of digests) if (equalBytes(known.digest, digest)) return known.seq;
    return 0;
  }

  function pump(): void {
    let inFlight = 0;
    for (const seq of queue.tags()) {
      if (inFlight === IN_FLIGHT_MAX) return;
      inFlight += 1;
      const sealed = seq > publishedUpTo ? queue.read(seq) : undefined;
      if (sealed !== undefined) {
        publish(seq, sealed);
        publishedUpTo = seq;
      }
    }
  }

  for (const seq of queue.tags()) {
    const sealed = queue.read(seq);
    if (sealed !== undefined) digests.push({ seq, digest: digestOf(sealed) });
  }

  return {
    put(sealed) {
      const known = seqOf(sealed);
      if (known > 0) {
        lastSeq = known;
        return 0;
      }
      const seq = counter.next();
      if (!queue.append(seq, sealed)) return FLASH_FULL;
      digests.push({ seq, digest: digestOf(sealed) });
      lastSeq = seq;
      return 0;
    },
    acknowledge(seqs) {
      for (const seq of seqs) {
        queue.free(seq);
        for (let index = 0; index < digests.length; index += 1) {
          const known = digests[index];
          if (known !== undefined && known.seq === seq) {
            digests.splice(index, 1);
            break;
          }
        }
      }
    },
    pump,
    restart() {
      publishedUpTo = 0;
      pump();
    },
    count: () => queue.tags().length,
    lastSeq: () => lastSeq,
    waitsUpTo(seq) {
      const oldest = queue.tags()[0];
      return oldest !== undefined && oldest <= seq;
    },
  };
}
