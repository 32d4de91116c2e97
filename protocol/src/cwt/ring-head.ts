// SPDX-License-Identifier: EUPL-1.2
import { bytesOf, type ShapeValue, tuple, uint, uint8, uint32 } from "../cbor/shape.ts";
import { cborMap, mapGet } from "../cbor/value.ts";
import type { Anchor, Signer } from "../cose/sign1.ts";
import { assert, type Result, succeed } from "../errors/result.ts";
import { RING_SIZE_MAX, TYP_RING_HEAD } from "../message/types.ts";
import {
  DEVICE_CNF,
  type DeviceKey,
  deviceCnfEntry,
  deviceCnfOf,
  expEntry,
  expOf,
  iatEntry,
  iatOf,
  nbfEntry,
  nbfOf,
  windowClaimsShape,
} from "./claims.ts";
import { signPayload, verifyPayload } from "./signed-payload.ts";
import { checkWindow } from "./windows.ts";

const CLAIM_RING = -65537;
const HASH_BYTES = 32;
const RING = tuple([uint32, uint(RING_SIZE_MAX), bytesOf(HASH_BYTES), uint8, uint32]);
const CLAIMS = windowClaimsShape(DEVICE_CNF, CLAIM_RING, RING);

/**
 * The signed head of a ring: for which key, in which window, over which leaves. Activating a key for
 * a shift is giving it a new head.
 * @public
 */
export interface RingHead {
  /** End of the window, not included; seconds UTC. */
  readonly expS: number;
  /** Begin of the window, included; seconds UTC. */
  readonly nbfS: number;
  /** Time of signing; seconds UTC. It raises the time floor of locks. */
  readonly iatS: number;
  /** The key device that may use it, with its X25519 public key. */
  readonly holder: DeviceKey;
  /** Number of this head; grows with every head of this key. */
  readonly ringseq: number;
  /** Slots of the tree, tombstones included. */
  readonly size: number;
  /** RFC 9162 root over the slots. */
  readonly root: Uint8Array;
  /** Sum of FLAG_ constants. */
  readonly flags: number;
  /** The oldest floor list with which a lock may decide on this head. */
  readonly needlist: number;
}

/**
 * Signs a ring head. A window or size beyond its bound throws; check with `checkWindow` before.
 * @public
 */
export function signRingHead(head: RingHead, signer: Signer): Uint8Array {
  const fault = checkWindow(head);
  if (fault !== undefined) assert(false, fault.code);
  const claims = cborMap([
    expEntry(head.expS),
    nbfEntry(head.nbfS),
    iatEntry(head.iatS),
    deviceCnfEntry(head.holder),
    [CLAIM_RING, [head.ringseq, head.size, head.root, head.flags, head.needlist]],
  ]);
  return signPayload(TYP_RING_HEAD, CLAIMS, claims, signer);
}

/**
 * Verifies a ring head against level 1 keys. Whether it is valid now, and whether a floor covers
 * it, is the caller's decision.
 *
 * @returns the head, `SIGNATURE_INVALID`, `CLAIMS_MALFORMED` or `WINDOW_TOO_LONG`
 * @public
 */
export function verifyRingHead(bytes: Uint8Array, anchors: readonly Anchor[]): Result<RingHead> {
  const claims = verifyPayload(TYP_RING_HEAD, CLAIMS, bytes, anchors);
  if (!claims.ok) return claims;
  const ring = mapGet(claims.value, CLAIM_RING) as ShapeValue<typeof RING>;
  const head: RingHead = {
    expS: expOf(claims.value),
    nbfS: nbfOf(claims.value),
    iatS: iatOf(claims.value),
    holder: deviceCnfOf(claims.value),
    ringseq: ring[0],
    size: ring[1],
    root: ring[2],
    flags: ring[3],
    needlist: ring[4],
  };
  const fault = checkWindow(head);
  return fault === undefined ? succeed(head) : { ok: false, fault };
}
