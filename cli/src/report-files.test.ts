// SPDX-License-Identifier: EUPL-1.2

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { main } from "./nyckel.ts";
import { openJunitFile, openReportDirectory } from "./report-files.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nyckel-files-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function simulate(...options: readonly string[]) {
  const written = { out: "", err: "" };
  const output = {
    out: (text: string) => {
      written.out += text;
    },
    err: (text: string) => {
      written.err += text;
    },
  };
  const exit = await main(["sim", "run", "pilot", "--seed", "7", ...options], output);
  return { exit, ...written };
}

test("a report that cannot be written is refused before the run, with exit code 2", async () => {
  const file = join(folder, "a-file");
  writeFileSync(file, "");
  for (const path of [file, join(file, "below"), "/proc/nyckel-report"]) {
    const { exit, out, err } = await simulate("--report", path);
    expect(exit).toBe(2);
    expect(out).toBe("");
    expect(err).toContain("error[E0913 FILE_UNREADABLE]");
    expect(err).toContain(path);
    expect(err).toContain("nothing was run");
    expect(err).toContain("help: give a path that you may write to");
    expect(err).not.toContain("the pilot stands");
  }
});

test("a JUnit file that cannot be written is refused before the run, with exit code 2", async () => {
  const { exit, out, err } = await simulate("--junit", folder, "--json");
  expect(exit).toBe(2);
  expect(JSON.parse(out)).toMatchObject({ type: "error", code: "E0913", state: "nothing was run" });
  expect(err).not.toContain("the pilot stands");
});

test("a report of more days than it can show is refused, and an empty path as well", async () => {
  const long = await simulate("--report", folder, "--days", "15");
  expect(long.exit).toBe(2);
  expect(long.err).toContain("a report shows at most 14 days, but --days is 15");
  const empty = await simulate("--report", " ");
  expect(empty.exit).toBe(2);
  expect(empty.err).toContain("--report names no path");
});

test("folders are made, and files of an earlier run are replaced", () => {
  const directory = join(folder, "deep", "report");
  const { write } = openReportDirectory(directory);
  write({ "report.html": "a long first page", "trace.perfetto.json": "{}" });
  openReportDirectory(directory).write({ "report.html": "second", "trace.perfetto.json": "[]" });
  expect(readFileSync(join(directory, "report.html"), "utf8")).toBe("second");
  expect(readFileSync(join(directory, "trace.perfetto.json"), "utf8")).toBe("[]");
  const path = join(folder, "results", "junit.xml");
  openJunitFile(path)("<testsuites/>");
  expect(readFileSync(path, "utf8")).toBe("<testsuites/>");
});
