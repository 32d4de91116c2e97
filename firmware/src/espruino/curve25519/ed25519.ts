// SPDX-License-Identifier: EUPL-1.2
import {
  concatBytes,
  equalBytes,
  isUsableSignature,
  octetAt,
  sliceBytes,
} from "@nyckelring/protocol";

import {
  copyField,
  decodeField,
  encodeField,
  type Field,
  type FieldElement,
  fieldOf,
} from "./field.ts";
import { isCanonicalScalar, multiplyAddScalar, reduceScalar } from "./scalar.ts";

/** SHA-512 of a message, 64 octets. */
export type Sha512 = (message: Uint8Array) => Uint8Array;

/** A point in extended coordinates (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z; RFC 8032 §5.1.4. */
interface Point {
  readonly x: FieldElement;
  readonly y: FieldElement;
  readonly z: FieldElement;
  readonly t: FieldElement;
}

/** A signing key, ready for use. */
export interface Ed25519Secret {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

/** Ed25519 of RFC 8032 §5.1 over one field and one hash. */
export interface Ed25519 {
  /** @param seed - 32 secret octets; RFC 8032 §5.1.5. */
  importSecret(seed: Uint8Array): Ed25519Secret;
  /** RFC 8032 §5.1.7 without the cofactor: only the one canonical encoding is accepted. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

/**
 * Makes Ed25519. Constants of the curve are computed here rather than listed: d is -121665/121666.
 *
 * Security: signing is not constant in time, as little as the field below it.
 */
export function createEd25519(field: Field, sha512: Sha512): Ed25519 {
  const one = fieldOf(1);
  const zero = fieldOf(0);
  const multiply = field.multiply;
  const add = field.add;
  const subtract = field.subtract;

  const d = fieldOf(121666);
  field.invert(d, d);
  multiply(d, d, fieldOf(-121665));
  const d2 = fieldOf(0);
  add(d2, d, d);
  // A root of -1 is 2^((p - 1) / 4) = (2^((p - 5) / 8))^2 * 2; RFC 8032 §5.1.3.
  const rootOfMinusOne = fieldOf(2);
  field.powerForRoot(rootOfMinusOne, rootOfMinusOne);
  multiply(rootOfMinusOne, rootOfMinusOne, rootOfMinusOne);
  multiply(rootOfMinusOne, rootOfMinusOne, fieldOf(2));

  const a = fieldOf(0);
  const b = fieldOf(0);
  const c = fieldOf(0);
  const e = fieldOf(0);
  const f = fieldOf(0);
  const g = fieldOf(0);
  const h = fieldOf(0);

  function pointOf(x: FieldElement, y: FieldElement): Point {
    const t = fieldOf(0);
    multiply(t, x, y);
    return { x: copyField(x), y: copyField(y), z: copyField(one), t };
  }

  function identity(): Point {
    return { x: fieldOf(0), y: fieldOf(1), z: fieldOf(1), t: fieldOf(0) };
  }

  // RFC 8032 §5.1.4, addition: target may be an operand.
  function addPoints(target: Point, left: Point, right: Point): void {
    subtract(a, left.y, left.x);
    subtract(b, right.y, right.x);
    multiply(a, a, b);
    add(b, left.y, left.x);
    add(c, right.y, right.x);
    multiply(b, b, c);
    multiply(c, left.t, right.t);
    multiply(c, c, d2);
    multiply(e, left.z, right.z);
    add(e, e, e);
    subtract(f, e, c);
    add(g, e, c);
    add(h, b, a);
    subtract(e, b, a);
    finish(target);
  }

  // RFC 8032 §5.1.4, doubling.
  function doublePoint(target: Point): void {
    multiply(a, target.x, target.x);
    multiply(b, target.y, target.y);
    multiply(c, target.z, target.z);
    add(c, c, c);
    add(h, a, b);
    add(e, target.x, target.y);
    multiply(e, e, e);
    subtract(e, h, e);
    subtract(g, a, b);
    add(f, c, g);
    finish(target);
  }

  function finish(target: Point): void {
    multiply(target.x, e, f);
    multiply(target.y, g, h);
    multiply(target.t, e, h);
    multiply(target.z, f, g);
  }

  function negate(point: Point): Point {
    const x = fieldOf(0);
    const t = fieldOf(0);
    subtract(x, zero, point.x);
    subtract(t, zero, point.t);
    return { x, y: point.y, z: point.z, t };
  }

  // left * first + right * second in one pass over the bits, the highest first.
  function combine(left: Uint8Array, first: Point, right: Uint8Array, second: Point): Point {
    const both = identity();
    addPoints(both, first, second);
    const result = identity();
    for (let position = 255; position >= 0; position -= 1) {
      doublePoint(result);
      const inLeft = (octetAt(left, position >> 3) >> (position & 7)) & 1;
      const inRight = (octetAt(right, position >> 3) >> (position & 7)) & 1;
      if (inLeft === 1 && inRight === 1) {
        addPoints(result, result, both);
      } else if (inLeft === 1) {
        addPoints(result, result, first);
      } else if (inRight === 1) {
        addPoints(result, result, second);
      }
    }
    return result;
  }

  function encodePoint(point: Point): Uint8Array {
    const inverse = fieldOf(0);
    const x = fieldOf(0);
    const y = fieldOf(0);
    field.invert(inverse, point.z);
    multiply(x, point.x, inverse);
    multiply(y, point.y, inverse);
    const bytes = encodeField(y);
    bytes[31] = octetAt(bytes, 31) | ((octetAt(encodeField(x), 0) & 1) << 7);
    return bytes;
  }

  // RFC 8032 §5.1.3: undefined where the octets are no point or not the canonical ones of it.
  function decodePoint(bytes: Uint8Array): Point | undefined {
    const y = decodeField(bytes);
    const sign = octetAt(bytes, 31) >> 7;
    const canonical = encodeField(y);
    canonical[31] = octetAt(canonical, 31) | (sign << 7);
    if (!equalBytes(canonical, bytes)) {
      return undefined;
    }
    const u = fieldOf(0);
    const v = fieldOf(0);
    multiply(u, y, y);
    multiply(v, u, d);
    subtract(u, u, one);
    add(v, v, one);
    // x = u v^3 (u v^7)^((p - 5) / 8)
    const v3 = fieldOf(0);
    const x = fieldOf(0);
    multiply(v3, v, v);
    multiply(v3, v3, v);
    multiply(x, v3, v3);
    multiply(x, x, v);
    multiply(x, x, u);
    field.powerForRoot(x, x);
    multiply(x, x, v3);
    multiply(x, x, u);
    const check = fieldOf(0);
    const sum = fieldOf(0);
    multiply(check, x, x);
    multiply(check, check, v);
    subtract(sum, check, u);
    if (!isZero(sum)) {
      add(sum, check, u);
      if (!isZero(sum)) {
        return undefined;
      }
      multiply(x, x, rootOfMinusOne);
    }
    if (isZero(x) && sign === 1) {
      return undefined;
    }
    if ((octetAt(encodeField(x), 0) & 1) !== sign) {
      subtract(x, zero, x);
    }
    return pointOf(x, y);
  }

  // The base point has y = 4/5 and an even x; RFC 8032 §5.1.
  const baseY = fieldOf(5);
  field.invert(baseY, baseY);
  multiply(baseY, baseY, fieldOf(4));
  const base = decodePoint(encodeField(baseY)) ?? identity();
  const nothing = new Uint8Array(32);

  function importSecret(seed: Uint8Array): Ed25519Secret {
    const digest = sha512(seed);
    const scalar = sliceBytes(digest, 0, 32);
    scalar[0] = octetAt(scalar, 0) & 248;
    scalar[31] = (octetAt(scalar, 31) & 127) | 64;
    const prefix = sliceBytes(digest, 32, 64);
    const publicKey = encodePoint(combine(scalar, base, nothing, base));
    // RFC 8032 §5.1.6.
    function sign(message: Uint8Array): Uint8Array {
      const nonce = reduceScalar(sha512(concatBytes([prefix, message])));
      const commitment = encodePoint(combine(nonce, base, nothing, base));
      const challenge = reduceScalar(sha512(concatBytes([commitment, publicKey, message])));
      return concatBytes([commitment, multiplyAddScalar(challenge, scalar, nonce)]);
    }
    return { publicKey, sign };
  }

  function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    if (!isUsableSignature(signature) || publicKey.length !== 32) {
      return false;
    }
    const commitment = sliceBytes(signature, 0, 32);
    const response = sliceBytes(signature, 32, 64);
    const point = decodePoint(publicKey);
    if (point === undefined || !isCanonicalScalar(response)) {
      return false;
    }
    const challenge = reduceScalar(sha512(concatBytes([commitment, publicKey, message])));
    return equalBytes(encodePoint(combine(response, base, challenge, negate(point))), commitment);
  }

  return { importSecret, verify };
}

function isZero(value: FieldElement): boolean {
  return equalBytes(encodeField(value), new Uint8Array(32));
}
