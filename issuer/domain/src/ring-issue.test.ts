// SPDX-License-Identifier: EUPL-1.2
import {
  applyRingDelta,
  bytesOfHex,
  type DownMessage,
  decodeRingBundle,
  decodeRingDelta,
  FLAG_STOP_AT_FULL_LOG,
  hexOf,
  KEY_FOREIGN_STATION,
  NO_SHIFT,
  RING_EMPTY,
  type RingSlots,
  ringSecret,
  rootHead,
  UNKNOWN_DEVICE,
  verifyRingHead,
  WINDOW_S_MAX,
  WINDOW_TOO_LONG,
} from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";
import {
  anchorsOf,
  codeOf,
  createTown,
  crypto,
  HOUR_S,
  headsIn,
  MORNING_S,
  must,
  readDown,
  type Station,
  type TestDevice,
  type Town,
} from "../test/town.ts";

const EMPTY_16 = rootHead(crypto.hash(new Uint8Array(0)));

/** Applies the parts of a ring as a key does and gives the new slots. */
function activate(
  town: Town,
  key: TestDevice,
  previous: RingSlots,
  messages: readonly DownMessage[],
  hold = 0,
): { slots: RingSlots; root16: Uint8Array; parts: number; bytes: number } {
  const parts = messages.filter((message) => message.type === 1 && message.hold === hold);
  const secret = ringSecret(crypto, must(key.agreement.agree(town.issuer.issuerAgreementKey)));
  let bytes = 0;
  let head: ReturnType<typeof headsIn>[number] | undefined;
  const changes: { slot: number; leaf: RingSlots[number] }[] = [];
  let base16: Uint8Array = EMPTY_16;
  let isUnchanged = false;
  for (const part of parts) {
    if (part.type !== 1) continue;
    bytes += part.bundle.length;
    const bundle = must(decodeRingBundle(part.bundle));
    head = must(verifyRingHead(bundle.head, anchorsOf(town.issuer, 1)));
    isUnchanged = bundle.delta === null;
    if (bundle.delta === null) continue;
    const delta = must(decodeRingDelta(bundle.delta));
    base16 = delta.base16;
    changes.push(...delta.changes);
  }
  if (head === undefined) throw new Error("no ring came");
  const new16 = rootHead(head.root);
  if (isUnchanged) return { slots: previous, root16: new16, parts: parts.length, bytes };
  const whole = { base16, new16, changes };
  const slots = must(applyRingDelta(crypto, secret, previous, whole, head));
  return { slots, root16: new16, parts: parts.length, bytes };
}

function townWithShift(inS = HOUR_S, settings: { readonly stopsAtFullLog?: boolean } = {}) {
  const town = createTown(undefined, settings);
  const house = town.house(["A1", "A2"], town.north.provider);
  const anna = town.carer(town.north, "anna");
  const station = town.station(town.north.provider);
  const shift = { carer: anna.carer, startS: MORNING_S + inS, endS: MORNING_S + inS + 8 * HOUR_S };
  must(town.issuer.planShift(town.north.planner, shift));
  return { town, house, anna, station };
}

