// SPDX-License-Identifier: EUPL-1.2
// `make test-boards`: starts three virtual boards behind serial ports and plays the acceptance suite on
// them; what follows goes to `nyckel hil run`, for example a pattern, or --set lock=sim.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  buildVirtualFirmware,
  startNyckel,
  startRigBoard,
  writeVirtualRig,
} from "./virtual-rig.ts";

const ROLES = ["key", "station", "lock"] as const;

const folder = mkdtempSync(join(tmpdir(), "nyckelring-boards-"));
mkdirSync(join(folder, "state"));
const builds = await buildVirtualFirmware(join(folder, "firmware"));
const boards = await Promise.all(
  ROLES.map((role) => startRigBoard(folder, role, { build: builds(role) })),
);
try {
  const rig = writeVirtualRig(folder, builds);
  const more = process.argv.slice(2);
  const run = startNyckel(
    { NYCKEL_STATE: join(folder, "state") },
    "hil",
    "run",
    "--rig",
    rig,
    ...more,
  );
  run.process.stdout?.pipe(process.stdout);
  run.process.stderr?.pipe(process.stderr);
  process.exitCode = (await run.done).exit ?? 1;
} finally {
  for (const board of boards) await board.stop();
  rmSync(folder, { recursive: true, force: true });
}
