// SPDX-License-Identifier: EUPL-1.2
import { bytesOf, listOf, type ShapeValue, tuple, uint32 } from "../cbor/shape.ts";
import { type CborValue, cborMap, mapGet } from "../cbor/value.ts";
import { DEVID_BYTES } from "../cose/ids.ts";
import type { Anchor, Signer } from "../cose/sign1.ts";
import { type Result, succeed } from "../errors/result.ts";
import { FLOORS_MAX, TYP_FLOOR_LIST } from "../message/types.ts";
import { claimsShape, expEntry, expOf, iatEntry, iatOf } from "./claims.ts";
import { signPayload, verifyPayload } from "./signed-payload.ts";

const CLAIM_FLOORS = -65540;
const FLOOR = tuple([bytesOf(DEVID_BYTES), uint32]);
const FLOORS = tuple([uint32, uint32, listOf(FLOOR, 0, FLOORS_MAX)]);
const CLAIMS = claimsShape(CLAIM_FLOORS, FLOORS);

/**
 * The oldest ring of one key that locks may still accept.
 * @public
 */
export interface KeyFloor {
  readonly devid: Uint8Array;
  /** Heads with a lower number are revoked. */
  readonly minring: number;
}

/**
 * What was revoked before its time: carried by keys, kept by locks.
 * @public
 */
export interface FloorList {
  /** When it stops being worth carrying; seconds UTC. A lock keeps the newest one regardless. */
  readonly expS: number;
  /** Time of signing; seconds UTC. */
  readonly iatS: number;
  /** Number of this list; the highest wins. */
  readonly listseq: number;
  /** Heads of any key with a lower number are revoked. */
  readonly ringfloor: number;
  /** At most 256; more raise `ringfloor` instead. */
  readonly floors: readonly KeyFloor[];
}

/**
 * Signs a floor list with a level 1 key. More than 256 floors throw.
 * @public
 */
export function signFloorList(list: FloorList, signer: Signer): Uint8Array {
  const floors: CborValue[] = [];
  for (const floor of list.floors) floors.push([floor.devid, floor.minring]);
  const claims = cborMap([
    expEntry(list.expS),
    iatEntry(list.iatS),
    [CLAIM_FLOORS, [list.listseq, list.ringfloor, floors]],
  ]);
  return signPayload(TYP_FLOOR_LIST, CLAIMS, claims, signer);
}

/**
 * Verifies a floor list against level 1 keys.
 *
 * @returns the list, `SIGNATURE_INVALID` or `CLAIMS_MALFORMED`
 * @public
 */
export function verifyFloorList(bytes: Uint8Array, anchors: readonly Anchor[]): Result<FloorList> {
  const claims = verifyPayload(TYP_FLOOR_LIST, CLAIMS, bytes, anchors);
  if (!claims.ok) return claims;
  const list = mapGet(claims.value, CLAIM_FLOORS) as ShapeValue<typeof FLOORS>;
  const floors: KeyFloor[] = [];
  for (const floor of list[2]) floors.push({ devid: floor[0], minring: floor[1] });
  return succeed({
    expS: expOf(claims.value),
    iatS: iatOf(claims.value),
    listseq: list[0],
    ringfloor: list[1],
    floors,
  });
}
