// SPDX-License-Identifier: EUPL-1.2
// Counts what a boot costs each role: the loader and the whole application on the interpreter's Arm build,
// over the flash of a commissioned device. The figures go into the evidence and are held to a budget.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { readBootBudget } from "../build/boot-budget.ts";
import { MEASURED_BUNDLES } from "../build/evidence.ts";
import { LINUX_STORAGE_BYTES, storageImage } from "../build/slot-files.ts";
import { buildCountPlugin } from "../native/build-native.ts";
import { readPhases } from "../native/phases.ts";
import type { FlashPort } from "../src/ports.ts";
import { commissionStation } from "../src/station/station-commissioning.ts";
import { armRunner, ESPRUINO_ARM } from "./arm-interpreter.ts";
import { createCutFlash } from "./cut-flash.ts";
import { filesOfRole } from "./interpreter.ts";
import { noteBoot } from "./interpreter-figures.ts";
import { createBench, RIGHTS } from "./key-bench.ts";
import { createRig, secretOf } from "./lock-rig.ts";

const RUN_MS = 120_000;
const LOCK_PAGES = 48;
const STATION_PAGES = 192;
/** Each call of this function ends a phase of the plugin; nothing of a boot calls it. */
const MARK = "E.getErrorFlags();";
const MARKED_FUNCTION = "jswrap_espruino_getErrorFlags";

const isMissing = ESPRUINO_ARM === undefined || armRunner() === undefined;
const root = mkdtempSync(join(tmpdir(), "nyckelring-boot-cost-"));
let plugin = "";

beforeAll(() => {
  plugin = buildCountPlugin(resolve("."), root);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

function addressOf(symbol: string): number {
  const listed = spawnSync("arm-none-eabi-nm", [String(ESPRUINO_ARM)], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const found = new RegExp(`^(\\w+) [tTwW] ${symbol}$`, "m").exec(listed.stdout);
  if (found === null) throw new Error("the interpreter has no symbols to count by");
  return Number.parseInt(String(found[1]), 16);
}

function flashOf(role: "key" | "lock" | "station"): FlashPort {
  if (role === "lock") return createRig({ pages: LOCK_PAGES }).flash;
  if (role === "key") {
    const bench = createBench();
    bench.answerWithRing(bench.issuer.rights(RIGHTS).bundles);
    bench.sync();
    return bench.key.flash;
  }
  const flash = createCutFlash(STATION_PAGES, 4096);
  commissionStation(flash, { stationId: 3, commandKey: secretOf("command key") });
  return flash;
}

describe.skipIf(isMissing)("a boot (skipped without ESPRUINO_ARM)", () => {
  test.each(["key", "lock", "station"] as const)(
    "of a %s takes no more instructions than its budget",
    async (role) => {
      const folder = mkdtempSync(join(root, role));
      const files = (await filesOfRole(role, MEASURED_BUNDLES[role])).map(({ name, content }) => {
        if (name !== ".bootcde") return { name, content };
        const marked = `${MARK}${Buffer.from(content).toString("latin1")}\n;${MARK}print("state "+nk.state+" "+nk.isBlank);`;
        return { name, content: Buffer.from(marked, "latin1") };
      });
      writeFileSync(join(folder, "espruino.flash"), storageImage(files, LINUX_STORAGE_BYTES));
      const flash = flashOf(role);
      writeFileSync(join(folder, "flash.bin"), flash.read(0, flash.pageBytes * flash.pageCount));
      const options = [
        ...[plugin, "blob=0", "bytes=0", "entries=0"],
        ...[`address=${addressOf(MARKED_FUNCTION)}`, "out=counts"],
      ];
      // As code ran in its heap, it may crash at its end.
      const run = spawnSync(
        String(armRunner()),
        ["-plugin", options.join(","), String(ESPRUINO_ARM)],
        {
          cwd: folder,
          encoding: "latin1",
          input: "quit();\n",
          timeout: RUN_MS,
          killSignal: "SIGKILL",
        },
      );
      expect(run.stdout).toContain("state running false");
      const [, boot] = readPhases(join(folder, "counts"));
      const instructions = Number(boot?.outside);
      noteBoot("linux-arm", role, instructions);
      expect(instructions).toBeGreaterThan(1_000_000);
      expect(instructions).toBeLessThanOrEqual(readBootBudget()[role]);
    },
    RUN_MS,
  );
});
