// SPDX-License-Identifier: EUPL-1.2
// What the tests of this package share: damage to octets, keys made of one octet, public vectors.

import { existsSync, readFileSync } from "node:fs";
import { kidOf } from "../cose/ids.ts";
import type { Anchor, Signer } from "../cose/sign1.ts";
import type { CryptoPort } from "../crypto/crypto-port.ts";
import type { Result } from "../errors/result.ts";

/** A way to damage octets, with a name for the failure message. */
export interface Damage {
  readonly what: string;
  readonly bytes: Uint8Array;
}

/** Every truncation, every single flipped bit, and one trailing octet. */
export function damagesOf(bytes: Uint8Array): readonly Damage[] {
  const damages: Damage[] = [];
  for (let length = 0; length < bytes.length; length += 1) {
    damages.push({ what: `cut to ${length}`, bytes: bytes.slice(0, length) });
  }
  for (let bit = 0; bit < 8 * bytes.length; bit += 1) {
    const flipped = bytes.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    damages.push({ what: `bit ${bit} flipped`, bytes: flipped });
  }
  damages.push({ what: "one octet more", bytes: new Uint8Array([...bytes, 0]) });
  return damages;
}

/** What a reader accepted although it was damaged; a test expects none. */
export function acceptedDamages(
  bytes: Uint8Array,
  read: (damaged: Uint8Array) => Result<unknown>,
): readonly string[] {
  return damagesOf(bytes)
    .filter((damage) => read(damage.bytes).ok)
    .map((damage) => damage.what);
}

/** 32 equal octets: a secret for tests. */
export function testSecret(octet: number): Uint8Array {
  return new Uint8Array(32).fill(octet);
}

/** A signer of a test secret, and the anchor under which its signatures verify. */
export function testKeys(crypto: CryptoPort, octet: number): { signer: Signer; anchor: Anchor } {
  const key = crypto.importSigningKey(testSecret(octet));
  const kid = kidOf(crypto, key.publicKey);
  const imported = crypto.importVerificationKey(key.publicKey);
  if (!imported.ok) throw new Error("a signing key has an unusable public key");
  return { signer: { kid, key }, anchor: { kid, key: imported.value } };
}

/** The value of a result that must be good. */
export function unwrap<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`unexpected fault ${result.fault.code.toString(16)}`);
  return result.value;
}

/** The code of a result that must be a fault; undefined when it is good. */
export function codeOf(result: Result<unknown>): number | undefined {
  return result.ok ? undefined : result.fault.code;
}

const vectorsRoot =
  process.env["NYCKEL_VECTORS"] ?? new URL("../../../../shared/vectors", import.meta.url).pathname;

/** Whether the public vectors are on this machine; suites that need them are skipped otherwise. */
export const hasVectors: boolean = existsSync(vectorsRoot);

/** Appended to titles, so that a skipped suite says why. */
export const vectorsNote: string = hasVectors ? "" : " (skipped: ../shared/vectors absent)";

/** The folder of the public vectors. */
export function vectorsFolder(): string {
  return vectorsRoot;
}

/** One file of the public vectors. */
export function readVectors(path: string): unknown {
  return JSON.parse(readFileSync(`${vectorsRoot}/${path}`, "utf8"));
}
