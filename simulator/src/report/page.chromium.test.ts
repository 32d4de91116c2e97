// SPDX-License-Identifier: EUPL-1.2

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunOutcome, runScenario } from "../run.ts";
import { type Day, readDay } from "./day.ts";
import { writePage } from "./page.ts";
import { createRecorder } from "./recorder.ts";

const BROWSER_MS = 90_000;

let folder: string;
let file: string;
let outcome: RunOutcome;
let day: Day;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "nyckel-report-"));
  file = join(folder, "report.html");
  const { sink, recording } = createRecorder();
  outcome = runScenario({ scenario: "pilot", seed: "7", days: 1, sink });
  day = readDay(recording, outcome);
  writeFileSync(file, writePage({ outcome, day, replay: "npx nyckel sim run pilot --seed 7" }));
}, 180_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the browser without a window; each start has a profile of its own. */
function browse(fragment: string, ...options: readonly string[]): string {
  const profile = mkdtempSync(join(folder, "profile-"));
  const quiet = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    `--user-data-dir=${profile}`,
  ];
  const address = `${pathToFileURL(file).href}#${fragment}`;
  const child = spawnSync("chromium", [...quiet, ...options, address], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    timeout: BROWSER_MS,
  });
  if (child.status !== 0) throw new Error(`chromium ended with ${child.status}: ${child.stderr}`);
  return child.stdout;
}

function sectionOf(dom: string, id: string): string {
  const from = dom.indexOf(`id="${id}"`);
  expect(from, id).toBeGreaterThan(0);
  return dom.slice(from, dom.indexOf(`</${id === "list" ? "ul" : "section"}>`, from));
}

test(
  "O7: the address chooses event and language, and the story goes from contact to commit",
  () => {
    const opened = day.visits.find(({ end }) => end === "opened");
    const dom = browse(`lang=sv&event=c${opened?.id}`, "--dump-dom");
    expect(dom).toContain('<html lang="sv">');
    expect(dom).toContain('<h1 data-t="title">En dag med Nyckelring</h1>');
    const story = sectionOf(dom, "story");
    expect(story).toContain(`${opened?.key} → ${opened?.device}`);
    expect(story).toContain("handskakning 3");
    expect(story).toContain("Motorn startade");
    expect(story).toMatch(/Post \d+ i lock-\d\d: beviljad\. Bars hem av key-\d\d/);
    expect(story).toContain("sparad av behörighetssystemet kl.");
    expect(dom.match(/<circle [^>]*r="10"/g)).toHaveLength(2);
  },
  BROWSER_MS,
);

test(
  "a refusal shows its code in English, and the list holds every event",
  () => {
    const denied = day.visits.find(({ end }) => end === "denied");
    const dom = browse(`lang=en&event=c${denied?.id}`, "--dump-dom");
    expect(dom).toContain('<html lang="en">');
    expect(sectionOf(dom, "story")).toMatch(/Refused: E\d{4} [A-Z_]+/);
    const rows = sectionOf(dom, "list").match(/data-id=/g);
    expect(rows).toHaveLength(day.visits.length + day.incidents.length);
  },
  BROWSER_MS,
);

test(
  "an address without an event, or with one that is not there, opens no story",
  () => {
    const dom = browse("lang=en&event=c999999", "--dump-dom");
    expect(dom).toMatch(/id="story"[^>]* hidden/);
    expect(dom).toContain(`${day.visits.length + day.incidents.length} of`);
  },
  BROWSER_MS,
);

test(
  "the browser draws the page at the width of a desk and of a narrow window",
  () => {
    for (const size of ["1280,1600", "500,1200"]) {
      const picture = join(folder, `page-${size}.png`);
      browse("lang=sv", `--screenshot=${picture}`, `--window-size=${size}`);
      expect(statSync(picture).size).toBeGreaterThan(20_000);
    }
  },
  2 * BROWSER_MS,
);
