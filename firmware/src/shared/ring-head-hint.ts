// SPDX-License-Identifier: EUPL-1.2
import { type CborMap, decodeCbor, isArray, isBytes, isMap, mapGet } from "@nyckelring/protocol";

const HEADER_KID = 4;
const CLAIM_EXP = 4;
const CLAIM_NBF = 5;
const CLAIM_IAT = 6;
const CLAIM_RING = -65537;

/** What a ring head says of itself. */
export interface RingHeadHint {
  /** Key id of the key that signed it. */
  readonly kid: Uint8Array;
  /** Start of the window, UTC seconds. */
  readonly nbfS: number;
  /** End of the window, not included, UTC seconds. */
  readonly expS: number;
  /** When it was signed, UTC seconds. */
  readonly iatS: number;
  readonly ringseq: number;
  /** Sum of FLAG_ constants. */
  readonly flags: number;
  /** Number of the oldest floor list with which a lock may decide on this head. */
  readonly needlist: number;
}

/**
 * Reads the claims of a ring head without a look at its signature.
 *
 * Security: for a head that this device has verified before it stored it, and for a station, which
 * has no curve and uses the answer only to choose what it releases to a key that verifies.
 *
 * @returns The claims, or undefined for anything that is not a ring head.
 */
export function readRingHead(bytes: Uint8Array): RingHeadHint | undefined {
  const object = decodeCbor(bytes);
  if (!object.ok || !isArray(object.value) || object.value.length !== 4) return undefined;
  const [header, , payload] = object.value;
  if (header === undefined || payload === undefined) return undefined;
  if (!isBytes(header) || !isBytes(payload)) return undefined;
  const parameters = decodeCbor(header);
  const claims = decodeCbor(payload);
  if (!parameters.ok || !isMap(parameters.value)) return undefined;
  if (!claims.ok || !isMap(claims.value)) return undefined;
  const kid = mapGet(parameters.value, HEADER_KID);
  if (kid === undefined || !isBytes(kid)) return undefined;
  const nbfS = numberIn(claims.value, CLAIM_NBF);
  const expS = numberIn(claims.value, CLAIM_EXP);
  const iatS = numberIn(claims.value, CLAIM_IAT);
  const ring = mapGet(claims.value, CLAIM_RING);
  if (ring === undefined || !isArray(ring) || ring.length !== 5) return undefined;
  const ringseq = ring[0];
  const flags = ring[3];
  const needlist = ring[4];
  if (nbfS < 0 || expS < 0 || iatS < 0) return undefined;
  if (typeof ringseq !== "number" || typeof flags !== "number") return undefined;
  if (typeof needlist !== "number") return undefined;
  return { kid, nbfS, expS, iatS, ringseq, flags, needlist };
}

function numberIn(claims: CborMap, label: number): number {
  const value = mapGet(claims, label);
  return typeof value === "number" ? value : -1;
}
