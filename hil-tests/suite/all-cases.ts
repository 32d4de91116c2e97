// SPDX-License-Identifier: EUPL-1.2
import type { Case } from "../src/run/case.ts";
import { CLOCKS } from "./clocks.ts";
import { DOORS } from "./doors.ts";
import { HOSTILE } from "./hostile.ts";
import { LOGS } from "./logs.ts";
import { MECHANICS } from "./mechanics.ts";
import { REFUSALS } from "./refusals.ts";
import { RIGHTS } from "./rights.ts";
import { STATIONS } from "./stations.ts";
import { WITHDRAWALS } from "./withdrawals.ts";

/** The acceptance suite, in the order in which it runs. */
export const ALL_CASES: readonly Case[] = [
  ...DOORS,
  ...REFUSALS,
  ...RIGHTS,
  ...STATIONS,
  ...LOGS,
  ...WITHDRAWALS,
  ...CLOCKS,
  ...MECHANICS,
  ...HOSTILE,
];
