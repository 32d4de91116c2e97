// SPDX-License-Identifier: EUPL-1.2
import { concatBytes, octetAt } from "../bytes.ts";
import { decodeCbor } from "../cbor/decode.ts";
import { encodeCbor } from "../cbor/encode.ts";
import { bytesOf, bytesUpTo, exactly, mapOf, tuple } from "../cbor/shape.ts";
import { cborMap, mapGet, UINT_MAX } from "../cbor/value.ts";
import type { CryptoPort } from "../crypto/crypto-port.ts";
import { hkdf } from "../crypto/hkdf.ts";
import { COUNTER_SPENT, OBJECT_TOO_LONG, SEAL_INVALID } from "../errors/code.ts";
import { assert, fail, type Result, succeed } from "../errors/result.ts";
import { OBJECT_BYTES_MAX, TYP_SEALED } from "../message/types.ts";
import { DEVID_BYTES } from "./ids.ts";

const HEADER_ALG = 1;
const HEADER_KID = 4;
const HEADER_IV = 5;
const HEADER_TYP = 16;
// AES-CCM-16-128-128, RFC 9053 §4.2.
const ALG_AES_CCM_16_128_128 = 30;

const KEY_BYTES = 16;
const NONCE_BYTES = 13;
const TAG_BYTES = 16;
const NOTHING = new Uint8Array(0);
// "nyckel seal 1"
const SEALING_LABEL = new Uint8Array([110, 121, 99, 107, 101, 108, 32, 115, 101, 97, 108, 32, 49]);

const SEALED = tuple([bytesUpTo(OBJECT_BYTES_MAX), mapOf([]), bytesUpTo(OBJECT_BYTES_MAX)]);
const PROTECTED = mapOf([
  [HEADER_ALG, exactly(ALG_AES_CCM_16_128_128)],
  [HEADER_KID, bytesOf(DEVID_BYTES)],
  [HEADER_IV, bytesOf(NONCE_BYTES)],
  [HEADER_TYP, exactly(TYP_SEALED)],
]);

/**
 * What the issuer reads from a sealed object.
 * @public
 */
export interface OpenedObject {
  /** The device that sealed, 8 octets. */
  readonly devid: Uint8Array;
  /** The nonce counter that the device used; it never repeats one under a key. */
  readonly counter: number;
  readonly plaintext: Uint8Array;
}

/**
 * Derives the key under which a device seals to the issuer, from their static X25519 secret.
 *
 * @param sharedSecret - 32 octets, computed once at commissioning
 * @returns 16 octets
 * @see RFC 5869
 * @public
 */
export function sealingKey(
  crypto: CryptoPort,
  sharedSecret: Uint8Array,
  devid: Uint8Array,
): Uint8Array {
  return hkdf(crypto, NOTHING, sharedSecret, concatBytes([SEALING_LABEL, devid]), KEY_BYTES);
}

/**
 * Encrypts a device's octets to the issuer as a COSE_Encrypt0.
 *
 * Requires: a counter that this device never used before, over all its power losses; an object of
 * at most 4096 octets. A counter of 2^32 or a longer object throws.
 * Security: two objects under one counter give away both plaintexts and the means to forge.
 *
 * @see RFC 9052 §5.2, and §5.3 for the additional data
 * @public
 */
export function sealObject(
  crypto: CryptoPort,
  key: Uint8Array,
  devid: Uint8Array,
  counter: number,
  plaintext: Uint8Array,
): Uint8Array {
  assert(counter >= 0 && counter <= UINT_MAX, COUNTER_SPENT);
  const nonce = nonceOf(counter);
  const header = encodeCbor(
    cborMap([
      [HEADER_ALG, ALG_AES_CCM_16_128_128],
      [HEADER_KID, devid],
      [HEADER_IV, nonce],
      [HEADER_TYP, TYP_SEALED],
    ]),
  );
  const ciphertext = crypto.seal(key, nonce, additionalOf(header), plaintext, TAG_BYTES);
  const bytes = encodeCbor([header, cborMap([]), ciphertext]);
  assert(bytes.length <= OBJECT_BYTES_MAX, OBJECT_TOO_LONG);
  return bytes;
}

/**
 * Opens a sealed object.
 *
 * @param keyOf - gives the sealing key of a device, or undefined for one that is not known
 * @returns what was sealed, or `SEAL_INVALID` for any malformed, altered or foreign input
 * @public
 */
export function openObject(
  crypto: CryptoPort,
  bytes: Uint8Array,
  keyOf: (devid: Uint8Array) => Uint8Array | undefined,
): Result<OpenedObject> {
  if (bytes.length > OBJECT_BYTES_MAX) return fail(SEAL_INVALID);
  const parts = decodeCbor(bytes);
  if (!parts.ok || !SEALED(parts.value)) return fail(SEAL_INVALID);
  const header = parts.value[0];
  const map = decodeCbor(header);
  if (!map.ok || !PROTECTED(map.value)) return fail(SEAL_INVALID);
  const devid = mapGet(map.value, HEADER_KID) as Uint8Array;
  const nonce = mapGet(map.value, HEADER_IV) as Uint8Array;
  const counter = counterOf(nonce);
  const key = keyOf(devid);
  if (counter < 0 || key === undefined) return fail(SEAL_INVALID);
  const plaintext = crypto.open(key, nonce, additionalOf(header), parts.value[2], TAG_BYTES);
  return plaintext.ok ? succeed({ devid, counter, plaintext: plaintext.value }) : plaintext;
}

function additionalOf(header: Uint8Array): Uint8Array {
  return encodeCbor(["Encrypt0", header, NOTHING]);
}

// Nine zero octets and the counter, big-endian.
function nonceOf(counter: number): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES);
  nonce[NONCE_BYTES - 4] = counter >>> 24;
  nonce[NONCE_BYTES - 3] = (counter >>> 16) & 0xff;
  nonce[NONCE_BYTES - 2] = (counter >>> 8) & 0xff;
  nonce[NONCE_BYTES - 1] = counter & 0xff;
  return nonce;
}

function counterOf(nonce: Uint8Array): number {
  for (let index = 0; index < NONCE_BYTES - 4; index += 1) {
    if (octetAt(nonce, index) !== 0) return -1;
  }
  let counter = 0;
  for (let index = NONCE_BYTES - 4; index < NONCE_BYTES; index += 1) {
    counter = counter * 256 + octetAt(nonce, index);
  }
  return counter;
}
