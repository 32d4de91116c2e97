// SPDX-License-Identifier: EUPL-1.2
import {
  bytesOfHex,
  DEVICE_ENDED,
  type DownMessage,
  decodeRingBundle,
  KEY_REVOKED,
  STATE_CONFLICT,
  SYNC_PAYLOAD_BYTES_MAX,
  verifyFloorList,
} from "@nyckelring/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  anchorsOf,
  codeOf,
  createDevice,
  createTown,
  HOUR_S,
  headsIn,
  MORNING_S,
  must,
  publicOf,
  type TestDevice,
  type Town,
} from "../test/town.ts";

const HEAD_BYTES = 230;

/** Carers of one provider with keys whose rings are live. */
function townWithKeys(count: number, onStep?: Parameters<typeof createTown>[0]) {
  const town = createTown(onStep);
  town.house(["A1"], town.north.provider);
  const station = town.station(town.north.provider);
  const carers = Array.from({ length: count }, (_, index) => town.carer(town.north, `c${index}`));
  for (const { carer, key } of carers) {
    const shift = { carer, startS: MORNING_S, endS: MORNING_S + 8 * HOUR_S };
    must(town.issuer.planShift(town.north.planner, shift));
    town.present(station, key);
  }
  return { town, station, carers };
}

function floorsIn(town: Town, messages: readonly DownMessage[]) {
  return messages
    .flatMap((message) => (message.type === 1 ? [must(decodeRingBundle(message.bundle))] : []))
    .flatMap((bundle) => (bundle.floors === null ? [] : [bundle.floors]))
    .map((object) => must(verifyFloorList(object, anchorsOf(town.issuer, 1))));
}

function revoke(town: Town, key: TestDevice): void {
  must(town.issuer.revokeKey(town.north.planner, { devid: key.devid, reason: "borttappad" }));
}

