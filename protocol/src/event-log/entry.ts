// SPDX-License-Identifier: EUPL-1.2
import { concatBytes, sliceBytes } from "../bytes.ts";
import { decodeCbor } from "../cbor/decode.ts";
import { writeHead } from "../cbor/head.ts";
import { bytesOf, tuple, uint, uint8, uint16, uint32 } from "../cbor/shape.ts";
import { DEVID_BYTES } from "../cose/ids.ts";
import type { CryptoPort } from "../crypto/crypto-port.ts";
import { LOG_CHAIN_BROKEN, PROMISE_BROKEN } from "../errors/code.ts";
import { assert, fail, type Result, succeed } from "../errors/result.ts";
import { OP_LEAVE } from "../message/types.ts";

const ENTRY = tuple([
  uint32,
  uint32,
  uint8,
  uint8,
  uint(OP_LEAVE),
  uint16,
  bytesOf(DEVID_BYTES),
  uint32,
  uint32,
]);
// Domain octet of the chain: 0 and 1 are leaves and nodes of trees, RFC 9162 §2.1.1.
const CHAIN_PREFIX = new Uint8Array([2]);
const CHAIN_BYTES = 32;
const ARRAY_OF_NINE = 0x89;
const DEVID_HEAD = 0x40 + DEVID_BYTES;

/** Longest encoded entry. @public */
export const ENTRY_BYTES_MAX = 38;

/**
 * The record of one event.
 * @public
 */
export interface Entry {
  /** Number in its log, from 1, without holes. */
  readonly n: number;
  /** When, as well as the device knew; seconds UTC. */
  readonly tS: number;
  /** How well it knew: one of the TIME_ constants. */
  readonly tq: number;
  /** What: one of the ENTRY_ constants. */
  readonly kind: number;
  /** `OP_ENTER`, `OP_LEAVE`, or 0 where there is none. */
  readonly op: number;
  /** 0 for a grant or success, else a code of the table. */
  readonly reason: number;
  /** The other device, 8 octets; all zero where there is none. */
  readonly peer: Uint8Array;
  /** Number of the ring head; for `ENTRY_OBJECT` the sequence of the object. */
  readonly ring: number;
  /** Door or group; what other kinds put here their ENTRY_ constant says. */
  readonly target: number;
}

/**
 * The chain value before the first entry of a log epoch: 32 zero octets.
 * @public
 */
export function chainStart(): Uint8Array {
  return new Uint8Array(CHAIN_BYTES);
}

/**
 * The chain value after an entry: SHA-256(0x02, previous value, entry octets). Whoever holds one
 * value can prove every entry before it.
 * @public
 */
export function chainNext(
  crypto: CryptoPort,
  previous: Uint8Array,
  entryBytes: Uint8Array,
): Uint8Array {
  return crypto.hash(concatBytes([CHAIN_PREFIX, previous, entryBytes]));
}

/**
 * Encodes an entry; a field beyond its bound throws.
 * @public
 */
export function encodeEntry(entry: Entry): Uint8Array {
  assert(
    entry.op <= OP_LEAVE && entry.reason <= 0xffff && entry.peer.length === DEVID_BYTES,
    PROMISE_BROKEN,
  );
  // Written by hand: it is the one encoding that a door waits for.
  const bytes = new Uint8Array(ENTRY_BYTES_MAX);
  bytes[0] = ARRAY_OF_NINE;
  let end = writeHead(bytes, 1, 0, entry.n);
  end = writeHead(bytes, end, 0, entry.tS);
  end = writeHead(bytes, end, 0, entry.tq);
  end = writeHead(bytes, end, 0, entry.kind);
  bytes[end] = entry.op;
  end = writeHead(bytes, end + 1, 0, entry.reason);
  bytes[end] = DEVID_HEAD;
  bytes.set(entry.peer, end + 1);
  end = writeHead(bytes, end + 1 + DEVID_BYTES, 0, entry.ring);
  end = writeHead(bytes, end, 0, entry.target);
  return sliceBytes(bytes, 0, end);
}

/**
 * Reads an entry.
 *
 * @returns the entry, or `LOG_CHAIN_BROKEN` for octets that are none
 * @public
 */
export function decodeEntry(bytes: Uint8Array): Result<Entry> {
  const value = decodeCbor(bytes);
  if (!value.ok || !ENTRY(value.value)) return fail(LOG_CHAIN_BROKEN);
  const fields = value.value;
  return succeed({
    n: fields[0],
    tS: fields[1],
    tq: fields[2],
    kind: fields[3],
    op: fields[4],
    reason: fields[5],
    peer: fields[6],
    ring: fields[7],
    target: fields[8],
  });
}
