// SPDX-License-Identifier: EUPL-1.2
import { decodeCbor } from "../cbor/decode.ts";
import { encodeCbor } from "../cbor/encode.ts";
import {
  bytesOf,
  bytesUpTo,
  type ShapeValue,
  tuple,
  uint,
  uint8,
  uint16,
  uint32,
  uintFrom,
} from "../cbor/shape.ts";
import { type CborValue, UINT_MAX } from "../cbor/value.ts";
import type { CryptoPort } from "../crypto/crypto-port.ts";
import { hkdf } from "../crypto/hkdf.ts";
import { MESSAGE_MALFORMED, PROMISE_BROKEN } from "../errors/code.ts";
import { assert, fail, type Result, succeed } from "../errors/result.ts";
import { LEAF_KIND_MAX, OP_ENTER, OP_LEAVE, PATH_HASHES_MAX } from "../message/types.ts";

const SALT_BYTES = 8;
const SECRET_BYTES = 32;
// Heads of arrays of four and five items, and of an octet string of eight.
const LEAF_ARRAY = 0x84;
const SALTED_LEAF_ARRAY = 0x85;
const SALT_HEAD = 0x48;
const HASH_BYTES = 32;
/** Longest salted leaf that is taken, in octets. @internal */
export const SALTED_LEAF_BYTES_MAX = 32;
const NOTHING = new Uint8Array(0);
// "nyckel ring 1"
const RING_LABEL = new Uint8Array([110, 121, 99, 107, 101, 108, 32, 114, 105, 110, 103, 32, 49]);

/** Shape of a leaf as it is stored and travels in deltas. @internal */
export const LEAF = tuple([uint(LEAF_KIND_MAX), uint32, uint8, uint32]);
const SALTED_LEAF = tuple([uint(LEAF_KIND_MAX), uint32, uint8, uint32, bytesOf(SALT_BYTES)]);
const PRESENTATION = tuple([
  uintFrom(OP_ENTER, OP_LEAVE),
  uint16,
  bytesUpTo(SALTED_LEAF_BYTES_MAX),
  bytesUpTo(PATH_HASHES_MAX * HASH_BYTES),
]);

/**
 * One right: what may be done at a door, or at each door of a group, and until when.
 * @public
 */
export interface Leaf {
  /** `LEAF_DOOR`, `LEAF_GROUP`, or `LEAF_FOREIGN` plus the authority that owns the lock. */
  readonly kind: number;
  /** Number of the door or group, as the authority counts that the kind says. */
  readonly target: number;
  /** Sum of OPS_ constants. */
  readonly ops: number;
  /** End of the right itself, not of a shift; not included; seconds UTC. */
  readonly untilS: number;
}

/**
 * What a key shows at a door beside its head.
 * @public
 */
export interface Presentation {
  /** `OP_ENTER` or `OP_LEAVE`. */
  readonly op: number;
  /** Slot of the leaf. */
  readonly index: number;
  /** The salted leaf, hashed as these octets. */
  readonly leaf: Uint8Array;
  /** Inclusion path from the leaf upwards, 32 octets a hash. */
  readonly path: Uint8Array;
}

/**
 * Derives the secret from which the salts of a key's rings come. It stays the same for an
 * enrolment, so an unchanged ring keeps its root.
 *
 * @param sharedSecret - static X25519 secret of key and issuer, 32 octets
 * @returns 32 octets
 * @see RFC 5869
 * @public
 */
export function ringSecret(crypto: CryptoPort, sharedSecret: Uint8Array): Uint8Array {
  return hkdf(crypto, NOTHING, sharedSecret, RING_LABEL, SECRET_BYTES);
}

/**
 * The salt of a leaf: the first 8 octets of HMAC(secret, leaf without salt). It keeps a lock that
 * sees one path from guessing the neighbours.
 * @public
 */
export function saltOf(crypto: CryptoPort, secret: Uint8Array, leaf: Leaf): Uint8Array {
  return crypto.hmac(secret, encodeLeaf(leaf)).subarray(0, SALT_BYTES);
}

/**
 * Encodes a leaf without salt, as stored.
 * @public
 */
export function encodeLeaf(leaf: Leaf): Uint8Array {
  const bytes = new Uint8Array(leafBytes(leaf));
  writeLeaf(bytes, LEAF_ARRAY, leaf);
  return bytes;
}

/**
 * Encodes a leaf with a given salt, as hashed and shown.
 *
 * Requires: a salt of 8 octets.
 * @public
 */
