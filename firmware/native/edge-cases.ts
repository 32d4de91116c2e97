// SPDX-License-Identifier: EUPL-1.2
// Keys and signatures on which implementations are known to differ. What the blob says is what a
// lock says; every other port has to say the same. docs/native.md has the table.

import { createHash } from "node:crypto";
import { bytesOfHex } from "@nyckelring/protocol";

/** A key, a message and a signature with the verdict that all ports give. */
export interface SignatureCase {
  readonly name: string;
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly isValid: boolean;
}

/** A peer's X25519 key; `isRefused` where the shared secret would be zero. */
export interface AgreementCase {
  readonly name: string;
  readonly peer: Uint8Array;
  readonly isRefused: boolean;
}

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const SIGN = 1n << 255n;
const ORDER_8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
const OTHER_ORDER_8 = P - ORDER_8;

/** A signer whose scalar is known, so that signatures no honest signer makes can be made. */
export interface KnownSigner {
  readonly seed: Uint8Array;
  readonly publicKey: Uint8Array;
}

function sha512(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash("sha512");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString("hex") || "0"}`);
}

function octetsOf(value: bigint): Uint8Array {
  return bytesOfHex(value.toString(16).padStart(64, "0")).reverse();
}

function join(left: Uint8Array, right: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([left, right]));
}

// RFC 8032 §5.1.5: the scalar of a seed.
function scalarOf(seed: Uint8Array): bigint {
  const half = sha512(seed).subarray(0, 32);
  half[0] = (half[0] ?? 0) & 248;
  half[31] = ((half[31] ?? 0) & 127) | 64;
  return numberOf(half);
}

function challenge(r: Uint8Array, publicKey: Uint8Array, message: Uint8Array): bigint {
  return numberOf(sha512(r, publicKey, message)) % L;
}

/**
 * The signatures.
 *
 * @param signer - An ordinary key pair.
 * @param nonce - Another one, whose public key serves as R.
 */
export function signatureCases(signer: KnownSigner, nonce: KnownSigner): readonly SignatureCase[] {
  const message = new Uint8Array([1, 2, 3]);
  const a = scalarOf(signer.seed);
  const r = scalarOf(nonce.seed);
  const made = (commitment: Uint8Array, r0: bigint, key: Uint8Array, text: Uint8Array) =>
    join(commitment, octetsOf((r0 + challenge(commitment, key, text) * a) % L));
  const honest = made(nonce.publicKey, r, signer.publicKey, message);
  const s = numberOf(honest.slice(32));
  const cases: SignatureCase[] = [];
  const add = (
    name: string,
    isValid: boolean,
    publicKey: Uint8Array,
    signature: Uint8Array,
    text = message,
  ): void => {
    cases.push({ name, publicKey, message: text, signature, isValid });
  };

  add("honest signature", true, signer.publicKey, honest);
  add("S + L", false, signer.publicKey, join(honest.slice(0, 32), octetsOf(s + L)));
  add("S = L", false, signer.publicKey, join(honest.slice(0, 32), octetsOf(L)));
  add("S with its highest bit set", false, signer.publicKey, withHighBit(honest));

  // S B = R + k A holds for a key of small order whenever k A = 0, so for any message when A is the
  // identity, and for every second, fourth or eighth one otherwise.
  const anyMessage = join(nonce.publicKey, octetsOf(r % L));
  const smallKeys: readonly (readonly [string, bigint])[] = [
    ["identity", 1n],
    ["identity with sign bit", 1n | SIGN],
    ["order 2", P - 1n],
    ["order 2 with sign bit", (P - 1n) | SIGN],
    ["order 4", 0n],
    ["order 4 with sign bit", SIGN],
    ["order 8", ORDER_8],
    ["order 8 with sign bit", ORDER_8 | SIGN],
    ["other order 8", OTHER_ORDER_8],
    ["other order 8 with sign bit", OTHER_ORDER_8 | SIGN],
    ["identity, not canonical (p + 1)", P + 1n],
    ["order 4, not canonical (p)", P],
    ["y = 2^255 - 1, not canonical", 2n ** 255n - 1n],
  ];
  for (const [name, y] of smallKeys) {
    for (let text = 0; text < 8; text += 1) {
      add(`key: ${name}`, false, octetsOf(y), anyMessage, new Uint8Array([text]));
    }
  }

  // R = identity is what r = 0 gives; the equation holds.
  for (const [name, y] of [
    ["identity", 1n],
    ["identity with sign bit", 1n | SIGN],
    ["identity, not canonical (p + 1)", P + 1n],
  ] as const) {
    const commitment = octetsOf(y);
    const signature = made(commitment, 0n, signer.publicKey, message);
    add(`R: ${name}`, false, signer.publicKey, signature);
  }

  // (-x, -y) is A plus the point of order 2: the equation holds where k is even.
  const y = numberOf(signer.publicKey) & (SIGN - 1n);
  const sign = numberOf(signer.publicKey) & SIGN;
  const mixed = octetsOf((P - y) | (sign === 0n ? SIGN : 0n));
  let seen = 0;
  for (let octet = 0; seen < 3; octet = octet + 1) {
    const text = new Uint8Array([octet]);
    const isEven = challenge(nonce.publicKey, mixed, text) % 2n === 0n;
    if ((seen & 1) === (isEven ? 0 : 1)) {
      const name = `key of mixed order, k ${isEven ? "even" : "odd"}`;
      add(name, isEven, mixed, made(nonce.publicKey, r, mixed, text), text);
      seen += 1;
    }
  }
  const notOnCurve = octetsOf(2n);
  add("key that is no point (y = 2)", false, notOnCurve, honest);
  return cases;
}

function withHighBit(signature: Uint8Array): Uint8Array {
  const changed = signature.slice();
  changed[63] = (changed[63] ?? 0) | 0x80;
  return changed;
}

/** The peers' keys. RFC 7748 §5 ignores the highest bit and takes u modulo p. */
export function agreementCases(): readonly AgreementCase[] {
  const order8 = 0x00b8495f16056286fdb1329ceb8d09da6ac49ff1fae35616aeb8413b7c7aebe0n;
  const otherOrder8 = 0x57119fd0dd4e22d8868e1c58c45c44045bef839c55b1d0b1248c50a3bc959c5fn;
  const refused: readonly (readonly [string, bigint])[] = [
    ["u = 0", 0n],
    ["u = 1", 1n],
    ["u of order 8", order8],
    ["other u of order 8", otherOrder8],
    ["u = p - 1", P - 1n],
    ["u = p", P],
    ["u = p + 1", P + 1n],
  ];
  const taken: readonly (readonly [string, bigint])[] = [
    ["u = 9", 9n],
    ["u = 9 with its highest bit set", 9n | SIGN],
    ["u = 2 on the twist", 2n],
    ["u = p + 2", P + 2n],
    ["u = 2^255 - 1", 2n ** 255n - 1n],
    ["u = 2^256 - 1", 2n ** 256n - 1n],
  ];
  return [
    ...refused.flatMap(([name, u]) => [
      { name, peer: octetsOf(u), isRefused: true },
      { name: `${name} with its highest bit set`, peer: octetsOf(u | SIGN), isRefused: true },
    ]),
    ...taken.map(([name, u]) => ({ name, peer: octetsOf(u), isRefused: false })),
  ];
}
