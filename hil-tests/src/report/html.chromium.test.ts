// SPDX-License-Identifier: EUPL-1.2
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ALL_CASES } from "../../suite/all-cases.ts";
import { acceptance } from "../run/case.ts";
import { runSuite, SIMULATED_SESSION } from "../run/run-suite.ts";
import { writeHtml } from "./html.ts";

const BROWSER_MS = 90_000;
const BOARD = {
  kind: "real",
  board: "path-dev-serial-by-id-board",
  firmware: "7f".repeat(32),
} as const;

/** What the page says of itself once everything in it is open. */
const MEASURE = `<script>
document.querySelectorAll("details").forEach((one)=>{one.open=true});
const wide=[...document.querySelectorAll("body *")].filter((one)=>!one.closest(".pic,.wide,pre")&&one.getBoundingClientRect().right>innerWidth+1);
document.body.dataset.wide=wide.map((one)=>one.outerHTML.slice(0,80)).join("|")||"nothing";
document.body.dataset.over=Math.max(0,document.documentElement.scrollWidth-innerWidth);
document.body.dataset.width=innerWidth;
</script>`;

let folder = "";
let page = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "nyckelring-report-"));
  const cases = await runSuite({
    cases: [
      ...ALL_CASES.filter(({ id }) =>
        ["opens-with-a-right", "two-authorities-at-one-door"].includes(id),
      ),
      acceptance("falls", "L1: falls over", async () => {
        throw new TypeError(`nothing_of_the_kind_${"x".repeat(200)}`);
      }),
    ],
    session: SIMULATED_SESSION,
    seed: "7",
    repeat: 1,
    wallMs: () => 0,
  });
  const html = writeHtml({
    rig: "desk",
    roles: { key: BOARD, station: BOARD, lock: BOARD },
    seed: "7",
    commit: "0123456789ab",
    startedAt: "2026-11-26T08:00:00.000Z",
    wallS: 1.5,
    repro: "npx nyckel hil run --rig hil-tests/rigs/desk.yaml --set lock=sim --seed 7",
    cases,
  });
  page = join(folder, "report.html");
  writeFileSync(page, html.replace("</body>", `${MEASURE}</body>`));
}, 60_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test.each([1280, 500])(
  "O5: nothing of a report sticks out of a window of %i pixels",
  (width) => {
    const quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"];
    const profile = `--user-data-dir=${mkdtempSync(join(folder, "profile-"))}`;
    const { stdout } = spawnSync(
      "chromium",
      [...quiet, profile, `--window-size=${width},900`, "--dump-dom", pathToFileURL(page).href],
      { encoding: "utf8", timeout: BROWSER_MS },
    );
    const [, wide] = /data-wide="([^"]*)"/.exec(stdout) ?? [];
    const [, over] = /data-over="(\d+)"/.exec(stdout) ?? [];
    const [, seen] = /data-width="(\d+)"/.exec(stdout) ?? [];
    expect([wide, over]).toEqual(["nothing", "0"]);
    expect(Number(seen)).toBe(width);
  },
  BROWSER_MS,
);