export function encodeSaltedLeaf(leaf: Leaf, salt: Uint8Array): Uint8Array {
  assert(salt.length === SALT_BYTES, PROMISE_BROKEN);
  const end = leafBytes(leaf);
  const bytes = new Uint8Array(end + 1 + SALT_BYTES);
  writeLeaf(bytes, SALTED_LEAF_ARRAY, leaf);
  bytes[end] = SALT_HEAD;
  bytes.set(salt, end + 1);
  return bytes;
}

// A ring has thousands of leaves, so they are written here and not through the general encoder; a
// test holds both to the same octets.
function writeLeaf(bytes: Uint8Array, array: number, leaf: Leaf): void {
  bytes[0] = array;
  let at = writeUint(bytes, 1, leaf.kind);
  at = writeUint(bytes, at, leaf.target);
  at = writeUint(bytes, at, leaf.ops);
  writeUint(bytes, at, leaf.untilS);
}

function leafBytes(leaf: Leaf): number {
  return (
    1 + uintBytes(leaf.kind) + uintBytes(leaf.target) + uintBytes(leaf.ops) + uintBytes(leaf.untilS)
  );
}

function uintBytes(value: number): number {
  assert(value >= 0 && value <= UINT_MAX, PROMISE_BROKEN);
  if (value < 24) return 1;
  if (value < 0x100) return 2;
  return value < 0x10000 ? 3 : 5;
}

// RFC 8949 §4.2.1: the shortest head that holds the number.
function writeUint(bytes: Uint8Array, at: number, value: number): number {
  if (value < 24) {
    bytes[at] = value;
    return at + 1;
  }
  if (value < 0x100) {
    bytes[at] = 0x18;
    bytes[at + 1] = value;
    return at + 2;
  }
  if (value < 0x10000) {
    bytes[at] = 0x19;
    bytes[at + 1] = value >> 8;
    bytes[at + 2] = value & 0xff;
    return at + 3;
  }
  bytes[at] = 0x1a;
  bytes[at + 1] = value >>> 24;
  bytes[at + 2] = (value >>> 16) & 0xff;
  bytes[at + 3] = (value >>> 8) & 0xff;
  bytes[at + 4] = value & 0xff;
  return at + 5;
}

/**
 * The octets that a slot's hash covers: the salted leaf, or nothing for a tombstone.
 * @public
 */
export function slotBytes(crypto: CryptoPort, secret: Uint8Array, leaf: Leaf | null): Uint8Array {
  return leaf === null ? NOTHING : encodeSaltedLeaf(leaf, saltOf(crypto, secret, leaf));
}

/**
 * Reads a salted leaf as shown.
 *
 * @returns the leaf, or `MESSAGE_MALFORMED`
 * @public
 */
export function decodeSaltedLeaf(bytes: Uint8Array): Result<Leaf> {
  const value = decodeCbor(bytes);
  if (!value.ok || !SALTED_LEAF(value.value)) return fail(MESSAGE_MALFORMED);
  const fields = value.value;
  return succeed({ kind: fields[0], target: fields[1], ops: fields[2], untilS: fields[3] });
}

/**
 * Encodes what a key shows.
 * @public
 */
export function encodePresentation(presentation: Presentation): Uint8Array {
  return encodeCbor([presentation.op, presentation.index, presentation.leaf, presentation.path]);
}

/**
 * Reads what a key shows; path and leaf are not judged yet.
 *
 * @returns the presentation, or `MESSAGE_MALFORMED`
 * @public
 */
export function decodePresentation(bytes: Uint8Array): Result<Presentation> {
  const value = decodeCbor(bytes);
  if (!value.ok || !PRESENTATION(value.value)) return fail(MESSAGE_MALFORMED);
  const fields = value.value;
  if (fields[3].length % HASH_BYTES !== 0) return fail(MESSAGE_MALFORMED);
  return succeed({ op: fields[0], index: fields[1], leaf: fields[2], path: fields[3] });
}

/** The four fields of a leaf as a value. @internal */
export function leafValue(leaf: Leaf): CborValue {
  return [leaf.kind, leaf.target, leaf.ops, leaf.untilS];
}

/** Requires: a value that {@link LEAF} accepted. @internal */
export function leafOf(fields: ShapeValue<typeof LEAF>): Leaf {
  return { kind: fields[0], target: fields[1], ops: fields[2], untilS: fields[3] };
}

/** Tells whether two slots hold the same. @public */
export function equalLeaves(a: Leaf | null, b: Leaf | null): boolean {
  if (a === null || b === null) return a === b;
  return a.kind === b.kind && a.target === b.target && a.ops === b.ops && a.untilS === b.untilS;
}
