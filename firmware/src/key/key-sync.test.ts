// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";
import { createBench, RIGHTS, told } from "../../test/key-bench.ts";
import { SHIFT_S } from "../../test/lock-rig.ts";
import { SIGNAL_READY } from "./signals.ts";

describe("sync of a key at a station", () => {
  test("T1: a sync writes the ring, activates the key and sends its log home", () => {
    const bench = createBench();
    const { bundles } = bench.issuer.rights(RIGHTS);
    bench.answerWithRing(bundles);
    bench.sync();
    expect(bench.key.role().status()).toMatchObject({
      ringseq: bench.issuer.ringseq(),
      expS: SHIFT_S + 8 * 3600,
      unacknowledged: 0,
    });
    expect(told(bench.issuer.entries())).toEqual(["3 0 0 100"]);
    expect(bench.key.lastSignal()).toBe(SIGNAL_READY);
  });
});