describe("revocation", () => {
  test("rule 3: a revoked key gets no ring, and the next key carries a floor over its heads", () => {
    const { town, station, carers } = townWithKeys(2);
    const [lost, honest] = carers;
    if (lost === undefined || honest === undefined) throw new Error("two carers");
    revoke(town, lost.key);
    expect(town.present(station, lost.key).at(-1)).toMatchObject({ type: 5, code: KEY_REVOKED });
    const messages = town.present(station, honest.key);
    const [list] = floorsIn(town, messages);
    const lastRingseq = town.issuer.register.keys.get(lost.key.name)?.lastRingseq ?? 0;
    expect(list?.floors).toEqual([{ devid: lost.key.devid, minring: lastRingseq + 1 }]);
    expect(headsIn(town.issuer, messages)[0]?.needlist).toBe(list?.listseq);
    expect(floorsIn(town, town.present(station, honest.key, { listseq: 1 }))).toEqual([]);
  });

  test("I3: a carer who leaves loses every key at once, and a second revocation is refused", () => {
    const { town, carers } = townWithKeys(1);
    const [gone] = carers;
    if (gone === undefined) throw new Error("a carer");
    const { carer, key } = gone;
    must(town.issuer.revokeCarer(town.north.planner, { carer, reason: "slutat" }));
    expect(town.issuer.register.keys.get(key.name)?.state).toBe("revoked");
    const again = town.issuer.revokeKey(town.north.planner, { devid: key.devid, reason: "x" });
    expect(codeOf(again)).toBe(STATE_CONFLICT);
    expect(must(town.issuer.rightsOf(town.north.planner, key.devid))).toEqual([]);
  });

  test("K4: reassignment ends the old binding: new devid, floor over the old, no ring for it", () => {
    const { town, station, carers } = townWithKeys(1);
    const [old] = carers;
    if (old === undefined) throw new Error("a carer");
    const { provider, planner } = town.north;
    const carer = must(town.issuer.addCarer(planner, { provider, staffCode: "ny" }));
    const fresh = createDevice("fresh");
    const request = { devid: old.key.devid, carer, devicePublic: publicOf(fresh) };
    must(town.issuer.reassignKey(planner, request));
    expect(town.present(station, old.key).at(-1)).toMatchObject({ type: 5, code: DEVICE_ENDED });
    const floors = town.issuer.register.floors?.floors ?? [];
    expect(floors.map(([devid]) => devid)).toEqual([old.key.name]);
    expect(town.issuer.register.keys.get(fresh.name)).toMatchObject({ carer, state: "active" });
  });

  test("a key without a live ring needs no floor", () => {
    const { town, carers } = townWithKeys(1);
    const [old] = carers;
    if (old === undefined) throw new Error("a carer");
    town.nowS += 24 * HOUR_S;
    revoke(town, old.key);
    expect(town.issuer.register.floors).toBeNull();
  });

  test("threat 24: overflow of the list raises the ring floor over what fell out, and alarms", () => {
    const { town, carers } = townWithKeys(234);
    for (const { key } of carers) revoke(town, key);
    const list = town.issuer.register.floors;
    expect(list?.floors.length).toBeLessThanOrEqual(232);
    const floors = new Map(list?.floors);
    for (const { key } of carers) {
      const last = town.issuer.register.keys.get(key.name)?.lastRingseq ?? 0;
      const isCovered = last < (list?.ringfloor ?? 0) || last < (floors.get(key.name) ?? 0);
      expect(isCovered).toBe(true);
    }
    expect(list?.ringfloor).toBe(3);
    const alarms = town.issuer.history().filter((record) => record.kind === "alarm-raised");
    expect(alarms.map((alarm) => alarm.kind === "alarm-raised" && alarm.alarm)).toEqual([
      "ring-floor-raised",
      "ring-floor-raised",
    ]);
    // The ring numbers here take one or two octets; the longest take five.
    const bytes = bytesOfHex(list?.list ?? "").length + 4 * 22 + 3 * 210;
    expect(bytes + HEAD_BYTES).toBeLessThanOrEqual(SYNC_PAYLOAD_BYTES_MAX - 32);
  });

  test("F29: a death between a revocation and its list is made good with the next head", () => {
    const steps = { deadly: -1 };
    const { town, station, carers } = townWithKeys(3, () => {
      steps.deadly -= 1;
      if (steps.deadly === 0) throw new Error("killed");
    });
    const [honest, ...lost] = carers;
    if (honest === undefined) throw new Error("a carer");
    for (const { key } of lost) {
      // The third step is the begin of the second commit: the revocation is kept, the list is not.
      steps.deadly = 3;
      expect(() => revoke(town, key)).toThrow("killed");
      town.restart();
    }
    expect(town.issuer.register.floors).toBeNull();
    const messages = town.present(station, honest.key);
    const [list] = floorsIn(town, messages);
    expect(list?.floors.map((floor) => floor.devid)).toEqual(lost.map(({ key }) => key.devid));
    expect(headsIn(town.issuer, messages)[0]?.needlist).toBe(list?.listseq);
  });

  test("threat 24: several that do not fit at once are all covered by the raised floor", () => {
    const steps = { deadly: -1 };
    const { town, station, carers } = townWithKeys(236, () => {
      steps.deadly -= 1;
      if (steps.deadly === 0) throw new Error("killed");
    });
    const [honest, ...lost] = carers;
    if (honest === undefined) throw new Error("a carer");
    const stoppedWithoutList = lost.map(({ key }) => () => {
      steps.deadly = 3;
      expect(() => revoke(town, key)).toThrow("killed");
    });
    for (const stop of stoppedWithoutList) stop();
    town.restart();
    town.present(station, honest.key);
    const list = town.issuer.register.floors;
    // Heads 2 to 236 are lost; the three lowest do not fit.
    expect(list?.floors).toHaveLength(232);
    expect(list?.ringfloor).toBe(5);
  });

  test("needlist returns to 0 when nothing that was revoked can still live", () => {
    const { town, station, carers } = townWithKeys(2);
    const [lost, honest] = carers;
    if (lost === undefined || honest === undefined) throw new Error("two carers");
    revoke(town, lost.key);
    town.nowS += 3 * 24 * HOUR_S;
    const startS = town.nowS;
    const shift = { carer: honest.carer, startS, endS: startS + HOUR_S };
    must(town.issuer.planShift(town.north.planner, shift));
    const [head] = headsIn(town.issuer, town.present(station, honest.key));
    expect(head?.needlist).toBe(0);
  });
});

/**
 * Goal: no head of a revoked key is ever left uncovered while it lives.
 * Method: draw syncs, revocations and the passing of time; after each step compare every live head
 * of every stopped key with the newest list.
 */
test("rule 3, threat 24: the newest list covers each live head of each stopped key at all times", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("sync" as const), who: fc.nat(3) }),
    fc.record({ do: fc.constant("revoke" as const), who: fc.nat(3) }),
    fc.record({ do: fc.constant("wait" as const), hours: fc.integer({ min: 1, max: 30 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 15 }), (steps) => {
      const { town, station, carers } = townWithKeys(4);
      const { register } = town.issuer;
      for (const one of steps) {
        if (one.do === "wait") town.nowS += one.hours * HOUR_S;
        else {
          const who = carers[one.who];
          if (who === undefined) continue;
          const { carer, key } = who;
          if (one.do === "revoke") {
            town.issuer.revokeKey(town.north.planner, { devid: key.devid, reason: "x" });
          } else {
            const shift = { carer, startS: town.nowS, endS: town.nowS + 8 * HOUR_S };
            town.issuer.planShift(town.north.planner, shift);
            town.present(station, key);
          }
        }
        const floors = new Map(register.floors?.floors);
        for (const devid of register.stoppedKeys) {
          for (const head of register.keys.get(devid)?.heads ?? []) {
            if (head.expS <= town.nowS) continue;
            const isBelow = head.ringseq < (register.floors?.ringfloor ?? 0);
            expect(isBelow || head.ringseq < (floors.get(devid) ?? 0)).toBe(true);
          }
        }
      }
    }),
    { numRuns: 60 },
  );
});
