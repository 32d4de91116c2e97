// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";
import { bytesOfHex, hexOf } from "../bytes.ts";
import { decodeCbor } from "../cbor/decode.ts";
import { encodeCbor } from "../cbor/encode.ts";
import { type CborValue, cborMap } from "../cbor/value.ts";
import { SEAL_INVALID, SIGNATURE_INVALID } from "../errors/code.ts";
import { createNodeCrypto } from "../host/node-crypto.ts";
import { acceptedDamages, codeOf, testKeys, testSecret, unwrap } from "../host/testing.ts";
import { TYP_LOG_ACK, TYP_RING_HEAD } from "../message/types.ts";
import { devidOf, fingerprintOf, kidOf } from "./ids.ts";
import { openObject, sealingKey, sealObject } from "./sealed.ts";
import { sign1Kid, signSign1, typOf, verifySign1 } from "./sign1.ts";

const crypto = createNodeCrypto();
const { signer, anchor } = testKeys(crypto, 1);
const other = testKeys(crypto, 2);
const payload = bytesOfHex("83010203");

describe("COSE_Sign1", () => {
  test("gives back the payload and the kid of the key that signed", () => {
    const bytes = signSign1(TYP_RING_HEAD, payload, signer);
    const verified = unwrap(verifySign1(bytes, TYP_RING_HEAD, [other.anchor, anchor]));
    expect(hexOf(verified.payload)).toBe("83010203");
    expect(hexOf(verified.kid)).toBe(hexOf(anchor.kid));
    expect(typOf(bytes)).toBe(TYP_RING_HEAD);
    expect(hexOf(sign1Kid(bytes, TYP_RING_HEAD) ?? payload)).toBe(hexOf(anchor.kid));
    expect(sign1Kid(bytes, TYP_LOG_ACK)).toBeUndefined();
  });

  test("answers every truncation and every flipped bit with the same one code", () => {
    const bytes = signSign1(TYP_RING_HEAD, payload, signer);
    const accepted = acceptedDamages(bytes, (damaged) => {
      const verified = verifySign1(damaged, TYP_RING_HEAD, [anchor]);
      expect(codeOf(verified)).toBe(SIGNATURE_INVALID);
      return verified;
    });
    expect(accepted).toEqual([]);
  });

  test("refuses another kind, no anchor, a foreign anchor and a foreign key under our kid", () => {
    const bytes = signSign1(TYP_RING_HEAD, payload, signer);
    expect(codeOf(verifySign1(bytes, TYP_LOG_ACK, [anchor]))).toBe(SIGNATURE_INVALID);
    expect(codeOf(verifySign1(bytes, TYP_RING_HEAD, []))).toBe(SIGNATURE_INVALID);
    expect(codeOf(verifySign1(bytes, TYP_RING_HEAD, [other.anchor]))).toBe(SIGNATURE_INVALID);
    const impostor = { kid: anchor.kid, key: other.anchor.key };
    expect(codeOf(verifySign1(bytes, TYP_RING_HEAD, [impostor]))).toBe(SIGNATURE_INVALID);
  });

  test("tries every anchor that shares the kid", () => {
    const bytes = signSign1(TYP_RING_HEAD, payload, signer);
    const impostor = { kid: anchor.kid, key: other.anchor.key };
    expect(verifySign1(bytes, TYP_RING_HEAD, [impostor, anchor]).ok).toBe(true);
  });

  // Each structure is signed correctly for what it says; only the profile speaks against it.
  test("refuses what COSE allows and the profile does not", () => {
    const sign = (header: CborValue, unprotected: CborValue): Uint8Array => {
      const octets = header instanceof Uint8Array ? header : encodeCbor(header);
      const message = encodeCbor(["Signature1", octets, new Uint8Array(0), payload]);
      return encodeCbor([octets, unprotected, payload, signer.key.sign(message)]);
    };
    const header = (alg: number, kid: CborValue, typ: CborValue) =>
      cborMap([
        [1, alg],
        [4, kid],
        [16, typ],
      ]);
    const none = cborMap([]);
    const good = sign(header(-19, signer.kid, TYP_RING_HEAD), none);
    expect(verifySign1(good, TYP_RING_HEAD, [anchor]).ok).toBe(true);
    const wrong: readonly Uint8Array[] = [
      sign(header(-8, signer.kid, TYP_RING_HEAD), none),
      sign(header(-7, signer.kid, TYP_RING_HEAD), none),
      sign(header(-19, "1234", TYP_RING_HEAD), none),
      sign(header(-19, signer.kid, "ring"), none),
      sign(header(-19, signer.kid.slice(0, 3), TYP_RING_HEAD), none),
      sign(
        cborMap([
          [1, -19],
          [4, signer.kid],
        ]),
        none,
      ),
      sign(
        cborMap([
          [1, -19],
          [16, TYP_RING_HEAD],
        ]),
        none,
      ),
      sign(
        cborMap([
          [1, -19],
          [2, [16]],
          [4, signer.kid],
          [16, TYP_RING_HEAD],
        ]),
        none,
      ),
      sign(new Uint8Array(0), none),
      sign(encodeCbor(none), none),
      sign(header(-19, signer.kid, TYP_RING_HEAD), cborMap([[4, signer.kid]])),
      new Uint8Array([0xd2, ...good]),
      encodeCbor([1, 2, 3]),
      encodeCbor(null),
      encodeCbor([header(-19, signer.kid, TYP_RING_HEAD), none, payload, new Uint8Array(64)]),
    ];
    for (const bytes of wrong) {
      expect(codeOf(verifySign1(bytes, TYP_RING_HEAD, [anchor]))).toBe(SIGNATURE_INVALID);
    }
    expect(wrong.map(typOf).filter((typ) => typ !== undefined).length).toBeGreaterThan(0);
  });

  test("holds objects to 4096 octets, in both directions", () => {
    const overhead = signSign1(TYP_RING_HEAD, new Uint8Array(4000), signer).length - 4000;
    const longest = signSign1(TYP_RING_HEAD, new Uint8Array(4096 - overhead), signer);
    expect(longest.length).toBe(4096);
    expect(verifySign1(longest, TYP_RING_HEAD, [anchor]).ok).toBe(true);
    expect(() => signSign1(TYP_RING_HEAD, new Uint8Array(4097 - overhead), signer)).toThrow();
  });

  test("names no kind for octets that are no signed object", () => {
    expect(typOf(new Uint8Array(0))).toBeUndefined();
    expect(typOf(encodeCbor([1, 2]))).toBeUndefined();
    expect(typOf(new Uint8Array(5000))).toBeUndefined();
    const withHeader = (header: Uint8Array) =>
      encodeCbor([header, cborMap([]), payload, new Uint8Array(64)]);
    expect(typOf(withHeader(encodeCbor(cborMap([[16, 65001]]))))).toBe(65001);
    for (const header of [new Uint8Array([0xff]), encodeCbor(16), encodeCbor(cborMap([[4, 1]]))]) {
      expect(typOf(withHeader(header))).toBeUndefined();
    }
    expect(typOf(withHeader(encodeCbor(cborMap([[16, "ring"]]))))).toBeUndefined();
  });
});

