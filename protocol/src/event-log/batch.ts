// SPDX-License-Identifier: EUPL-1.2
import { equalBytes } from "../bytes.ts";
import { decodeCbor } from "../cbor/decode.ts";
import { encodeCbor } from "../cbor/encode.ts";
import { bytesOf, bytesUpTo, listOf, tuple, uint16, uint32 } from "../cbor/shape.ts";
import { DEVID_BYTES } from "../cose/ids.ts";
import type { Anchor } from "../cose/sign1.ts";
import type { CryptoPort } from "../crypto/crypto-port.ts";
import { LOG_CHAIN_BROKEN, PROMISE_BROKEN } from "../errors/code.ts";
import { assert, fail, type Result, succeed } from "../errors/result.ts";
import { type LogHead, verifyLogHead } from "../message/objects.ts";
import { BATCH_ENTRIES_MAX, OBJECT_BYTES_MAX } from "../message/types.ts";
import { chainNext, decodeEntry, ENTRY_BYTES_MAX, type Entry } from "./entry.ts";

const CHAIN_BYTES = 32;
const LOG_HEAD_BYTES_MAX = 192;
const BATCH = tuple([
  bytesOf(DEVID_BYTES),
  uint16,
  uint16,
  uint32,
  bytesOf(CHAIN_BYTES),
  listOf(bytesUpTo(ENTRY_BYTES_MAX), 1, BATCH_ENTRIES_MAX),
  bytesUpTo(LOG_HEAD_BYTES_MAX),
]);

/**
 * Consecutive entries of one log with the device's signature over the last of them.
 * @public
 */
export interface LogBatch {
  readonly devid: Uint8Array;
  readonly logEpoch: number;
  readonly authority: number;
  /** Number of the first entry. */
  readonly first: number;
  /** Chain value before it. */
  readonly prev: Uint8Array;
  /** 1 to 64 encoded entries. */
  readonly entries: readonly Uint8Array[];
  /** A signed log head over the last entry. */
  readonly head: Uint8Array;
}

/**
 * An entry that is proved to be the device's.
 * @public
 */
export interface VerifiedEntry {
  readonly entry: Entry;
  /** The octets that the chain covers. */
  readonly bytes: Uint8Array;
  /** Chain value after it. */
  readonly chain: Uint8Array;
}

/**
 * A batch that holds together under the device's signature.
 * @public
 */
export interface VerifiedBatch {
  readonly head: LogHead;
  /** Chain value before the first entry. */
  readonly prev: Uint8Array;
  readonly entries: readonly VerifiedEntry[];
}

/**
 * Encodes a batch. None or more than 64 entries throw.
 * @public
 */
export function encodeLogBatch(batch: LogBatch): Uint8Array {
  const value = [
    batch.devid,
    batch.logEpoch,
    batch.authority,
    batch.first,
    batch.prev,
    batch.entries,
    batch.head,
  ];
  assert(BATCH(value), PROMISE_BROKEN);
  return encodeCbor(value);
}

/**
 * Reads a batch; nothing of it is proved yet.
 *
 * @returns the batch, or `LOG_CHAIN_BROKEN`
 * @public
 */
export function decodeLogBatch(bytes: Uint8Array): Result<LogBatch> {
  if (bytes.length > OBJECT_BYTES_MAX) return fail(LOG_CHAIN_BROKEN);
  const value = decodeCbor(bytes);
  if (!value.ok || !BATCH(value.value)) return fail(LOG_CHAIN_BROKEN);
  const fields = value.value;
  return succeed({
    devid: fields[0],
    logEpoch: fields[1],
    authority: fields[2],
    first: fields[3],
    prev: fields[4],
    entries: fields[5],
    head: fields[6],
  });
}

/**
 * Proves that a batch is what the device logged: its head verifies, names the same log, and is the
 * chain value after the last entry; the entries are numbered without a hole.
 *
 * Whether the entries before it are known is the issuer's to compare, by `prev` and `first`.
 *
 * @param device - the key under which the device enrolled
 * @returns the entries with their chain values, `SIGNATURE_INVALID`, `CLAIMS_MALFORMED`, or
 * `LOG_CHAIN_BROKEN` with the number where the batch stops to hold together
 * @public
 */
export function verifyBatch(
  crypto: CryptoPort,
  batch: LogBatch,
  device: Anchor,
): Result<VerifiedBatch> {
  const head = verifyLogHead(batch.head, [device]);
  if (!head.ok) return head;
  if (
    !equalBytes(head.value.devid, batch.devid) ||
    head.value.logEpoch !== batch.logEpoch ||
    head.value.authority !== batch.authority
  ) {
    return fail(LOG_CHAIN_BROKEN, batch.first);
  }
  // Numbers begin at 1; an entry 0 would stand outside the chain that begins there.
  if (batch.first === 0) return fail(LOG_CHAIN_BROKEN, 0);
  const entries: VerifiedEntry[] = [];
  let chain = batch.prev;
  let n = batch.first;
  for (const bytes of batch.entries) {
    const entry = decodeEntry(bytes);
    if (!entry.ok || entry.value.n !== n) return fail(LOG_CHAIN_BROKEN, n);
    chain = chainNext(crypto, chain, bytes);
    entries.push({ entry: entry.value, bytes, chain });
    n += 1;
  }
  if (head.value.n !== n - 1 || !equalBytes(head.value.chain, chain)) {
    return fail(LOG_CHAIN_BROKEN, n - 1);
  }
  return succeed({ head: head.value, prev: batch.prev, entries });
}
