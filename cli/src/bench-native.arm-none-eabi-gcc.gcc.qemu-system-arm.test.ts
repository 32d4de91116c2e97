// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";
import { runNyckel } from "../test/run-nyckel.ts";
import { benchNative } from "./bench-native.ts";

describe("nyckel bench native", () => {
  test("counts what curves cost on a Cortex-M4 and keeps to the limits", () => {
    const run = runNyckel("bench", "native", "--json");
    const figures = run.objects();
    const limits = figures.filter((figure) => figure["limit"] !== null);
    expect(limits.map((figure) => [figure["name"], figure["ok"]])).toEqual([
      ["blob: size", true],
      ["Ed25519 verify, 64 octets", true],
      ["X25519", true],
      ["blob: deepest stack", true],
    ]);
    for (const figure of figures) expect(Number(figure["value"])).toBeGreaterThan(0);
    expect(figures.length).toBeGreaterThan(12);
    expect(run.exit).toBe(0);
  }, 180_000);

  test("says by how much a limit was not kept, and ends with 10", () => {
    const said: string[] = [];
    const output = {
      out: (text: string) => said.push(text),
      err: (text: string) => said.push(text),
    };
    const figure = { name: "X25519", unit: "instructions", limit: 1000, ratio: 1.5, goal: 1 };
    const exit = benchNative("native", false, output as never, () => [
      { ...figure, value: 1500, ok: false },
    ]);
    expect(exit).toBe(10);
    expect(said.join("")).toContain("X25519: 1,500 instructions, 50 % too much");
  });

  test("says what is missing where a session cannot be counted", () => {
    const before = process.env["ESPRUINO_ARM"];
    delete process.env["ESPRUINO_ARM"];
    try {
      const run = runNyckel("bench", "session");
      expect(run.exit).toBe(2);
      expect(run.err).toMatch(/ESPRUINO_ARM|qemu-arm is missing/);
    } finally {
      if (before !== undefined) process.env["ESPRUINO_ARM"] = before;
    }
  }, 60_000);
});