describe("sealed objects", () => {
  const devid = bytesOfHex("0102030405060708");
  const key = sealingKey(crypto, testSecret(3), devid);
  const keyOf = () => key;

  test("open to what was sealed, with the device and its counter", () => {
    for (const counter of [0, 1, 255, 65536, 0xffffffff]) {
      const bytes = sealObject(crypto, key, devid, counter, payload);
      const opened = unwrap(openObject(crypto, bytes, keyOf));
      expect(hexOf(opened.plaintext)).toBe("83010203");
      expect(hexOf(opened.devid)).toBe("0102030405060708");
      expect(opened.counter).toBe(counter);
    }
  });

  test("refuse every truncation and every flipped bit", () => {
    const bytes = sealObject(crypto, key, devid, 7, payload);
    const read = (damaged: Uint8Array) => openObject(crypto, damaged, keyOf);
    expect(acceptedDamages(bytes, read)).toEqual([]);
  });

  test("refuse an unknown device, another key and a nonce that is no counter", () => {
    const bytes = sealObject(crypto, key, devid, 7, payload);
    expect(codeOf(openObject(crypto, bytes, () => undefined))).toBe(SEAL_INVALID);
    expect(codeOf(openObject(crypto, bytes, () => new Uint8Array(16)))).toBe(SEAL_INVALID);
    const nonce = new Uint8Array(13).fill(1);
    const header = encodeCbor(
      cborMap([
        [1, 30],
        [4, devid],
        [5, nonce],
        [16, 65010],
      ]),
    );
    const additional = encodeCbor(["Encrypt0", header, new Uint8Array(0)]);
    const sealed = crypto.seal(key, nonce, additional, payload, 16);
    const foreign = encodeCbor([header, cborMap([]), sealed]);
    expect(codeOf(openObject(crypto, foreign, keyOf))).toBe(SEAL_INVALID);
  });

  test("differ from counter to counter, and a spent counter throws", () => {
    const first = sealObject(crypto, key, devid, 1, payload);
    const second = sealObject(crypto, key, devid, 2, payload);
    expect(hexOf(first)).not.toBe(hexOf(second));
    expect(() => sealObject(crypto, key, devid, 0x100000000, payload)).toThrow();
    expect(() => sealObject(crypto, key, devid, 1, new Uint8Array(4096))).toThrow();
    expect(codeOf(openObject(crypto, new Uint8Array(5000), keyOf))).toBe(SEAL_INVALID);
  });

  test("are at most 4096 octets long, and that length is good", () => {
    // Header, heads and tag.
    const overhead = sealObject(crypto, key, devid, 1, new Uint8Array(4000)).length - 4000;
    const longest = sealObject(crypto, key, devid, 1, new Uint8Array(4096 - overhead));
    expect(longest.length).toBe(4096);
    expect(unwrap(openObject(crypto, longest, keyOf)).plaintext.length).toBe(4096 - overhead);
    const seal = (bytes: number) => sealObject(crypto, key, devid, 1, new Uint8Array(bytes));
    expect(() => seal(4097 - overhead)).toThrow();
    // A genuine seal over more is refused by its length alone.
    const parts = unwrap(decodeCbor(longest)) as readonly [Uint8Array, unknown, Uint8Array];
    const nonce = new Uint8Array(13);
    nonce[12] = 1;
    const additional = encodeCbor(["Encrypt0", parts[0], new Uint8Array(0)]);
    const more = crypto.seal(key, nonce, additional, new Uint8Array(4097 - overhead), 16);
    const foreign = encodeCbor([parts[0], cborMap([]), more]);
    expect(codeOf(openObject(crypto, foreign, keyOf))).toBe(SEAL_INVALID);
    expect(() => sealObject(crypto, key, devid, -1, payload)).toThrow();
  });

  test("use a key of their own for each device under one shared secret", () => {
    const neighbour = sealingKey(crypto, testSecret(3), bytesOfHex("0102030405060709"));
    expect(key.length).toBe(16);
    expect(hexOf(neighbour)).not.toBe(hexOf(key));
  });
});

describe("identifiers", () => {
  test("come from the digest of the public key, without overlap of devid and fingerprint", () => {
    const publicKey = anchor.key.publicKey;
    const digest = hexOf(crypto.hash(publicKey));
    expect(hexOf(kidOf(crypto, publicKey))).toBe(digest.slice(0, 8));
    expect(hexOf(devidOf(crypto, publicKey))).toBe(digest.slice(0, 16));
    const digits = Number.parseInt(digest.slice(16, 24), 16) % 100000;
    expect(fingerprintOf(crypto, publicKey)).toBe(String(digits).padStart(5, "0"));
  });

  test("keep the zeros at the front of a fingerprint", () => {
    let seen = 0;
    for (let octet = 0; seen === 0; octet += 1) {
      const publicKey = new Uint8Array(32).fill(octet & 0xff);
      publicKey[0] = octet >> 8;
      const digits = Number.parseInt(hexOf(crypto.hash(publicKey)).slice(16, 24), 16) % 100000;
      if (digits >= 10000) continue;
      seen += 1;
      expect(fingerprintOf(crypto, publicKey)).toBe(String(digits).padStart(5, "0"));
    }
  });
});
