// SPDX-License-Identifier: EUPL-1.2
import type { Case } from "../src/run/case.ts";
import { DOORS } from "./doors.ts";
import { REFUSALS } from "./refusals.ts";

/** The acceptance suite, in the order in which it runs. */
export const ALL_CASES: readonly Case[] = [...DOORS, ...REFUSALS];
