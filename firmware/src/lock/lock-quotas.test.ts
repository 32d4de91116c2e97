// SPDX-License-Identifier: EUPL-1.2

import {
  concatBytes,
  decodeEntry,
  decodeLogBatch,
  ENTRY_GAP,
  ENTRY_PASSAGE,
  type Entry,
  equalBytes,
  KEY_REVOKED,
  LOG_FULL,
  LOG_GAP,
  openObject,
  RECORD_LOG_REQUEST,
  sealingKey,
  verifyBatch,
} from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";
import {
  createRig,
  crypto,
  issuingOf,
  keyOf,
  plug,
  type Rig,
  SHIFT_S,
  secretOf,
} from "../../test/lock-rig.ts";
import { openDeviceRecords } from "../shared/device-records.ts";
import { openLockLogs } from "./lock-logs.ts";

const city = issuingOf();
const carer = keyOf("carer", city);
const DENIALS = 10_000;

/** A visit: one opening, then one batch of the log, as the issuer reads it. */
function collect(rig: Rig): Entry[] {
  rig.cutPower();
  rig.boot();
  const contact = plug(rig, carer, "collect");
  expect(contact.open({ op: 2 })).toMatchObject({ code: 0 });
  const parts: Uint8Array[] = [];
  for (;;) {
    const answer = contact.record(RECORD_LOG_REQUEST, [parts.length]);
    const [part, count, bytes] = answer as [number, number, Uint8Array];
    if (count === 0) return [];
    parts.push(bytes);
    if (part + 1 === count) break;
  }
  const { devid, agreementPublicKey, signingPublicKey } = rig.device;
  const shared = crypto.importAgreementKey(secretOf("city agreement")).agree(agreementPublicKey);
  if (!shared.ok) throw new Error("agreement");
  const opened = openObject(crypto, concatBytes(parts), (name) =>
    equalBytes(name, devid) ? sealingKey(crypto, shared.value, devid) : undefined,
  );
  const batch = opened.ok ? decodeLogBatch(opened.value.plaintext) : undefined;
  const key = crypto.importVerificationKey(signingPublicKey);
  if (!batch?.ok || !key.ok) throw new Error("batch");
  const kid = crypto.hash(signingPublicKey).slice(0, 4);
  expect(verifyBatch(crypto, batch.value, { kid, key: key.value }).ok).toBe(true);
  return batch.value.entries.map((bytes) => {
    const entry = decodeEntry(bytes);
    if (!entry.ok) throw new Error("entry");
    return entry.value;
  });
}

describe("quotas of a lock's log", () => {
  /**
   * Goal: threat 58, nobody pushes openings out of the log by being refused again and again.
   * Method: a real opening, ten thousand denials through the log that the role uses, another
   * opening, and visits until everything was handed out; the issuer's view must hold every opening,
   * and numbered and counted denials must add up.
   */
  test("T3, L5, threat 58: ten thousand denials between two openings lose neither, and are counted", () => {
    const rig = createRig({ pages: 24 });
    expect(plug(rig, carer, "first").open({ op: 1 })).toMatchObject({ code: 0, lockseq: 1 });
    rig.pass(8000);
    rig.cutPower();
    const log = openLockLogs(rig.flash, crypto, openDeviceRecords(rig.flash)).owner();
    const peer = new Uint8Array(8).fill(0x66);
    const fields = { tS: SHIFT_S, tq: 0, kind: ENTRY_PASSAGE, op: 1 as const, ring: 5, target: 9 };
    let numbered = 0;
    for (let count = 0; count < DENIALS; count += 1) {
      if (log.append({ ...fields, reason: KEY_REVOKED, peer }) > 0) numbered += 1;
    }
    expect(numbered).toBeGreaterThan(50);
    expect(numbered).toBeLessThan(DENIALS / 10);
    rig.boot();
    const second = plug(rig, carer, "second").open({ op: 1 });
    expect(second).toMatchObject({ code: 0 });
    rig.pass(8000);

    const home = new Map<number, Entry>();
    for (let visits = 0; visits < 60; visits += 1) {
      for (const entry of collect(rig)) home.set(entry.n, entry);
    }
    const entries = [...home.values()].sort((a, b) => a.n - b.n);
    const lastN = entries.at(-1)?.n ?? 0;
    expect(entries.map((entry) => entry.n)).toEqual(
      Array.from({ length: lastN }, (_, index) => index + 1),
    );
    const openings = entries.filter(
      (entry) => entry.kind === ENTRY_PASSAGE && entry.reason === 0 && entry.op === 1,
    );
    expect(openings.map((entry) => entry.n)).toEqual([1, numbered + 2]);
    const denials = entries.filter((entry) => entry.reason === KEY_REVOKED);
    expect(denials.length).toBe(numbered);
    const counted = entries.filter(
      (entry) => entry.kind === ENTRY_GAP && entry.reason === LOG_FULL,
    );
    // The newest one tells the whole sum, so a lost one costs nothing.
    expect(counted.at(-1)?.ring).toBe(DENIALS - numbered);
    expect(counted.reduce((sum, entry) => sum + entry.target, 0)).toBe(DENIALS - numbered);
    expect(entries.some((entry) => entry.reason === LOG_GAP)).toBe(false);
  }, 60_000);
});
