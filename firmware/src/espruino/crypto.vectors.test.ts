// SPDX-License-Identifier: EUPL-1.2
import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { bytesOfHex, hexOf } from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";

import { createAes128 } from "./aes128.ts";
import { type CryptoPrimitives, createDeviceCrypto } from "./crypto.ts";
import { plainDotProduct } from "./curve25519/field.ts";

const VECTORS = process.env["NYCKEL_VECTORS"] ?? resolve("../shared/vectors");

function hashWith(name: string): (message: Uint8Array) => Uint8Array {
  return (message) => Uint8Array.from(createHash(name).update(message).digest());
}

function nodeBlocks(key: Uint8Array, blocks: Uint8Array): Uint8Array {
  const cipher = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false);
  return Uint8Array.from(cipher.update(blocks));
}

const own = createAes128();
const primitives: CryptoPrimitives = {
  sha256: hashWith("sha256"),
  sha512: hashWith("sha512"),
  encryptBlocks: own.encryptBlocks,
  chainBlocks: own.chainBlocks,
  dot: plainDotProduct,
};
const crypto = createDeviceCrypto(primitives);

interface VectorFile {
  readonly testGroups: readonly {
    readonly keySize?: number;
    readonly ivSize?: number;
    readonly tagSize?: number;
    readonly tests: readonly Readonly<Record<string, string>>[];
  }[];
}

function readVectors(name: string): VectorFile {
  const file: VectorFile = JSON.parse(readFileSync(join(VECTORS, "wycheproof", name), "utf8"));
  return file;
}

describe("AES-128 in plain JavaScript", () => {
  test("gives the ciphertext of FIPS 197 appendix B", () => {
    const key = bytesOfHex("2b7e151628aed2a6abf7158809cf4f3c");
    const block = bytesOfHex("3243f6a8885a308d313198a2e0370734");
    expect(hexOf(own.encryptBlocks(key, block))).toBe("3925841d02dc09fbdc118597196a0b32");
  });

  test("agrees with Node for any key and block", () => {
    for (let done = 0; done < 200; done += 1) {
      const key = Uint8Array.from(randomBytes(16));
      const blocks = Uint8Array.from(randomBytes(48));
      expect(hexOf(own.encryptBlocks(key, blocks))).toBe(hexOf(nodeBlocks(key, blocks)));
    }
  });
});

describe("the crypto port of a device", () => {
  const ccm = join(VECTORS, "wycheproof", "aes_ccm_test.json");
  test.skipIf(!existsSync(ccm))(
    "agrees with Wycheproof AES-CCM (skipped: ../shared/vectors absent)",
    () => {
      let count = 0;
      for (const group of readVectors("aes_ccm_test.json").testGroups) {
        const tagBytes = (group.tagSize ?? 0) / 8;
        if (group.keySize !== 128 || group.ivSize !== 104 || (tagBytes !== 8 && tagBytes !== 16)) {
          continue;
        }
        for (const one of group.tests) {
          const [key, nonce, aad, text] = ["key", "iv", "aad", "msg"].map((name) =>
            bytesOfHex(one[name] ?? ""),
          );
          if (key === undefined || nonce === undefined || aad === undefined || text === undefined) {
            continue;
          }
          const sealed = `${one["ct"]}${one["tag"]}`;
          const opened = crypto.open(key, nonce, aad, bytesOfHex(sealed), tagBytes);
          expect(opened.ok, `tcId ${one["tcId"]}`).toBe(one["result"] === "valid");
          if (opened.ok) {
            expect(hexOf(opened.value)).toBe(one["msg"]);
            expect(hexOf(crypto.seal(key, nonce, aad, text, tagBytes))).toBe(sealed);
          }
          count += 1;
        }
      }
      expect(count).toBeGreaterThan(5);
    },
  );

  const hmac = join(VECTORS, "wycheproof", "hmac_sha256_test.json");
  test.skipIf(!existsSync(hmac))(
    "agrees with Wycheproof HMAC (skipped: ../shared/vectors absent)",
    () => {
      let count = 0;
      for (const group of readVectors("hmac_sha256_test.json").testGroups) {
        for (const one of group.tests) {
          const mac = hexOf(
            crypto.hmac(bytesOfHex(one["key"] ?? ""), bytesOfHex(one["msg"] ?? "")),
          );
          const isEqual = mac.startsWith(one["tag"] ?? "");
          expect(isEqual, `tcId ${one["tcId"]}`).toBe(one["result"] === "valid");
          count += 1;
        }
      }
      expect(count).toBeGreaterThan(100);
    },
  );

  test("seals as Node does, for any length of text and additional data", () => {
    for (let done = 0; done < 200; done += 1) {
      const key = Uint8Array.from(randomBytes(16));
      const nonce = Uint8Array.from(randomBytes(13));
      const aad = Uint8Array.from(randomBytes(done % 40));
      const text = Uint8Array.from(randomBytes((done * 7) % 90));
      const tagBytes = done % 2 === 0 ? 8 : 16;
      const cipher = createCipheriv("aes-128-ccm", key, nonce, { authTagLength: tagBytes });
      cipher.setAAD(aad, { plaintextLength: text.length });
      const body = cipher.update(text);
      cipher.final();
      const expected = Buffer.concat([body, cipher.getAuthTag()]).toString("hex");
      const sealed = crypto.seal(key, nonce, aad, text, tagBytes);
      expect(hexOf(sealed)).toBe(expected);
      sealed[done % sealed.length] = (sealed[done % sealed.length] ?? 0) ^ 1;
      expect(crypto.open(key, nonce, aad, sealed, tagBytes).ok).toBe(false);
    }
  });

  test("refuses a shared secret of zero and a peer key of another length", () => {
    const key = crypto.importAgreementKey(new Uint8Array(32).fill(7));
    expect(key.agree(new Uint8Array(32)).ok).toBe(false);
    expect(key.agree(new Uint8Array(31)).ok).toBe(false);
  });

  test("refuses a verification key of small order", () => {
    expect(crypto.importVerificationKey(new Uint8Array(32)).ok).toBe(false);
  });
});
