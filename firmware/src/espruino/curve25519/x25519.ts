// SPDX-License-Identifier: EUPL-1.2
import { octetAt, sliceBytes } from "@nyckelring/protocol";

import { copyField, decodeField, encodeField, type Field, fieldOf } from "./field.ts";

/** The base point's u coordinate, RFC 7748 §4.1. */
export const X25519_BASE: Uint8Array = baseOf(9);

function baseOf(u: number): Uint8Array {
  const bytes = new Uint8Array(32);
  bytes[0] = u;
  return bytes;
}

/**
 * The function X25519 of RFC 7748 §5: the Montgomery ladder over the u coordinate.
 *
 * Security: the swap is a branch on a secret bit and the arithmetic is not constant in time.
 *
 * @param secret - 32 octets, clamped here.
 * @param u - 32 octets of the other side; the topmost bit is ignored, as the RFC demands.
 * @returns 32 octets, all zero for a point of small order.
 */
export function x25519(field: Field, secret: Uint8Array, u: Uint8Array): Uint8Array {
  const scalar = sliceBytes(secret, 0, 32);
  scalar[0] = octetAt(scalar, 0) & 248;
  scalar[31] = (octetAt(scalar, 31) & 127) | 64;
  const multiply = field.multiply;
  const add = field.add;
  const subtract = field.subtract;
  const x1 = decodeField(u);
  let x2 = fieldOf(1);
  let z2 = fieldOf(0);
  let x3 = copyField(x1);
  let z3 = fieldOf(1);
  const a = fieldOf(0);
  const b = fieldOf(0);
  const c = fieldOf(0);
  const d = fieldOf(0);
  const a24 = fieldOf(121665);
  let swapped = 0;
  for (let position = 254; position >= 0; position -= 1) {
    const bit = (octetAt(scalar, position >> 3) >> (position & 7)) & 1;
    if (bit !== swapped) {
      const x = x2;
      x2 = x3;
      x3 = x;
      const z = z2;
      z2 = z3;
      z3 = z;
      swapped = bit;
    }
    add(a, x2, z2);
    subtract(b, x2, z2);
    add(c, x3, z3);
    subtract(d, x3, z3);
    multiply(d, d, a); // DA
    multiply(c, c, b); // CB
    add(x3, d, c);
    multiply(x3, x3, x3);
    subtract(z3, d, c);
    multiply(z3, z3, z3);
    multiply(z3, z3, x1);
    multiply(a, a, a); // AA
    multiply(b, b, b); // BB
    multiply(x2, a, b);
    subtract(b, a, b); // E
    multiply(z2, b, a24);
    add(z2, z2, a);
    multiply(z2, z2, b);
  }
  if (swapped === 1) {
    x2 = x3;
    z2 = z3;
  }
  field.invert(z2, z2);
  multiply(x2, x2, z2);
  return encodeField(x2);
}
