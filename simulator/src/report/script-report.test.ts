// SPDX-License-Identifier: EUPL-1.2

import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { readScenarioFile, runScript } from "../script/run-script.ts";
import type { PageData } from "./page-data.ts";
import { createReporter } from "./report.ts";

const FOLDER = new URL("../../scenarios/", import.meta.url);

function reportOf(name: string): { page: string; data: PageData; trace: string } {
  const reading = readScenarioFile(readFileSync(new URL(`${name}.yaml`, FOLDER), "utf8"));
  if (!reading.ok) throw new Error("the file");
  const reporter = createReporter();
  const { sink } = reporter;
  const outcome = runScript({ path: `${name}.yaml`, file: reading.value, seed: "1", sink });
  const files = reporter.write(outcome, `npx nyckel sim run ${name}.yaml --seed 1`);
  const page = files["report.html"];
  const [, text = ""] =
    /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page) ?? [];
  return { page, data: JSON.parse(text) as PageData, trace: files["trace.perfetto.json"] };
}

describe("the report of a scenario file", () => {
  let weak: ReturnType<typeof reportOf>;
  let cut: ReturnType<typeof reportOf>;
  let forced: ReturnType<typeof reportOf>;

  beforeAll(() => {
    weak = reportOf("brown-out");
    cut = reportOf("power-cut-mid-move");
    forced = reportOf("forced-door");
  }, 120_000);

  test("a jam, dirty contacts, a battery that is out and an open door are states in their lanes", () => {
    for (const kind of ["jammed", "dirty"]) expect(weak.page).toContain(`fill="url(#p-${kind})"`);
    expect(cut.page).toContain('fill="url(#p-noBattery)"');
    expect(forced.page).toContain('fill="url(#p-doorOpen)"');
  });

  test("a forced door has its own mark, and its line can be found in the list", () => {
    expect(forced.page.match(/<use href="#s-forced"/g)).toHaveLength(1);
    const events = forced.data.events.filter(({ text }) => text === "hwDoorForced");
    expect(events).toMatchObject([{ group: "hardware", subject: "gate", shape: "forced" }]);
    expect(forced.page).toContain('data-figure="forcedDoors">1<');
  });

  test("the story of an insertion tells each turn of the motor and each reset", () => {
    const turns = weak.data.events.flatMap((event) => event.turns ?? []);
    expect(turns.some(([towards, , lastedMs]) => towards === 1 && lastedMs > 200)).toBe(true);
    expect(turns.filter(([, , , hasFailed]) => hasFailed === 1).length).toBeGreaterThanOrEqual(3);
    expect(weak.data.events.some(({ shape }) => shape === "stuck")).toBe(true);
    const resets = weak.data.events.flatMap((event) => event.brownOuts ?? []);
    expect(resets.length).toBeGreaterThan(0);
    expect(weak.page).toContain(`data-figure="brownOuts">${resets.length}<`);
    // A motor whose power went before it could be stopped.
    const cutTurns = cut.data.events.flatMap((event) => event.turns ?? []);
    expect(cutTurns.some(([, , lastedMs]) => lastedMs === -1)).toBe(true);
  });

  test("the picture is that of the steps, under the title of the file", () => {
    expect(weak.page).toContain("<h1>A key with dirty contacts cannot move a bolt");
    expect(weak.page).toContain("06:00");
    // What is mended and collected afterwards is in the list and not in the picture.
    const marked = new Set([...weak.page.matchAll(/data-e="(\w+)"/g)].map(([, id]) => id));
    const listed = weak.data.events.map(({ id }) => id);
    expect(marked.size).toBeGreaterThan(10);
    expect(listed.length).toBeGreaterThan(marked.size);
  });

  test("hardware stands in the trace for viewers too", () => {
    expect(weak.trace).toContain('"name":"brown-out"');
    expect(forced.trace).toContain('"name":"door-forced"');
  });
});
