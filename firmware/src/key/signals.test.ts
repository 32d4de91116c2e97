// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";
import { labelOfSignal, SIGNAL_LABELS } from "./signal-labels.ts";
import { SIGNALS } from "./signals.ts";

describe("signals of a key", () => {
  test("K5: there are nine signals, numbered from one, each with a label in both languages", () => {
    expect(SIGNALS.map((pattern) => pattern.signal)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(SIGNAL_LABELS.length).toBe(9);
    for (const pattern of SIGNALS) {
      const label = labelOfSignal(pattern.signal);
      expect(label?.en).toMatch(/\S/);
      expect(label?.sv).toMatch(/\S/);
      expect(label?.enDo).toMatch(/^[A-Z].*[.]$/);
      expect(label?.svDo).toMatch(/^[A-ZÅÄÖ].*[.]$/);
    }
    expect(labelOfSignal(0)).toBeUndefined();
    expect(labelOfSignal(10)).toBeUndefined();
  });

  test("K5: no signal is told by colour alone: every pair differs in rhythm and in buzz or light", () => {
    const blinks = SIGNALS.map((pattern) => pattern.blinkMs.join());
    expect(new Set(blinks).size).toBe(9);
    const audible = SIGNALS.filter((pattern) => pattern.buzzMs.length > 0);
    const buzzes = audible.map((pattern) => pattern.buzzMs.join());
    expect(new Set(buzzes).size).toBe(audible.length);
    for (const pattern of SIGNALS) {
      expect(pattern.light).toBeGreaterThan(0);
      for (const span of pattern.blinkMs) expect(span).toBeGreaterThanOrEqual(60);
    }
  });
});
