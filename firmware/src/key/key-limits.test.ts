// SPDX-License-Identifier: EUPL-1.2
import {
  CONTACT_OVERLOADED,
  ENTRY_GAP,
  FLAG_EMERGENCY,
  FLAG_STOP_AT_FULL_LOG,
  LOG_FULL,
  LOG_GAP,
} from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";
import { createBench, RIGHTS, told } from "../../test/key-bench.ts";
import { createRig, crypto, DOOR, SHIFT_S } from "../../test/lock-rig.ts";
import { createKey } from "./key.ts";
import { SIGNAL_GRANTED, SIGNAL_LOGS_NOT_HOME, SIGNAL_NO_CONTACT } from "./signals.ts";

type Bench = ReturnType<typeof createBench>;

/** A key with the smallest log that a key may have. */
function benchWith(flags: number): Bench {
  const bench = createBench({ keyPages: 66 });
  bench.answerWithRing(bench.issuer.rights(RIGHTS, { flags }).bundles);
  bench.sync();
  return bench;
}

/** Visits until a key's log has been full, or longer; how many opened. */
function openUntilFull(bench: Bench, visits: number): number {
  const rig = createRig();
  let opened = 0;
  for (let visit = 0; visit < visits; visit += 1) {
    bench.visit(rig, 600);
    if (bench.key.signals.includes(SIGNAL_GRANTED)) opened += 1;
    bench.key.signals.length = 0;
  }
  return opened;
}

const VISITS = 300;

describe("limits of a key", () => {
  test("K2: told to stop, a key opens nothing once its log is full, says why, and loses nothing", () => {
    const bench = benchWith(FLAG_STOP_AT_FULL_LOG);
    const opened = openUntilFull(bench, VISITS);
    expect(opened).toBeGreaterThan(100);
    expect(opened).toBeLessThan(VISITS);
    expect(bench.key.lastSignal()).toBe(0);
    bench.key.role().onButton();
    expect(bench.key.lastSignal()).toBe(SIGNAL_LOGS_NOT_HOME);

    bench.answerWithRing(bench.issuer.rights(RIGHTS, { flags: FLAG_STOP_AT_FULL_LOG }).bundles);
    bench.plug();
    bench.pass(20_000);
    bench.unplug();
    const entries = bench.issuer.entries();
    expect(entries.filter(({ kind }) => kind === 1).length).toBe(opened);
    expect(entries.some(({ kind, reason }) => kind === ENTRY_GAP && reason === LOG_GAP)).toBe(
      false,
    );
    expect(told(entries).some((line) => line.startsWith(`2 0 ${LOG_FULL.toString(16)}`))).toBe(
      true,
    );
    expect(openUntilFull(bench, 1)).toBe(1);
  });

  test("K2: told to go on, a key opens with a full log and declares what it overwrote", () => {
    const bench = benchWith(0);
    // Entries are shorter than the longest one, so a log holds more than it promises.
    expect(openUntilFull(bench, 2 * VISITS)).toBe(2 * VISITS);
    bench.plug();
    bench.pass(20_000);
    bench.unplug();
    const gaps = bench.issuer
      .entries()
      .filter(({ kind, reason }) => kind === ENTRY_GAP && reason === LOG_GAP);
    expect(gaps.length).toBeGreaterThan(0);
  });

  test("L5: an emergency ring opens although the log is full", () => {
    const bench = benchWith(FLAG_STOP_AT_FULL_LOG);
    openUntilFull(bench, VISITS);
    const right = { kind: 0 as const, target: DOOR, ops: 3, untilS: SHIFT_S + 3600 };
    bench.setAcknowledging(false);
    bench.issuer.forgetSlots();
    bench.answerWithRing(
      bench.issuer.ring([right], {
        flags: FLAG_EMERGENCY,
        nbfS: SHIFT_S - 60,
        expS: SHIFT_S + 3600,
      }).bundles,
    );
    bench.sync();
    expect(openUntilFull(bench, 1)).toBe(1);
  });

  test("an overloaded contact ends the visit, is logged, and the key stays usable", () => {
    const bench = benchWith(0);
    const rig = createRig();
    bench.plug(rig);
    bench.key.role().onOverload();
    expect(bench.key.lastSignal()).toBe(SIGNAL_NO_CONTACT);
    bench.pass(5000);
    expect(bench.key.lastSignal()).toBe(SIGNAL_NO_CONTACT);
    bench.unplug();
    bench.visit(createRig());
    expect(bench.key.signals).toContain(SIGNAL_GRANTED);
    bench.plug();
    bench.pass(5000);
    expect(told(bench.issuer.entries())).toContain(`2 0 ${CONTACT_OVERLOADED.toString(16)} 0`);
  });

  test("a second insertion without a withdrawal begins anew: one session, never two", () => {
    const bench = benchWith(0);
    const rig = createRig();
    bench.plug(rig);
    bench.key.role().onContact(true, false);
    bench.settle();
    bench.pass(1500);
    bench.unplug();
    expect(rig.events.filter((event) => event === "unlock").length).toBe(1);
  });

  test("boots without a curve operation: the signing key is imported at the first signature", () => {
    const bench = benchWith(0);
    let imports = 0;
    const counting = {
      ...crypto,
      importSigningKey: (seed: Uint8Array) => {
        imports += 1;
        return crypto.importSigningKey(seed);
      },
    };
    const role = createKey({ ...bench.key.ports(), crypto: counting });
    expect(role.status().ringseq).toBeGreaterThan(0);
    expect(imports).toBe(0);
  });
});
