// SPDX-License-Identifier: EUPL-1.2
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hexOf } from "../bytes.ts";
import { decodeWithCborX, encodeWithCborX } from "../host/cbor-x-codec.ts";
import { decodeCbor } from "./decode.ts";
import { encodeCbor } from "./encode.ts";
import { checkCbor } from "./gate.ts";
import { type CborValue, cborMap } from "./value.ts";

const integers = fc.oneof(
  fc.integer({ min: -0x100000000, max: 0xffffffff }),
  fc.integer({ min: -300, max: 300 }),
);
const ascii = fc.string({ unit: "binary-ascii", maxLength: 30 });
const keys = fc.oneof(integers, ascii);

/** Any value of at most `depth` levels. */
function values(depth: number): fc.Arbitrary<CborValue> {
  const flat: fc.Arbitrary<CborValue> = fc.oneof(
    integers,
    ascii,
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 40 }),
  );
  if (depth === 0) return flat;
  const members = values(depth - 1);
  return fc.oneof(
    flat,
    fc.array(members, { maxLength: 5 }),
    fc
      .uniqueArray(fc.tuple(keys, members), { maxLength: 5, selector: (entry) => entry[0] })
      .map((entries) => cborMap(entries)),
  );
}

// Octets that look like CBOR more often than chance: heads of every kind between random ones.
const nearlyCbor = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 255 }),
      fc.constantFrom(0x18, 0x19, 0x1a, 0x1b, 0x40, 0x41, 0x58, 0x5f, 0x61, 0x80, 0x81, 0x82),
      fc.constantFrom(0x98, 0x9f, 0xa0, 0xa1, 0xa2, 0xbf, 0xc0, 0xd8, 0xf4, 0xf6, 0xf7, 0xfb, 0xff),
    ),
    { maxLength: 40 },
  )
  .map((octets) => new Uint8Array(octets));

describe("our codec and cbor-x behind the gate", () => {
  test("write the same octets for any value", () => {
    fc.assert(
      fc.property(values(4), (value) => {
        expect(hexOf(encodeCbor(value))).toBe(hexOf(encodeWithCborX(value)));
      }),
    );
  });

  test("read the same value from any good octets, and our own encoding is good", () => {
    fc.assert(
      fc.property(values(4), (value) => {
        const bytes = encodeCbor(value);
        const ours = decodeCbor(bytes);
        expect(ours).toEqual(decodeWithCborX(bytes));
        expect(ours.ok && hexOf(encodeCbor(ours.value))).toBe(hexOf(bytes));
      }),
    );
  });

  test("accept and refuse the same octets, and what is accepted has one encoding", () => {
    fc.assert(
      fc.property(nearlyCbor, (bytes) => {
        const ours = decodeCbor(bytes);
        expect(ours.ok).toBe(checkCbor(bytes) === undefined);
        expect(decodeWithCborX(bytes)).toEqual(ours);
        if (ours.ok) expect(hexOf(encodeCbor(ours.value))).toBe(hexOf(bytes));
      }),
      { numRuns: 1000 },
    );
  });

  test("agree after one octet of a good encoding was changed", () => {
    fc.assert(
      fc.property(values(3), fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, mask) => {
        const bytes = encodeCbor(value);
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ mask;
        const ours = decodeCbor(bytes);
        expect(decodeWithCborX(bytes)).toEqual(ours);
        if (ours.ok) expect(hexOf(encodeCbor(ours.value))).toBe(hexOf(bytes));
      }),
      { numRuns: 1000 },
    );
  });
});
