// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";
import { bytesOfHex, hexOf } from "../bytes.ts";
import { CBOR_MALFORMED } from "../errors/code.ts";
import { codeOf, damagesOf, unwrap } from "../host/testing.ts";
import { decodeCbor } from "./decode.ts";
import { encodeCbor } from "./encode.ts";
import { checkCbor } from "./gate.ts";
import {
  bytesOf,
  bytesUpTo,
  exactly,
  listOf,
  mapOf,
  orNull,
  tuple,
  uint,
  uintFrom,
} from "./shape.ts";
import { type CborValue, cborMap, isArray, isBytes, isMap, mapGet } from "./value.ts";

// Value and encoding; the numbers at every edge of RFC 8949 §3 and appendix A where it has them.
const SAMPLES: readonly (readonly [CborValue, string])[] = [
  [0, "00"],
  [23, "17"],
  [24, "1818"],
  [255, "18ff"],
  [256, "190100"],
  [65535, "19ffff"],
  [65536, "1a00010000"],
  [1000000, "1a000f4240"],
  [4294967295, "1affffffff"],
  [-1, "20"],
  [-24, "37"],
  [-25, "3818"],
  [-256, "38ff"],
  [-257, "390100"],
  [-65537, "3a00010000"],
  [-4294967296, "3affffffff"],
  [false, "f4"],
  [true, "f5"],
  [null, "f6"],
  ["", "60"],
  ["IETF", "6449455446"],
  ['"\\', "62225c"],
  [new Uint8Array(0), "40"],
  [bytesOfHex("01020304"), "4401020304"],
  [new Uint8Array(24).fill(7), `5818${"07".repeat(24)}`],
  [[], "80"],
  [[1, [2, 3], [4, 5]], "8301820203820405"],
  [cborMap([]), "a0"],
  [
    cborMap([
      [3, 4],
      [1, 2],
    ]),
    "a201020304",
  ],
  [
    cborMap([
      ["b", 1],
      ["aa", 2],
      [-1, 3],
      [-30, 4],
      [100, 5],
      [10, 6],
    ]),
    "a60a061864052003381d0461620162616102",
  ],
];

// What the gate refuses, each for one reason.
const HOSTILE: readonly (readonly [string, string])[] = [
  ["nothing at all", ""],
  ["two items", "0000"],
  ["an integer with one octet too many", "1817"],
  ["an integer with two octets too many", "1900ff"],
  ["an integer with three octets too many", "1a0000ffff"],
  ["an integer of 64 bits that fits one octet", "1b0000000000000001"],
  ["an integer of 2^32", "1b0000000100000000"],
  ["a negative integer that is not shortest", "3817"],
  ["a negative integer of 64 bits", "3b0000000000000001"],
  ["reserved argument 28", "1c"],
  ["reserved argument 30", "1e"],
  ["an octet string whose length is not shortest", "580101"],
  ["an octet string that is too short", "4401"],
  ["an octet string of 4 GiB", "5affffffff"],
  ["an octet string of 2^64", "5bffffffffffffffff"],
  ["an octet string of indefinite length", "5f4101ff"],
  ["text of indefinite length", "7f6161ff"],
  ["text beyond ASCII", "62c3a4"],
  ["broken UTF-8", "61ff"],
  ["an array that is too short", "8201"],
  ["an array of 2^32 - 1 items", "9affffffff"],
  ["an array of indefinite length", "9f01ff"],
  ["a map that lacks a value", "a101"],
  ["a map of 2^32 - 1 pairs", "baffffffff"],
  ["a map of indefinite length", "bf0101ff"],
  ["a repeated key", "a201010102"],
  ["unsorted keys", "a202010101"],
  ["unsorted text keys", "a2616201616101"],
  ["a longer text key before a shorter one", "a262616101616201"],
  ["a negative key before a positive one", "a220010001"],
  ["an array as a key", "a18001"],
  ["an octet string as a key", "a1410101"],
  ["null as a key", "a1f601"],
  ["a map as a key", "a1a001"],
  ["a tag", "c000"],
  ["the tag of COSE_Sign1", "d28443a1012640404100"],
  ["a record of cbor-x", "d9dfff8119d000"],
  ["a cycle of cbor-x", "d81c81d81d00"],
  ["undefined", "f7"],
  ["an unassigned simple value", "e0"],
  ["a simple value of two octets", "f8ff"],
  ["false in two octets", "f814"],
  ["half a float", "f93c00"],
  ["a float", "fa3f800000"],
  ["a double", "fb3ff0000000000000"],
  ["a break alone", "ff"],
  ["nine levels", `${"81".repeat(9)}00`],
  ["nine levels of maps", `${"a100".repeat(9)}00`],
  ["ten thousand levels", "81".repeat(10000)],
];

