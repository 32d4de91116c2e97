// SPDX-License-Identifier: EUPL-1.2
import { sizeFigures } from "@nyckelring/protocol/bench";
import { describe, expect, test } from "vitest";
import { runNyckel } from "../test/run-nyckel.ts";

describe("nyckel bench protocol", () => {
  test("S6: stays below the bounds of octets, which no machine can change", () => {
    const figures = sizeFigures();
    expect(figures.length).toBe(7);
    for (const figure of figures) expect(figure.ok, figure.name).toBe(true);
    const octetsOf = (part: string) =>
      figures.find(({ name }) => name.includes(part))?.value ?? 1e9;
    for (const number of [1, 2, 3, 4]) {
      expect(octetsOf(`EDHOC message_${number}`)).toBeLessThanOrEqual(1024);
    }
    expect(octetsOf("full ring, 4000 rights")).toBeLessThanOrEqual(60_000);
    expect(octetsOf("unchanged shift start")).toBeLessThanOrEqual(300);
  });

  test("prints one object a line, and ends with 0, or with 10 and by how much a goal was missed", () => {
    const run = runNyckel("bench", "protocol", "--json", "--rounds", "1");
    const figures = run.objects();
    const names = figures.map((figure) => String(figure["name"]));
    expect(new Set(names).size).toBe(names.length);
    for (const start of ["door session, both sides", "ring issue", "decode ring-head", "bytes: "]) {
      expect(names.some((name) => name.startsWith(start))).toBe(true);
    }
    for (const figure of figures) {
      expect(Object.keys(figure)).toEqual([
        ...["name", "value", "unit", "limit", "ratio", "goal", "ok"],
      ]);
      expect(Number(figure["value"])).toBeGreaterThan(0);
      const { ratio, goal, ok } = figure as { ratio: number | null; goal: number; ok: boolean };
      if (ratio !== null) expect(ok).toBe(ratio <= goal || Math.abs(ratio - goal) < 0.001);
    }
    const missed = figures.filter((figure) => figure["ok"] === false);
    expect(run.exit).toBe(missed.length === 0 ? 0 : 10);
    if (missed.length > 0) {
      expect(run.err).toContain("error[E0912 GOAL_MISSED]");
      expect(run.err).toMatch(/ratio [\d.]+, goal [\d.]+, \d+ % too much/);
    }
    const wrong = runNyckel("bench", "protocol", "--rounds", "0");
    expect(wrong.exit).toBe(2);
  }, 120_000);
});