describe("ring issue", () => {
  test("T1, I2: a key that syncs at shift start gets a head over its clients' doors", () => {
    const { town, house, anna, station } = townWithShift();
    const messages = town.present(station, anna.key);
    const { slots } = activate(town, anna.key, [], messages);
    const doors = slots.map((leaf) => leaf?.target);
    expect(new Set(doors)).toEqual(new Set([house.entrance, ...house.apartments]));
    const [head] = headsIn(town.issuer, messages);
    expect(hexOf(head?.holder.devid ?? new Uint8Array())).toBe(anna.key.name);
    expect(head?.expS).toBe(MORNING_S + 9.5 * HOUR_S);
    expect(head?.nbfS).toBe(MORNING_S + HOUR_S / 2);
  });

  test("K2: what keys do with a full log is said by every head of a shift, and by no emergency head", () => {
    for (const stopsAtFullLog of [true, false, undefined]) {
      const settings = stopsAtFullLog === undefined ? {} : { stopsAtFullLog };
      const { town, anna, house, station } = townWithShift(HOUR_S, settings);
      const { issuer, desk, secondDesk } = town;
      const saysStop = (heads: readonly { readonly flags: number }[]) =>
        heads.map(({ flags }) => (flags & FLAG_STOP_AT_FULL_LOG) !== 0);
      const inAdvance = headsIn(issuer, readDown(station, issuer.outgoing(station.stationId)));
      expect(saysStop(inAdvance)).toEqual([stopsAtFullLog === true]);
      const atSync = headsIn(issuer, town.present(station, anna.key));
      expect(saysStop(atSync)).toContain(stopsAtFullLog === true);
      expect(saysStop(atSync)).not.toContain(stopsAtFullLog !== true);
      const order = { door: house.apartments[0] ?? 0, devid: anna.key.devid, reason: "larm" };
      const request = must(issuer.requestEmergency(town.north.planner, order));
      must(issuer.approveEmergency(desk, request));
      must(issuer.approveEmergency(secondDesk, request));
      const emergency = headsIn(issuer, town.present(station, anna.key)).filter(
        ({ size }) => size === 1,
      );
      expect(saysStop(emergency)).toEqual([false]);
    }
  });

  test("T2: a key without a planned shift gets no head and hears why", () => {
    const { town, anna, station } = townWithShift();
    town.nowS = MORNING_S + 20 * HOUR_S;
    const messages = town.present(station, anna.key);
    expect(headsIn(town.issuer, messages)).toEqual([]);
    expect(messages.at(-1)).toMatchObject({ type: 5, code: NO_SHIFT });
  });

  test("T2: a head is not released hours before its window", () => {
    const { town, anna, station } = townWithShift(4 * HOUR_S);
    expect(town.present(station, anna.key).at(-1)).toMatchObject({ type: 5, code: NO_SHIFT });
  });

  test("T2: a key whose carer reaches no door hears that, until a door is there", () => {
    const { town } = townWithShift();
    const cilla = town.carer(town.south, "cilla");
    const station = town.station(town.south.provider);
    const shift = { carer: cilla.carer, startS: MORNING_S, endS: MORNING_S + 8 * HOUR_S };
    must(town.issuer.planShift(town.south.planner, shift));
    const messages = town.present(station, cilla.key);
    expect(headsIn(town.issuer, messages)).toEqual([]);
    expect(messages.at(-1)).toMatchObject({ type: 5, code: RING_EMPTY });
    expect(town.issuer.outgoing(station.stationId)).toEqual([]);
    const { apartments, entrance } = town.house(["S1"], town.south.provider);
    const { slots, root16 } = activate(town, cilla.key, [], town.present(station, cilla.key));
    expect(slots.map((leaf) => leaf?.target)).toEqual([entrance, ...apartments]);
    // What it had is taken from it by a ring without rights.
    const none = { client: "S1", provider: town.south.provider, active: false };
    must(town.issuer.setClientActive(town.south.planner, none));
    const after = town.present(station, cilla.key, { root16 });
    expect(activate(town, cilla.key, slots, after).slots).toEqual([null, null]);
  });

  test("a strange key hears that it is unknown, and nothing is recorded of it", () => {
    const { town, anna, station } = townWithShift();
    const stranger = { ...anna.key, devid: bytesOfHex("0102030405060708") };
    const before = town.issuer.history().length;
    expect(town.present(station, stranger)).toMatchObject([{ type: 5, code: UNKNOWN_DEVICE }]);
    const kinds = town.issuer
      .history()
      .slice(before)
      .map((record) => record.kind);
    expect(kinds).toEqual(["station-numbers-reserved"]);
  });

  test("I8: another provider's station releases no ring for the key", () => {
    const { town, anna } = townWithShift();
    const foreign = town.station(town.south.provider);
    const messages = town.present(foreign, anna.key);
    expect(messages).toMatchObject([{ type: 5, code: KEY_FOREIGN_STATION }]);
  });

  test("an unchanged ring keeps its root: the next shift costs one head of at most 300 B", () => {
    const { town, anna, station } = townWithShift();
    const first = activate(town, anna.key, [], town.present(station, anna.key));
    const said = { root16: first.root16 };
    const second = activate(town, anna.key, first.slots, town.present(station, anna.key, said));
    expect(second.root16).toEqual(first.root16);
    expect(second.bytes).toBeLessThanOrEqual(300);
  });

  test("a removed right leaves a tombstone and a new one takes it; others keep their slots", () => {
    const { town, anna, station, house } = townWithShift();
    const first = activate(town, anna.key, [], town.present(station, anna.key));
    const gone = { client: "A1", provider: town.north.provider, active: false };
    must(town.issuer.setClientActive(town.north.planner, gone));
    const second = activate(
      town,
      anna.key,
      first.slots,
      town.present(station, anna.key, { root16: first.root16 }),
    );
    const slot = first.slots.findIndex((leaf) => leaf?.target === house.apartments[0]);
    expect(second.slots[slot]).toBeNull();
    const other = town.house(["A3"], town.north.provider);
    const third = activate(
      town,
      anna.key,
      second.slots,
      town.present(station, anna.key, { root16: second.root16 }),
    );
    expect([other.entrance, ...other.apartments]).toContain(third.slots[slot]?.target);
    for (const [index, leaf] of first.slots.entries()) {
      if (index !== slot) expect(third.slots[index]).toEqual(leaf);
    }
  });

  test("a key with a ring that the issuer never knew gets the whole ring", () => {
    const { town, anna, station } = townWithShift();
    const strange = { root16: crypto.hash(new Uint8Array([1])).slice(0, 16) };
    const { slots } = activate(town, anna.key, [], town.present(station, anna.key, strange));
    expect(slots.filter((leaf) => leaf !== null)).toHaveLength(3);
  });

  test("`until` is the right's end and never the shift's", () => {
    const { town, anna, station } = townWithShift();
    const untilS = MORNING_S + 30 * 24 * HOUR_S;
    must(town.issuer.restrictRight(town.north.planner, { right: anna.right, untilS }));
    const { slots } = activate(town, anna.key, [], town.present(station, anna.key));
    expect(new Set(slots.map((leaf) => leaf?.untilS))).toEqual(new Set([untilS]));
  });

  test("T1: a repeated message of one contact gets the same head", () => {
    const { town, anna, station } = townWithShift();
    const nonce = bytesOfHex("00000000000000aa");
    const [first] = headsIn(town.issuer, town.present(station, anna.key, { nonce }));
    town.nowS += 5;
    const [again] = headsIn(town.issuer, town.present(station, anna.key, { nonce }));
    expect(again).toEqual(first);
    const [fresh] = headsIn(town.issuer, town.present(station, anna.key));
    expect(fresh?.ringseq).toBe((first?.ringseq ?? 0) + 1);
  });

  test("S2: ring numbers grow over all keys of the authority, also after a restart", () => {
    const { town, anna, station } = townWithShift();
    const [first] = headsIn(town.issuer, town.present(station, anna.key));
    town.restart();
    const [second] = headsIn(town.issuer, town.present(station, anna.key));
    expect(second?.ringseq).toBe((first?.ringseq ?? 0) + 1);
    expect(second?.root).toEqual(first?.root);
  });

  test("a shift of more than 12 h 30 min with its grace is refused", () => {
    const { town, anna } = townWithShift();
    const { carer } = anna;
    const startS = MORNING_S + 48 * HOUR_S;
    const longest = { carer, startS, endS: startS + WINDOW_S_MAX - 1800 };
    expect(codeOf(town.issuer.planShift(town.north.planner, longest))).toBe(0);
    const longer = { ...longest, endS: longest.endS + 1 };
    expect(codeOf(town.issuer.planShift(town.north.planner, longer))).toBe(WINDOW_TOO_LONG);
    town.nowS = startS;
    const station = town.station();
    const [head] = headsIn(town.issuer, town.present(station, anna.key));
    expect((head?.expS ?? 0) - (head?.nbfS ?? 0)).toBe(WINDOW_S_MAX);
  });

  test("T8: one head per key is signed in advance by default, and none once it was activated", () => {
    const { town, anna, station } = townWithShift(4 * HOUR_S);
    const laid = readAhead(town, station);
    expect(laid).toHaveLength(1);
    expect(laid[0]).toMatchObject({ type: 1, hold: 1 });
    const { slots } = activate(town, anna.key, [], laid, 1);
    expect(slots.filter((leaf) => leaf !== null)).toHaveLength(3);
    expect(readAhead(town, station)).toEqual([]);
    town.nowS = MORNING_S + 4 * HOUR_S;
    town.present(station, anna.key);
    must(town.issuer.setPreSigned(town.desk, { provider: town.north.provider, preSigned: 2 }));
    expect(readAhead(town, station)).toEqual([]);
  });

  test("of two shifts that touch the later is activated, because its window lasts longer", () => {
    const { town, anna, station } = townWithShift();
    const startS = MORNING_S + 9 * HOUR_S;
    const next = { carer: anna.carer, startS, endS: startS + 4 * HOUR_S };
    must(town.issuer.planShift(town.north.planner, next));
    town.nowS = startS - 600;
    const [head] = headsIn(town.issuer, town.present(station, anna.key));
    expect(head?.expS).toBe(next.endS + 1800);
  });

  test("T8: only as many shifts as the provider allows have a head in advance", () => {
    const { town, anna, station } = townWithShift();
    for (const hours of [10, 14]) {
      const startS = MORNING_S + hours * HOUR_S;
      const next = { carer: anna.carer, startS, endS: startS + 2 * HOUR_S };
      must(town.issuer.planShift(town.north.planner, next));
    }
    expect(headsIn(town.issuer, readAhead(town, station))).toHaveLength(1);
    must(town.issuer.setPreSigned(town.desk, { provider: town.north.provider, preSigned: 2 }));
    expect(headsIn(town.issuer, readAhead(town, station))).toHaveLength(1);
    expect(readAhead(town, station)).toEqual([]);
  });

  test("T8: a head in advance is signed anew when rights change, for the same window", () => {
    const { town, station } = townWithShift();
    const [before] = headsIn(town.issuer, readAhead(town, station));
    town.house(["A9"], town.north.provider);
    const [after] = headsIn(town.issuer, readAhead(town, station));
    expect(after?.root).not.toEqual(before?.root);
    expect(after?.expS).toBe(before?.expS);
  });

  test("T8: a provider that wants no heads in advance gets none", () => {
    const { town, station } = townWithShift();
    must(town.issuer.setPreSigned(town.desk, { provider: town.north.provider, preSigned: 0 }));
    expect(readAhead(town, station)).toEqual([]);
  });
});

function readAhead(town: Town, station: Station): DownMessage[] {
  return readDown(station, town.issuer.outgoing(station.stationId));
}