describe("the CBOR codec", () => {
  test("encodes and decodes the samples of RFC 8949 appendix A that it can say", () => {
    for (const [value, hex] of SAMPLES) {
      expect(hexOf(encodeCbor(value))).toBe(hex);
      expect(hexOf(encodeCbor(unwrap(decodeCbor(bytesOfHex(hex)))))).toBe(hex);
    }
    expect(unwrap(decodeCbor(bytesOfHex("3affffffff")))).toBe(-4294967296);
    expect(unwrap(decodeCbor(bytesOfHex("82f4f6")))).toEqual([false, null]);
  });

  test.each(HOSTILE)("refuses %s and never throws", (_what, hex) => {
    expect(codeOf(decodeCbor(bytesOfHex(hex)))).toBe(CBOR_MALFORMED);
    expect(checkCbor(bytesOfHex(hex))?.code).toBe(CBOR_MALFORMED);
  });

  test("names the offset of the octet that it refuses", () => {
    expect(checkCbor(bytesOfHex("830102f7"))?.detail).toBe(3);
    expect(checkCbor(bytesOfHex("0000"))?.detail).toBe(1);
    expect(checkCbor(bytesOfHex("a201010102"))?.detail).toBe(3);
    expect(checkCbor(new Uint8Array(0))?.detail).toBe(0);
  });

  test("takes eight levels and no more", () => {
    const deepest = bytesOfHex(`${"81".repeat(7)}80`);
    expect(checkCbor(deepest)).toBeUndefined();
    expect(hexOf(encodeCbor(unwrap(decodeCbor(deepest))))).toBe(hexOf(deepest));
    let value: CborValue = [];
    for (let level = 0; level < 8; level += 1) value = [value];
    expect(() => encodeCbor(value)).toThrow();
    let map: CborValue = cborMap([]);
    for (let level = 0; level < 7; level += 1) map = cborMap([[0, map]]);
    expect(checkCbor(encodeCbor(map))).toBeUndefined();
    expect(() => encodeCbor(cborMap([[0, map]]))).toThrow();
  });

  test("either refuses damaged octets or gives a value with just those octets", () => {
    const original = encodeCbor([
      1,
      -300,
      "text",
      bytesOfHex("0102030405"),
      cborMap([
        [1, [true, null]],
        ["key", 70000],
      ]),
    ]);
    for (const damage of damagesOf(original)) {
      const decoded = decodeCbor(damage.bytes);
      if (!decoded.ok) continue;
      expect(hexOf(encodeCbor(decoded.value)), damage.what).toBe(hexOf(damage.bytes));
    }
  });

  test("throws for what it cannot say, a mistake of our own", () => {
    const wrong: readonly CborValue[] = [
      0.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      4294967296,
      -4294967297,
      "ä",
      "\u0080",
      cborMap([
        [1, 2],
        [1, 3],
      ]),
      cborMap([
        ["a", 2],
        ["a", 3],
      ]),
    ];
    for (const value of wrong) expect(() => encodeCbor(value)).toThrow();
  });

  test("copies octet strings out of the input", () => {
    const input = bytesOfHex("4401020304");
    const value = unwrap(decodeCbor(input)) as Uint8Array;
    input[1] = 9;
    expect(hexOf(value)).toBe("01020304");
  });

  test("decodes octet strings that lie beyond offset 65535", () => {
    const value: CborValue = [new Uint8Array(70000), bytesOfHex("abcd")];
    const decoded = unwrap(decodeCbor(encodeCbor(value))) as readonly Uint8Array[];
    expect(hexOf(decoded[1] ?? new Uint8Array(0))).toBe("abcd");
  });
});

