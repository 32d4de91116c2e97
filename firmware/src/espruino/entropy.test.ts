// SPDX-License-Identifier: EUPL-1.2
import { createHash, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createAes128 } from "./aes128.ts";

import { createDeviceCrypto } from "./crypto.ts";
import { plainDotProduct } from "./curve25519/field.ts";
import { createEntropy } from "./entropy.ts";

const own = createAes128();
const crypto = createDeviceCrypto({
  sha256: (message) => Uint8Array.from(createHash("sha256").update(message).digest()),
  sha512: (message) => Uint8Array.from(createHash("sha512").update(message).digest()),
  encryptBlocks: own.encryptBlocks,
  chainBlocks: own.chainBlocks,
  dot: plainDotProduct,
});

describe("entropy of a device", () => {
  test("fills exactly the octets that were asked for, and never the same twice", () => {
    const entropy = createEntropy(crypto, () => randomBytes(4).readUInt32LE());
    const target = new Uint8Array(100);
    entropy.fill(target, 10, 70);
    expect([...target.subarray(0, 10), ...target.subarray(80)].every((octet) => octet === 0)).toBe(
      true,
    );
    const again = new Uint8Array(100);
    entropy.fill(again, 10, 70);
    expect([...again]).not.toEqual([...target]);
  });

  test("stops a device whose generator stands still", () => {
    const entropy = createEntropy(crypto, () => 0x55555555);
    expect(() => entropy.fill(new Uint8Array(32), 0, 32)).toThrow();
  });

  test("stops a device whose generator repeats a short cycle", () => {
    const entropy = createEntropy(crypto, () => 0x01020304);
    expect(() => entropy.fill(new Uint8Array(32), 0, 32)).toThrow();
  });

  test("stops a device whose generator breaks down later", () => {
    let words = 0;
    const entropy = createEntropy(crypto, () => {
      words += 1;
      return words < 100 ? randomBytes(4).readUInt32LE() : 0;
    });
    expect(() => entropy.fill(new Uint8Array(1024), 0, 1024)).toThrow();
  });

  test("accepts a sound generator for a long time", () => {
    const entropy = createEntropy(crypto, () => randomBytes(4).readUInt32LE());
    expect(() => entropy.fill(new Uint8Array(20_000), 0, 20_000)).not.toThrow();
  });
});
