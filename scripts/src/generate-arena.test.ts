// SPDX-License-Identifier: EUPL-1.2
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Phase, REGIONS, type Region, SHAPES } from "../../protocol/src/edhoc/layout.ts";
import { documentOfArena, faultsOfLayout, placeRegions, sourceOfArena } from "./generate-arena.ts";

const placed = placeRegions(REGIONS, SHAPES);

function region(name: string, life: readonly Phase[], more: Partial<Region> = {}): Region {
  return { name, bytes: 8, life, holds: "something", ...more };
}

describe("the layout of the arena", () => {
  test("has no fault, and both arenas are small and below 64 KiB", () => {
    expect(faultsOfLayout(placed)).toEqual([]);
    expect(placed.length).toBeGreaterThan(40);
    const ends = placed.map(({ at, bytes }) => at + bytes);
    const keyEnds = placed.filter(({ lockOnly }) => lockOnly !== true).map((r) => r.at + r.bytes);
    expect(Math.max(...keyEnds)).toBeLessThanOrEqual(8 * 1024);
    expect(Math.max(...ends)).toBeLessThanOrEqual(20 * 1024);
  });

  test("is what arena.ts and docs/arena.md say", () => {
    const text = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
    expect(text("protocol/src/edhoc/arena.ts")).toBe(sourceOfArena(placed, SHAPES));
    expect(text("docs/arena.md")).toBe(documentOfArena(placed));
  });

  test("lays on words whatever is read as words", () => {
    for (const name of ["TOKENS", "FLOORS"]) {
      expect((placed.find((candidate) => candidate.name === name)?.at ?? 1) % 4).toBe(0);
    }
  });

  test("lets regions share octets only while one of them is dead", () => {
    const apart = [region("A", ["cover"]), region("B", ["proof"], { over: "A" })];
    expect(faultsOfLayout(placeRegions(apart, []))).toEqual([]);
    const together = [region("A", ["cover", "proof"]), region("B", ["proof"], { over: "A" })];
    expect(faultsOfLayout(placeRegions(together, []))).toEqual(["A and B share octets in proof"]);
  });

  test("sees a region that runs into the one behind the one it lies over", () => {
    const regions = [
      region("A", ["cover"]),
      region("B", ["proof"]),
      region("C", ["proof"], { over: "A", bytes: 9 }),
    ];
    expect(faultsOfLayout(placeRegions(regions, []))).toEqual(["B and C share octets in proof"]);
  });

  test("refuses names twice, content too long, points outside and ends above 64 KiB", () => {
    const regions = [
      region("A", ["rest"], { laid: "00".repeat(9) }),
      region("A", ["rest"], { points: [["P", 8]] }),
      region("B", ["rest"], { bytes: 70_000 }),
    ];
    expect(faultsOfLayout(placeRegions(regions, []))).toEqual([
      "A is named twice",
      "A is laid too long",
      "P lies outside A",
      "B ends above 64 KiB",
    ]);
  });
});