describe("values and shapes", () => {
  test("tell the kinds of values apart", () => {
    const values: readonly CborValue[] = [1, "a", true, null, new Uint8Array(1), [1], cborMap([])];
    expect(values.map((value) => isBytes(value))).toEqual([
      false,
      false,
      false,
      false,
      true,
      false,
      false,
    ]);
    expect(values.map((value) => isArray(value))).toEqual([
      false,
      false,
      false,
      false,
      false,
      true,
      false,
    ]);
    expect(values.map((value) => isMap(value))).toEqual([
      false,
      false,
      false,
      false,
      false,
      false,
      true,
    ]);
  });

  test("read a map by its keys", () => {
    const map = cborMap([
      [1, "one"],
      ["two", 2],
    ]);
    expect(mapGet(map, 1)).toBe("one");
    expect(mapGet(map, "two")).toBe(2);
    expect(mapGet(map, 2)).toBeUndefined();
  });

  test("hold every bound on both sides", () => {
    expect([-1, 0, 5, 6].map((value) => uint(5)(value))).toEqual([false, true, true, false]);
    expect([0, 1, 3, 4].map((value) => uintFrom(1, 3)(value))).toEqual([false, true, true, false]);
    expect(uint(5)("5")).toBe(false);
    expect(uintFrom(1, 3)(null)).toBe(false);
    expect([2, 3].map((length) => bytesUpTo(2)(new Uint8Array(length)))).toEqual([true, false]);
    const list = listOf(uint(9), 1, 2);
    expect([[], [1], [1, 2], [1, 2, 3], [10]].map(list)).toEqual([false, true, true, false, false]);
    expect(list(new Uint8Array(1))).toBe(false);
    expect([null, 5, 6].map(orNull(uint(5)))).toEqual([true, true, false]);
    expect(exactly(-19)(-19) && !exactly(-19)(-8)).toBe(true);
  });

  test("want each place of an array and each key of a map, no more and no less", () => {
    const pair = tuple([uint(1), exactly("x")]);
    expect(
      [[0, "x"], [0], [0, "x", 0], [2, "x"], ["x", 0], "x"].map((value) => pair(value)),
    ).toEqual([true, false, false, false, false, false]);
    const map = mapOf([
      [1, uint(5)],
      [2, uint(5)],
    ]);
    const of = (...keys: readonly (number | string)[]) => cborMap(keys.map((key) => [key, 1]));
    expect([of(1, 2), of(1), of(1, 2, 3), of(1, 3), of("1", 2)].map((value) => map(value))).toEqual(
      [true, false, false, false, false],
    );
    expect(
      map(
        cborMap([
          [1, 6],
          [2, 1],
        ]),
      ),
    ).toBe(false);
    expect(map([])).toBe(false);
  });
});

describe("the gate says which octet it refuses", () => {
  // Octets and the offset of the first bad one: what a person who decodes by hand looks for.
  const places: readonly (readonly [hex: string, offset: number])[] = [
    ["18", 0],
    ["1901", 0],
    ["1a010203", 0],
    ["8118", 1],
    ["821801", 1],
    ["42aa", 0],
    ["8242aa", 1],
    ["62", 0],
    ["6261ff", 2],
    ["82", 0],
    ["8201", 0],
    ["830102", 0],
    ["82011f", 2],
    ["81ff", 1],
    ["a1", 0],
    ["a10118", 2],
    ["a118", 1],
    ["a11f01", 1],
    ["a201020103", 3],
    ["a202010102", 3],
    ["a1f401", 1],
    ["a2010220f7", 4],
    ["a201f70102", 2],
    ["a2181801181702", 4],
    ["0000", 1],
    ["", 0],
    ["f8ff", 0],
    ["9b0000000100000000", 0],
    ["9affffffff", 0],
    ["baffffffff", 0],
    ["5affffffff", 0],
  ];

  test.each(places)("in %s at %i", (hex, offset) => {
    const fault = checkCbor(bytesOfHex(hex));
    expect(fault?.code).toBe(CBOR_MALFORMED);
    expect(fault?.detail).toBe(offset);
  });

  test("and takes keys that rise at their last octet or by their length", () => {
    for (const hex of ["a21818011819f6", "a2170018180f", "a2616100616200", "a2000020f6"]) {
      expect(checkCbor(bytesOfHex(hex)), hex).toBeUndefined();
    }
  });

  test("and an octet string of a wanted length is no other value of that length", () => {
    const four = bytesOf(4);
    expect(four(new Uint8Array(4))).toBe(true);
    expect([new Uint8Array(3), new Uint8Array(5), "abcd", [1, 2, 3, 4], 4, null].some(four)).toBe(
      false,
    );
    // JavaScript compares text with numbers; a shape must not.
    expect(uintFrom(1, 3)("2")).toBe(false);
    expect(uint(3)("2")).toBe(false);
  });
});
