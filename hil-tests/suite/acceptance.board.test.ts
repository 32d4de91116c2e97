// SPDX-License-Identifier: EUPL-1.2
import { expect, test } from "vitest";
import { createVirtualPace } from "../src/board-driver/pace.ts";
import { attempt } from "../src/run/attempt.ts";
import { ALL_CASES } from "./all-cases.ts";

const SIM = { key: "sim", station: "sim", lock: "sim" } as const;

/** The acceptance suite with three simulated boards: what `nyckel hil run` plays on any rig. */
test.each(ALL_CASES)(
  "$rows $id: $title",
  async (one) => {
    const seed = `${process.env["SEED"]} ${one.id}`;
    const cannot = { key: [], station: [], lock: [] };
    const outcome = await attempt(one, { seed, kinds: SIM, cannot, pace: createVirtualPace });
    expect(outcome, `repro: npx nyckel hil run ${one.id} --seed ${process.env["SEED"]}`).toEqual({
      kind: "passed",
    });
  },
  60_000,
);
