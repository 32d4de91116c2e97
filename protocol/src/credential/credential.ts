// SPDX-License-Identifier: EUPL-1.2
import { equalBytes } from "../bytes.ts";
import { decodeCbor } from "../cbor/decode.ts";
import { encodeCbor } from "../cbor/encode.ts";
import { bytesUpTo, tuple, uint16 } from "../cbor/shape.ts";
import { type Anchor, sign1Kid } from "../cose/sign1.ts";
import type { CryptoPort } from "../crypto/crypto-port.ts";
import { type RingHead, verifyRingHead } from "../cwt/ring-head.ts";
import {
  ANCHOR_UNKNOWN,
  LEAF_NOT_IN_RING,
  MESSAGE_MALFORMED,
  OBJECT_TOO_LONG,
  RIGHT_EXPIRED,
  RING_EXPIRED,
  RING_NOT_YET_VALID,
  SIGNATURE_INVALID,
  TARGET_MISMATCH,
} from "../errors/code.ts";
import { type ErrorCode, fail, type Result, succeed } from "../errors/result.ts";
import {
  LEAF_DOOR,
  LEAF_FOREIGN,
  LEAF_GROUP,
  OBJECT_BYTES_MAX,
  PATH_HASHES_MAX,
  TYP_RING_HEAD,
} from "../message/types.ts";
import { decodeSaltedLeaf, type Leaf, SALTED_LEAF_BYTES_MAX } from "../ring/leaf.ts";
import { rootFromPath } from "../ring/tree.ts";

const HASH_BYTES = 32;
/**
 * Longest encoded credential, in octets: its parts and their heads.
 * @public
 */
export const CREDENTIAL_BYTES_MAX: number =
  OBJECT_BYTES_MAX + SALTED_LEAF_BYTES_MAX + PATH_HASHES_MAX * HASH_BYTES + 12;

const CREDENTIAL = tuple([
  bytesUpTo(OBJECT_BYTES_MAX),
  uint16,
  bytesUpTo(SALTED_LEAF_BYTES_MAX),
  bytesUpTo(PATH_HASHES_MAX * HASH_BYTES),
]);

/**
 * One right of a ring, free-standing: what its head signs, without the other rights.
 * @public
 */
export interface Credential {
  /** A signed ring head. */
  readonly head: Uint8Array;
  /** Slot of the leaf. */
  readonly index: number;
  /** The salted leaf, hashed as these octets. */
  readonly leaf: Uint8Array;
  /** Inclusion path from the leaf upwards, 32 octets a hash. */
  readonly path: Uint8Array;
}

/**
 * What a verifier asks of a credential. A member that is absent is not asked.
 * @public
 */
export interface CredentialQuestion {
  /** The time to judge for, seconds UTC. */
  readonly atS?: number;
  /** The door that shall be opened. */
  readonly door?: number;
  /** Authority that owns the door's lock and numbers the door, where it is not the ring's. */
  readonly owner?: number;
  /** A group that the door belongs to. */
  readonly group?: number;
}

/**
 * What a good credential says.
 * @public
 */
export interface VerifiedCredential {
  readonly head: RingHead;
  readonly index: number;
  readonly leaf: Leaf;
}

/**
 * Encodes a credential.
 *
 * Security: a credential alone opens nothing. A lock grants to whoever proves the private key that
 * the head names, and the file does not hold that key.
 * @public
 */
export function encodeCredential(credential: Credential): Uint8Array {
  return encodeCbor([credential.head, credential.index, credential.leaf, credential.path]);
}

/**
 * Reads a credential; nothing in it is judged yet.
 *
 * @returns the credential, `OBJECT_TOO_LONG`, `CBOR_MALFORMED` with the offset of the first bad
 * octet, or `MESSAGE_MALFORMED`
 * @public
 */
export function decodeCredential(bytes: Uint8Array): Result<Credential> {
  if (bytes.length > CREDENTIAL_BYTES_MAX) return fail(OBJECT_TOO_LONG, CREDENTIAL_BYTES_MAX);
  const value = decodeCbor(bytes);
  if (!value.ok) return value;
  if (!CREDENTIAL(value.value)) return fail(MESSAGE_MALFORMED);
  const fields = value.value;
  if (fields[3].length % HASH_BYTES !== 0) return fail(MESSAGE_MALFORMED);
  return succeed({ head: fields[0], index: fields[1], leaf: fields[2], path: fields[3] });
}

/**
 * Verifies a credential in the order of a lock: form, anchor, signature, claims, window, leaf in
 * ring, target, end of the right.
 *
 * @param anchors - level 1 keys that may sign rings; `openAnchorFile` gives them
 * @param question - time, door and group to judge for; a right to the door or to the group will do
 * @returns head and right; the faults of {@link decodeCredential}; `ANCHOR_UNKNOWN` for a head of
 * another authority; `SIGNATURE_INVALID`, `CLAIMS_MALFORMED` or `WINDOW_TOO_LONG` for the head;
 * `RING_EXPIRED` or `RING_NOT_YET_VALID`; `LEAF_NOT_IN_RING`; `TARGET_MISMATCH` with the target that
 * the right has; `RIGHT_EXPIRED`
 * @public
 */
export function verifyCredential(
  crypto: CryptoPort,
  bytes: Uint8Array,
  anchors: readonly Anchor[],
  question: CredentialQuestion,
): Result<VerifiedCredential> {
  const credential = decodeCredential(bytes);
  if (!credential.ok) return credential;
  const { head: headBytes, index, leaf: leafBytes, path } = credential.value;
  const kid = sign1Kid(headBytes, TYP_RING_HEAD);
  if (kid === undefined) return fail(SIGNATURE_INVALID);
  if (!isAnchored(kid, anchors)) return fail(ANCHOR_UNKNOWN);
  const head = verifyRingHead(headBytes, anchors);
  if (!head.ok) return head;
  const outside = judgeWindow(head.value, question.atS);
  if (outside !== 0) return fail(outside);
  const root = rootFromPath(crypto, leafBytes, index, head.value.size, path);
  if (!root.ok) return root;
  if (!equalBytes(root.value, head.value.root)) return fail(LEAF_NOT_IN_RING);
  const leaf = decodeSaltedLeaf(leafBytes);
  if (!leaf.ok) return leaf;
  if (!isAsked(leaf.value, question)) return fail(TARGET_MISMATCH, leaf.value.target);
  if (question.atS !== undefined && leaf.value.untilS <= question.atS) return fail(RIGHT_EXPIRED);
  return succeed({ head: head.value, index, leaf: leaf.value });
}

function isAnchored(kid: Uint8Array, anchors: readonly Anchor[]): boolean {
  for (const anchor of anchors) {
    if (equalBytes(anchor.kid, kid)) return true;
  }
  return false;
}

function judgeWindow(head: RingHead, atS: number | undefined): ErrorCode {
  if (atS === undefined) return 0;
  if (head.expS <= atS) return RING_EXPIRED;
  return atS < head.nbfS ? RING_NOT_YET_VALID : 0;
}

function isAsked(leaf: Leaf, question: CredentialQuestion): boolean {
  if (question.door === undefined && question.group === undefined) return true;
  const { door, group, owner } = question;
  const doorKind = owner === undefined ? LEAF_DOOR : LEAF_FOREIGN + owner;
  if (leaf.kind === doorKind && leaf.target === door) return true;
  return leaf.kind === LEAF_GROUP && leaf.target === group;
}
