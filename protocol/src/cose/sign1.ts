// SPDX-License-Identifier: EUPL-1.2
import { equalBytes } from "../bytes.ts";
import { decodeCbor } from "../cbor/decode.ts";
import { encodeCbor } from "../cbor/encode.ts";
import { writeHead } from "../cbor/head.ts";
import { bytesOf, bytesUpTo, exactly, mapOf, type ShapeValue, tuple } from "../cbor/shape.ts";
import { cborMap, isMap, mapGet } from "../cbor/value.ts";
import type { SigningKey, VerificationKey } from "../crypto/crypto-port.ts";
import { OBJECT_TOO_LONG, SIGNATURE_INVALID } from "../errors/code.ts";
import { assert, fail, type Result, succeed } from "../errors/result.ts";
import { OBJECT_BYTES_MAX } from "../message/types.ts";
import { KID_BYTES } from "./ids.ts";

// COSE header parameters, RFC 9052 §3.1 and RFC 9596 §2.
const HEADER_ALG = 1;
const HEADER_KID = 4;
const HEADER_TYP = 16;
// Ed25519, fully specified; RFC 9864 §2.2. The polymorphic EdDSA (-8) is not accepted.
const ALG_ED25519 = -19;

const SIGNATURE_BYTES = 64;
// An array of four, and the text "Signature1".
const SIGNATURE1 = new Uint8Array([
  0x84, 0x6a, 0x53, 0x69, 0x67, 0x6e, 0x61, 0x74, 0x75, 0x72, 0x65, 0x31,
]);
const SIGN1 = tuple([
  bytesUpTo(OBJECT_BYTES_MAX),
  mapOf([]),
  bytesUpTo(OBJECT_BYTES_MAX),
  bytesOf(SIGNATURE_BYTES),
]);

/**
 * A key that signs, under the identifier by which others know it.
 * @public
 */
export interface Signer {
  readonly kid: Uint8Array;
  readonly key: SigningKey;
}

/**
 * A key that is trusted to have signed.
 * @public
 */
export interface Anchor {
  readonly kid: Uint8Array;
  readonly key: VerificationKey;
}

/**
 * What a signature proved: these octets, signed by the key with this identifier.
 * @public
 */
export interface VerifiedPayload {
  readonly kid: Uint8Array;
  readonly payload: Uint8Array;
}

/**
 * Signs a payload as an untagged COSE_Sign1 with an empty unprotected header.
 *
 * Requires: an object of at most 4096 octets; a longer one throws.
 *
 * @param typ - the kind of object, so that none can stand in for another
 * @see RFC 9052 §4.2, and §4.4 for the signature
 * @public
 */
export function signSign1(typ: number, payload: Uint8Array, signer: Signer): Uint8Array {
  const header = encodeCbor(
    cborMap([
      [HEADER_ALG, ALG_ED25519],
      [HEADER_KID, signer.kid],
      [HEADER_TYP, typ],
    ]),
  );
  const signature = signer.key.sign(toBeSigned(header, payload));
  const bytes = encodeCbor([header, cborMap([]), payload, signature]);
  assert(bytes.length <= OBJECT_BYTES_MAX, OBJECT_TOO_LONG);
  return bytes;
}

/**
 * Verifies an untagged COSE_Sign1 of one kind against the keys that may have signed it.
 *
 * The order is length, strict gate, form, typ, kid, anchor, signature; the payload stays unread
 * octets until the caller gets it.
 *
 * Security: every cause gives the same code, so an answer helps nobody to forge. Several anchors may
 * share a kid; each is tried.
 *
 * @returns kid and payload, or `SIGNATURE_INVALID`
 * @see RFC 9052 §4.4
 * @public
 */
export function verifySign1(
  bytes: Uint8Array,
  typ: number,
  anchors: readonly Anchor[],
): Result<VerifiedPayload> {
  const parts = partsOf(bytes);
  if (parts === undefined) return fail(SIGNATURE_INVALID);
  const header = parts[0];
  const payload = parts[2];
  const signature = parts[3];
  const kid = kidIn(header, typ);
  if (kid === undefined) return fail(SIGNATURE_INVALID);
  const message = toBeSigned(header, payload);
  for (const anchor of anchors) {
    if (!equalBytes(anchor.kid, kid)) continue;
    if (anchor.key.verify(message, signature)) return succeed({ kid, payload });
  }
  return fail(SIGNATURE_INVALID);
}

/**
 * Reads which key a COSE_Sign1 of this kind claims to be signed by, to choose anchors. Nothing is
 * proved by it.
 *
 * @returns undefined when the octets are not a COSE_Sign1 of this kind
 * @public
 */
export function sign1Kid(bytes: Uint8Array, typ: number): Uint8Array | undefined {
  const parts = partsOf(bytes);
  return parts === undefined ? undefined : kidIn(parts[0], typ);
}

/**
 * Reads what kind of object octets claim to be, to route them. Nothing is proved by it.
 *
 * @returns undefined for anything but a COSE_Sign1 of ours
 * @public
 */
export function typOf(bytes: Uint8Array): number | undefined {
  const parts = partsOf(bytes);
  const header = parts === undefined ? undefined : decodeCbor(parts[0]);
  if (header === undefined || !header.ok || !isMap(header.value)) return undefined;
  const typ = mapGet(header.value, HEADER_TYP);
  return typeof typ === "number" ? typ : undefined;
}

function partsOf(bytes: Uint8Array): ShapeValue<typeof SIGN1> | undefined {
  if (bytes.length > OBJECT_BYTES_MAX) return undefined;
  const parts = decodeCbor(bytes);
  return parts.ok && SIGN1(parts.value) ? parts.value : undefined;
}

function kidIn(header: Uint8Array, typ: number): Uint8Array | undefined {
  const expected = mapOf([
    [HEADER_ALG, exactly(ALG_ED25519)],
    [HEADER_KID, bytesOf(KID_BYTES)],
    [HEADER_TYP, exactly(typ)],
  ]);
  const map = decodeCbor(header);
  if (!map.ok || !expected(map.value)) return undefined;
  return mapGet(map.value, HEADER_KID) as Uint8Array;
}

// The Sig_structure of RFC 9052 §4.4: [ "Signature1", header, h'', payload ]. Put together by hand, since the
// general encoder costs an interpreter as much as a curve.
function toBeSigned(header: Uint8Array, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(SIGNATURE1.length + header.length + payload.length + 7);
  bytes.set(SIGNATURE1, 0);
  let at = writeHead(bytes, SIGNATURE1.length, 2, header.length);
  bytes.set(header, at);
  at = writeHead(bytes, at + header.length, 2, 0);
  at = writeHead(bytes, at, 2, payload.length);
  bytes.set(payload, at);
  return bytes.subarray(0, at + payload.length);
}
