// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";
import { bytesOfHex, concatBytes, hexOf } from "../bytes.ts";
import { PUBLIC_KEY_INVALID, SEAL_INVALID, SHARED_SECRET_ZERO } from "../errors/code.ts";
import { createNobleCrypto } from "../host/noble-crypto.ts";
import { createNodeCrypto } from "../host/node-crypto.ts";
import { codeOf, hasVectors, readVectors, unwrap, vectorsNote } from "../host/testing.ts";
import type { CryptoPort } from "./crypto-port.ts";
import { expand, extract, hkdf } from "./hkdf.ts";

const PORTS: readonly (readonly [string, CryptoPort])[] = [
  ["node", createNodeCrypto()],
  ["noble", createNobleCrypto()],
];

interface Group<T> {
  readonly tests: readonly (T & { readonly tcId: number; readonly result: string })[];
}

function groupsOf<G>(file: string): readonly G[] {
  return (readVectors(`wycheproof/${file}`) as { testGroups: readonly G[] }).testGroups;
}

// RFC 8032 §7.1: secret key, public key, message, signature.
const RFC_8032 = [
  [
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155" +
      "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  ],
  [
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  ],
  [
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac" +
      "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  ],
] as const;

// The points whose order divides 8, with both signs, and encodings of y that are p or more.
const REFUSED_KEYS = [
  "0100000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000080",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0000000000000000000000000000000000000000000000000000000000000080",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
] as const;

describe.each(PORTS)("the %s crypto port", (_name, crypto) => {
  test("signs and verifies the samples of RFC 8032 section 7.1", () => {
    for (const [secret, publicKey, message, signature] of RFC_8032) {
      const key = crypto.importSigningKey(bytesOfHex(secret));
      expect(hexOf(key.publicKey)).toBe(publicKey);
      expect(hexOf(key.sign(bytesOfHex(message)))).toBe(signature);
      const verifier = unwrap(crypto.importVerificationKey(bytesOfHex(publicKey)));
      expect(verifier.verify(bytesOfHex(message), bytesOfHex(signature))).toBe(true);
    }
  });

  test("refuses public keys of small order, beyond the field or of another length", () => {
    for (const key of REFUSED_KEYS) {
      expect(codeOf(crypto.importVerificationKey(bytesOfHex(key)))).toBe(PUBLIC_KEY_INVALID);
    }
    for (const length of [0, 31, 33]) {
      const key = new Uint8Array(length).fill(9);
      expect(codeOf(crypto.importVerificationKey(key))).toBe(PUBLIC_KEY_INVALID);
    }
  });

  test("verifies nothing under octets that are no point, and never throws", () => {
    // y = 2 is no point of the curve: (y^2 - 1) / (d y^2 + 1) is no square.
    const notOnCurve = new Uint8Array(32);
    notOnCurve[0] = 2;
    const key = crypto.importVerificationKey(notOnCurve);
    if (key.ok) expect(key.value.verify(new Uint8Array(3), new Uint8Array(64))).toBe(false);
    const good = unwrap(crypto.importVerificationKey(bytesOfHex(RFC_8032[0][1])));
    for (const length of [0, 63, 65]) {
      expect(good.verify(new Uint8Array(0), new Uint8Array(length))).toBe(false);
    }
  });

  test("gives plain octet strings, so that comparison and slicing mean the same everywhere", () => {
    expect(crypto.hash(new Uint8Array(1)).constructor).toBe(Uint8Array);
    expect(crypto.hmac(new Uint8Array(1), new Uint8Array(1)).constructor).toBe(Uint8Array);
    const key = new Uint8Array(16);
    const nonce = new Uint8Array(13);
    const sealed = crypto.seal(key, nonce, key, nonce, 8);
    expect(sealed.constructor).toBe(Uint8Array);
    expect(unwrap(crypto.open(key, nonce, key, sealed, 8)).constructor).toBe(Uint8Array);
  });

  test("throws for a key or nonce of another length, a mistake of our own", () => {
    const key = new Uint8Array(16);
    const nonce = new Uint8Array(13);
    expect(() => crypto.seal(key, new Uint8Array(12), key, key, 8)).toThrow();
    expect(() => crypto.open(new Uint8Array(15), nonce, key, key, 8)).toThrow();
    expect(() => crypto.importSigningKey(new Uint8Array(31))).toThrow();
    expect(() => crypto.importAgreementKey(new Uint8Array(33))).toThrow();
  });

  test("refuses ciphertext that is shorter than its tag", () => {
    const key = new Uint8Array(16);
    const nonce = new Uint8Array(13);
    for (let length = 0; length < 16; length += 1) {
      const opened = crypto.open(key, nonce, key, new Uint8Array(length), 16);
      expect(codeOf(opened)).toBe(SEAL_INVALID);
    }
  });

  test.skipIf(!hasVectors)(`agrees with Wycheproof on Ed25519${vectorsNote}`, () => {
    interface Test {
      readonly msg: string;
      readonly sig: string;
    }
    const groups = groupsOf<Group<Test> & { publicKey: { pk: string } }>("ed25519_test.json");
    const wrong: number[] = [];
    let count = 0;
    for (const group of groups) {
      const key = unwrap(crypto.importVerificationKey(bytesOfHex(group.publicKey.pk)));
      for (const { tcId, msg, sig, result } of group.tests) {
        count += 1;
        if (key.verify(bytesOfHex(msg), bytesOfHex(sig)) !== (result === "valid")) wrong.push(tcId);
      }
    }
    expect(wrong).toEqual([]);
    expect(count).toBe(151);
  });

  test.skipIf(!hasVectors)(`agrees with Wycheproof on X25519${vectorsNote}`, () => {
    interface Test {
      readonly public: string;
      readonly private: string;
      readonly shared: string;
    }
    let count = 0;
    let zero = 0;
    for (const group of groupsOf<Group<Test>>("x25519_test.json")) {
      for (const vector of group.tests) {
        count += 1;
        const key = crypto.importAgreementKey(bytesOfHex(vector.private));
        const shared = key.agree(bytesOfHex(vector.public));
        if (/^0*$/.test(vector.shared)) {
          zero += 1;
          expect(codeOf(shared), `tcId ${vector.tcId}`).toBe(SHARED_SECRET_ZERO);
        } else {
          expect(hexOf(unwrap(shared)), `tcId ${vector.tcId}`).toBe(vector.shared);
        }
      }
    }
    expect([count, zero]).toEqual([518, 31]);
  });

  test.skipIf(!hasVectors)(`agrees with Wycheproof on AES-CCM${vectorsNote}`, () => {
    interface Test {
      readonly key: string;
      readonly iv: string;
      readonly aad: string;
      readonly msg: string;
      readonly ct: string;
      readonly tag: string;
    }
    type Sizes = { ivSize: number; keySize: number; tagSize: number };
    let count = 0;
    for (const group of groupsOf<Group<Test> & Sizes>("aes_ccm_test.json")) {
      const tagBytes = group.tagSize / 8;
      if (group.keySize !== 128 || group.ivSize !== 104) continue;
      if (tagBytes !== 8 && tagBytes !== 16) continue;
      for (const vector of group.tests) {
        count += 1;
        const key = bytesOfHex(vector.key);
        const iv = bytesOfHex(vector.iv);
        const aad = bytesOfHex(vector.aad);
        const sealed = concatBytes([bytesOfHex(vector.ct), bytesOfHex(vector.tag)]);
        const opened = crypto.open(key, iv, aad, sealed, tagBytes);
        expect(opened.ok, `tcId ${vector.tcId}`).toBe(vector.result === "valid");
        if (!opened.ok) continue;
        expect(hexOf(opened.value)).toBe(vector.msg);
        const made = crypto.seal(key, iv, aad, bytesOfHex(vector.msg), tagBytes);
        expect(hexOf(made)).toBe(hexOf(sealed));
      }
    }
    expect(count).toBeGreaterThan(0);
  });

  test.skipIf(!hasVectors)(`agrees with Wycheproof on HKDF and HMAC${vectorsNote}`, () => {
    interface Hkdf {
      readonly ikm: string;
      readonly salt: string;
      readonly info: string;
      readonly size: number;
      readonly okm: string;
    }
    let derived = 0;
    for (const group of groupsOf<Group<Hkdf>>("hkdf_sha256_test.json")) {
      for (const vector of group.tests) {
        derived += 1;
        const prk = extract(crypto, bytesOfHex(vector.salt), bytesOfHex(vector.ikm));
        const run = () => expand(crypto, prk, bytesOfHex(vector.info), vector.size);
        const whole = () =>
          hkdf(
            crypto,
            bytesOfHex(vector.salt),
            bytesOfHex(vector.ikm),
            bytesOfHex(vector.info),
            vector.size,
          );
        if (vector.result === "valid")
          expect([hexOf(run()), hexOf(whole())]).toEqual([vector.okm, vector.okm]);
        else expect(run, `tcId ${vector.tcId}`).toThrow();
      }
    }
    interface Hmac {
      readonly key: string;
      readonly msg: string;
      readonly tag: string;
    }
    let macs = 0;
    for (const group of groupsOf<Group<Hmac> & { tagSize: number }>("hmac_sha256_test.json")) {
      for (const { tcId, key, msg, tag, result } of group.tests) {
        macs += 1;
        const mac = crypto.hmac(bytesOfHex(key), bytesOfHex(msg)).slice(0, group.tagSize / 8);
        expect(hexOf(mac) === tag, `tcId ${tcId}`).toBe(result === "valid");
      }
    }
    expect([derived, macs]).toEqual([86, 174]);
  });
});
