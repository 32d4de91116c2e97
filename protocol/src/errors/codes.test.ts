// SPDX-License-Identifier: EUPL-1.2
import { readFileSync } from "node:fs";
import { expect, describe as suite, test } from "vitest";
import { describe, findCode } from "../host/describe.ts";
import * as constants from "./code.ts";
import { CODES } from "./codes.ts";
import { assert, fail, succeed } from "./result.ts";

// The layers of the high byte.
const LAYERS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 0x7f];
const EXITS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 70, 124, 130];

suite("the table of codes", () => {
  test("has every number once, in order, in a layer that exists", () => {
    const numbers = CODES.map((entry) => entry.number);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    for (const { number, name } of CODES) expect(LAYERS, name).toContain(number >> 8);
    expect(new Set(CODES.map((entry) => entry.name)).size).toBe(CODES.length);
  });

  test("has full sentences in both languages, a remedy and a known exit code", () => {
    for (const entry of CODES) {
      expect(entry.name).toMatch(/^[A-Z][A-Z0-9_]+$/);
      expect(EXITS, entry.name).toContain(entry.exit);
      for (const text of [entry.en, entry.sv, entry.remedyEn, entry.remedySv]) {
        expect(text, entry.name).toMatch(/^[A-ZÅÄÖ].*\.$/);
      }
      expect(entry.en, entry.name).not.toBe(entry.sv);
    }
  });

  test("has each code that the document of the wire names, under that name", () => {
    const url = new URL("../../../docs/wire-format.md", import.meta.url);
    const named = [...readFileSync(url, "utf8").matchAll(/`E([0-9A-F]{4})(?:\s+([A-Z_]+))?`/g)];
    expect(named.length).toBeGreaterThan(30);
    for (const [text, digits = "", name] of named) {
      const entry = CODES.find(({ number }) => number === Number.parseInt(digits, 16));
      expect(entry, text).toBeDefined();
      if (name !== undefined) expect(entry?.name, text).toBe(name);
    }
  });

  test("is what the constants of devices were generated from", () => {
    const { GRANTED, ...rest } = constants;
    expect(GRANTED).toBe(0);
    expect(rest).toEqual(Object.fromEntries(CODES.map((entry) => [entry.name, entry.number])));
  });

  test("is found by number and by every way to write a code", () => {
    expect(describe(0x0402)?.label).toBe("E0402 RING_EXPIRED");
    expect(describe(0x0402)?.anchor).toBe("e0402");
    for (const text of ["E0402", "e0402", "0402", "0x0402", "RING_EXPIRED", " ring_expired "]) {
      expect(findCode(text)?.name).toBe("RING_EXPIRED");
    }
    for (const text of ["", "E9999", "402", "RING", "E04022"])
      expect(findCode(text)).toBeUndefined();
    expect(describe(0)).toBeUndefined();
  });
});

suite("results", () => {
  test("carry a value or a fault, and a detail only when there is one", () => {
    expect(succeed(5)).toEqual({ ok: true, value: 5 });
    expect(fail(7)).toEqual({ ok: false, fault: { code: 7 } });
    expect(fail(7, 0)).toEqual({ ok: false, fault: { code: 7, detail: 0 } });
  });

  test("stop the program for a promise that our own code broke", () => {
    expect(() => assert(true, constants.PROMISE_BROKEN)).not.toThrow();
    expect(() => assert(false, constants.PROMISE_BROKEN)).toThrow("7f01");
  });
});
