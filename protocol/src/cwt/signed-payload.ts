// SPDX-License-Identifier: EUPL-1.2
import { decodeCbor } from "../cbor/decode.ts";
import { encodeCbor } from "../cbor/encode.ts";
import type { Shape } from "../cbor/shape.ts";
import type { CborValue } from "../cbor/value.ts";
import { type Anchor, type Signer, signSign1, verifySign1 } from "../cose/sign1.ts";
import { CLAIMS_MALFORMED } from "../errors/code.ts";
import { assert, fail, type Result, succeed } from "../errors/result.ts";

/**
 * Signs a value as one kind of object; a value beyond the bounds of its shape throws.
 * @internal
 */
export function signPayload<T extends CborValue>(
  typ: number,
  shape: Shape<T>,
  value: CborValue,
  signer: Signer,
): Uint8Array {
  // Maps are compared in the order of the encoding, so the check runs on what a reader will see.
  const payload = encodeCbor(value);
  const reread = decodeCbor(payload);
  assert(reread.ok && shape(reread.value), CLAIMS_MALFORMED);
  return signSign1(typ, payload, signer);
}

/**
 * Verifies one kind of object, then reads its payload.
 *
 * @returns the payload, `SIGNATURE_INVALID`, or `CLAIMS_MALFORMED` for a genuine object whose
 * payload has not the shape
 * @internal
 */
export function verifyPayload<T extends CborValue>(
  typ: number,
  shape: Shape<T>,
  bytes: Uint8Array,
  anchors: readonly Anchor[],
): Result<T> {
  const verified = verifySign1(bytes, typ, anchors);
  if (!verified.ok) return verified;
  const payload = decodeCbor(verified.value.payload);
  if (!payload.ok || !shape(payload.value)) return fail(CLAIMS_MALFORMED);
  return succeed(payload.value);
}
