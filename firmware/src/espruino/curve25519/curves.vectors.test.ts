// SPDX-License-Identifier: EUPL-1.2
import { createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { bytesOfHex, hexOf } from "@nyckelring/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { createEd25519 } from "./ed25519.ts";
import { createField, decodeField, encodeField, plainDotProduct } from "./field.ts";
import { multiplyAddScalar, reduceScalar } from "./scalar.ts";
import { X25519_BASE, x25519 } from "./x25519.ts";

const VECTORS = process.env["NYCKEL_VECTORS"] ?? resolve("../shared/vectors");
const WYCHEPROOF = join(VECTORS, "wycheproof");
const field = createField(plainDotProduct);
const ed25519 = createEd25519(field, (message) =>
  Uint8Array.from(createHash("sha512").update(message).digest()),
);
const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${hexOf(Uint8Array.from(bytes).reverse())}`);
}

function bytesOf(value: bigint, count: number): Uint8Array {
  return bytesOfHex(value.toString(16).padStart(2 * count, "0")).reverse();
}

interface Vector {
  readonly tcId: number;
  readonly result: string;
  readonly [field: string]: unknown;
}
interface VectorFile {
  readonly testGroups: readonly {
    readonly tests: readonly Vector[];
    readonly publicKey?: { readonly pk: string };
  }[];
}

function readVectors(name: string): VectorFile {
  const file: VectorFile = JSON.parse(readFileSync(join(WYCHEPROOF, name), "utf8"));
  return file;
}

describe("field arithmetic", () => {
  const element = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 255n - 1n }),
    fc.constantFrom(0n, 1n, P - 1n, P, P + 1n, P + 18n, 2n ** 255n - 1n),
  );

  test("agrees with integers for products, sums and differences", () => {
    fc.assert(
      fc.property(element, element, (left, right) => {
        const a = decodeField(bytesOf(left, 32));
        const b = decodeField(bytesOf(right, 32));
        const c = decodeField(bytesOf(0n, 32));
        field.multiply(c, a, b);
        expect(numberOf(encodeField(c))).toBe((left * right) % P);
        field.add(c, a, b);
        expect(numberOf(encodeField(c))).toBe((left + right) % P);
        field.subtract(c, a, b);
        expect(numberOf(encodeField(c))).toBe((((left - right) % P) + P) % P);
        // The widest operands that the curves make: a difference times a sum of sums.
        field.add(a, a, b);
        field.add(a, a, a);
        field.multiply(c, c, a);
        const wide = (left - right) * 2n * (left + right);
        expect(numberOf(encodeField(c))).toBe(((wide % P) + P) % P);
      }),
    );
  });

  test("inverts what is not zero and maps zero to zero", () => {
    fc.assert(
      fc.property(element, (value) => {
        const a = decodeField(bytesOf(value, 32));
        const inverse = decodeField(bytesOf(0n, 32));
        field.invert(inverse, a);
        field.multiply(inverse, inverse, a);
        expect(numberOf(encodeField(inverse))).toBe(value % P === 0n ? 0n : 1n);
      }),
      { numRuns: 50 },
    );
  });

  test("reduces scalars as integers do", () => {
    const octets = (count: number) => fc.uint8Array({ minLength: count, maxLength: count });
    fc.assert(
      fc.property(octets(64), octets(32), octets(32), octets(32), (wide, a, b, c) => {
        expect(numberOf(reduceScalar(wide))).toBe(numberOf(wide) % L);
        const expected = (numberOf(a) * numberOf(b) + numberOf(c)) % L;
        expect(numberOf(multiplyAddScalar(a, b, c))).toBe(expected);
      }),
    );
    for (const edge of [0n, L - 1n, L, L + 1n, 2n * L - 1n, 16n * L, 2n ** 512n - 1n]) {
      expect(numberOf(reduceScalar(bytesOf(edge, 64)))).toBe(edge % L);
    }
  });
});

describe("X25519 in plain JavaScript", () => {
  test("gives the result of RFC 7748 §5.2 after one and after a thousand iterations", () => {
    let secret = X25519_BASE;
    let point = X25519_BASE;
    for (let done = 1; done <= 1000; done += 1) {
      const next = x25519(field, secret, point);
      point = secret;
      secret = next;
      if (done === 1) {
        expect(hexOf(secret)).toBe(
          "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079",
        );
      }
    }
    expect(hexOf(secret)).toBe("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
  });

  const file = join(WYCHEPROOF, "x25519_test.json");
  test.skipIf(!existsSync(file))(
    "agrees with Wycheproof (skipped: ../shared/vectors absent)",
    () => {
      let count = 0;
      for (const group of readVectors("x25519_test.json").testGroups) {
        for (const one of group.tests) {
          const secret = bytesOfHex(String(one["private"]));
          const peer = bytesOfHex(String(one["public"]));
          expect(hexOf(x25519(field, secret, peer)), `tcId ${one.tcId}`).toBe(one["shared"]);
          count += 1;
        }
      }
      expect(count).toBeGreaterThan(500);
    },
  );
});

describe("Ed25519 in plain JavaScript", () => {
  const file = join(WYCHEPROOF, "ed25519_test.json");
  test.skipIf(!existsSync(file))(
    "agrees with Wycheproof (skipped: ../shared/vectors absent)",
    () => {
      let count = 0;
      for (const group of readVectors("ed25519_test.json").testGroups) {
        const publicKey = bytesOfHex(group.publicKey?.pk ?? "");
        for (const one of group.tests) {
          const message = bytesOfHex(String(one["msg"]));
          const isValid = ed25519.verify(publicKey, message, bytesOfHex(String(one["sig"])));
          expect(isValid, `tcId ${one.tcId}`).toBe(one.result === "valid");
          count += 1;
        }
      }
      expect(count).toBeGreaterThan(100);
    },
  );

  test("signs byte for byte as Node does", () => {
    const octets = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(octets, fc.uint8Array({ maxLength: 200 }), (seed, message) => {
        const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
        const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
        const raw = createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32);
        const own = ed25519.importSecret(seed);
        expect(hexOf(own.publicKey)).toBe(raw.toString("hex"));
        expect(hexOf(own.sign(message))).toBe(sign(null, message, key).toString("hex"));
        expect(ed25519.verify(own.publicKey, message, own.sign(message))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});
