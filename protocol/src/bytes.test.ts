// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";
import { bytesOfHex, concatBytes, equalBytes, hexOf, octetAt, sliceBytes } from "./bytes.ts";

describe("octet strings", () => {
  test("are joined, compared and copied", () => {
    const a = bytesOfHex("0102");
    const b = bytesOfHex("03");
    expect(hexOf(concatBytes([a, new Uint8Array(0), b]))).toBe("010203");
    expect(equalBytes(a, bytesOfHex("0102"))).toBe(true);
    expect(equalBytes(a, bytesOfHex("0103"))).toBe(false);
    expect(equalBytes(a, b)).toBe(false);
    const copy = sliceBytes(a, 1);
    copy[0] = 9;
    expect(octetAt(a, 1)).toBe(2);
    expect(hexOf(sliceBytes(concatBytes([a, b]), 1, 2))).toBe("02");
    expect(sliceBytes(a, 2).length).toBe(0);
  });

  test("are copied from beyond offset 65535, where a board has no views", () => {
    const long = new Uint8Array(70002);
    long[70000] = 7;
    expect(hexOf(sliceBytes(long, 70000))).toBe("0700");
    expect(hexOf(sliceBytes(long.subarray(40000), 30000, 30001))).toBe("07");
  });

  test("are written and read as hexadecimal digits", () => {
    expect(hexOf(bytesOfHex("00ff10AbCd"))).toBe("00ff10abcd");
    for (const text of ["0", "0g", "zz", "0 ", "-1", "é0"])
      expect(() => bytesOfHex(text)).toThrow();
  });
});
