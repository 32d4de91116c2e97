// SPDX-License-Identifier: EUPL-1.2
import { must } from "@nyckelring/simulator";
import { acceptance, type Case } from "../src/run/case.ts";
import { shareEntrance } from "../suite/rights.ts";
import { enter, sync } from "../suite/stage.ts";

/**
 * Cases that look away at the moment that counts: only the oracle can tell that something was wrong.
 * They are no part of the suite; they show that its judge sees what a case does not ask for.
 */
export const SILENT_CASES: readonly Case[] = [
  acceptance(
    "ended-key-of-a-guest",
    "L6, X6: a key that its authority has cut off comes to a shared entrance, and nobody looks",
    async (bench) => {
      const { guest, lock, theirs } = await shareEntrance(bench);
      const lost = await guest.addKey(guest.addCarer().carer);
      await sync(bench, lost, theirs.station);
      must(guest.issuer.revokeKey(guest.desk, { devid: lost.devidBytes, reason: "lost" }));
      await sync(bench, theirs.key, theirs.station);
      await enter(bench, theirs.key, lock);
      await bench.insert(lost, lock, { as: "revoked-carer" });
    },
  ),
];
