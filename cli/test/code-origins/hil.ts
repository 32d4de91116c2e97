// SPDX-License-Identifier: EUPL-1.2

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { boardsOf, claimBoards, type Rig } from "@nyckelring/hil-tests/bench";
import { boardFault, claimRig, faultOfRun, requireReal, selectCases } from "../../src/hil-run.ts";
import { openRig } from "../../src/rig-file.ts";
import { ToolError } from "../../src/tool-error.ts";
import type { Origins } from "./observe.ts";

const ROLES = "station: { kind: sim }\n  lock: { kind: sim }\n";
const NONE = { passed: 0, failed: 0, flaky: 0, skipped: 0, infra: 0 };

function thrownBy(call: () => unknown): number {
  try {
    call();
    return 0;
  } catch (error) {
    return error instanceof ToolError ? error.parts.code : 0;
  }
}

/** Opens a rig file with this key, in a folder of its own. */
function withRig<T>(key: string, use: (rig: Rig, folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "nyckelring-origins-"));
  try {
    const file = join(folder, "rig.yaml");
    writeFileSync(file, `version: 1\nrig: x\nroles:\n  key: ${key}\n  ${ROLES}`);
    return use(openRig(file), folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const REAL = '{ kind: real, match: { usbSerial: "1" } }';

/** What the bench ends with. */
export const HIL_ORIGINS: Origins = {
  RIG_INVALID: () => thrownBy(() => withRig("{ kind: sim, speed: 3 }", () => 0)),
  BOARD_RESERVED: () =>
    withRig(REAL, (rig, folder) => {
      const release = claimBoards(folder, boardsOf(rig), "a run");
      const code = thrownBy(() => claimRig(folder, boardsOf(rig), "a run"));
      release();
      return code;
    }),
  BOARD_QUARANTINED: () => boardFault("usb-1-0", { runs: [], infraInRow: 3 })?.parts.code ?? 0,
  ROLE_SIMULATED: () =>
    withRig("{ kind: sim }", (rig) => thrownBy(() => requireReal(rig, ["key"]))),
  CASES_FAILED: () => faultOfRun({ ...NONE, passed: 3, failed: 1 }, false, "x")?.parts.code ?? 0,
  CASES_FLAKY: () => faultOfRun({ ...NONE, passed: 3, flaky: 1 }, true, "x")?.parts.code ?? 0,
  NO_CASE_RAN: () => thrownBy(() => selectCases("no-such-case")),
  BENCH_FAILED: () => faultOfRun({ ...NONE, passed: 3, infra: 1 }, false, "x")?.parts.code ?? 0,
};
