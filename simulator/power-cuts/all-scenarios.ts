// SPDX-License-Identifier: EUPL-1.2

import { KEY_SCENARIOS, STATION_SCENARIOS } from "./bench-stage.ts";
import type { CutScenario } from "./cut-scenario.ts";
import { LOCK_SCENARIOS } from "./lock-stage.ts";

/** Every step of every device that is cut. */
export const SCENARIOS: readonly CutScenario[] = [
  ...LOCK_SCENARIOS,
  ...KEY_SCENARIOS,
  ...STATION_SCENARIOS,
];
