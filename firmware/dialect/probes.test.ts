// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";

import { checkScript } from "./gate.ts";
import { listProbes, lowerProbe, runScript, runSource } from "./run-probe.ts";

const probes = await listProbes();

describe("dialect probes in Node", () => {
  test("are there", () => {
    expect(probes.length).toBeGreaterThan(10);
  });

  test.each(probes)("lowering keeps what %s prints", async (name) => {
    const lowered = await lowerProbe(name);
    const printed = runScript(lowered.code);
    expect(printed.length).toBeGreaterThan(0);
    expect(printed).toEqual(await runSource(name));
    const rules = checkScript(lowered.code).violations.filter(
      (one) => one.text.indexOf("emit") < 0,
    );
    expect(rules).toEqual([]);
  });
});
