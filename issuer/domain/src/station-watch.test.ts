// SPDX-License-Identifier: EUPL-1.2
import { encodeUp, ROLE_FORBIDDEN, type UpMessage } from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";
import { createTown, crypto, MORNING_S, must, type Town } from "../test/town.ts";

const MINUTE_S = 60;

function status(nowS: number): UpMessage {
  return { type: 1, nowS, power: 1, batteryPercent: 42, link: 3, queued: 7 };
}

function alarmsOf(town: Town) {
  return town.issuer
    .history()
    .flatMap((fact) =>
      fact.kind === "alarm-raised" && fact.alarm === "station-silent" ? [fact] : [],
    );
}

/** Minutes go by; the issuer looks for silent stations in each. */
function pass(town: Town, minutes: number, each: () => void = () => undefined): void {
  for (let minute = 0; minute < minutes; minute += 1) {
    town.nowS += MINUTE_S;
    each();
    town.issuer.watchStations();
  }
}

describe("the eye on stations", () => {
  test("F21, F24: a station that falls silent raises one alarm, and another one after its next word", () => {
    const town = createTown();
    const station = town.station(town.north.provider);
    pass(town, 60);
    // One that never spoke was not put up yet.
    expect(alarmsOf(town)).toEqual([]);
    pass(town, 30, () => town.up(station, status(town.nowS)));
    expect(alarmsOf(town)).toEqual([]);
    pass(town, 14);
    expect(alarmsOf(town)).toEqual([]);
    pass(town, 60);
    expect(alarmsOf(town)).toMatchObject([
      { subject: `station ${station.stationId}`, detail: 900 },
    ]);
    town.up(station, status(town.nowS));
    pass(town, 60);
    expect(alarmsOf(town).length).toBe(2);
  });

  test("T5: the last word of a station is its power, link, battery and queue", () => {
    const town = createTown();
    const station = town.station(town.north.provider);
    const { stationId } = station;
    const read = () =>
      must(town.issuer.stationHealth(town.desk)).find((one) => one.station === stationId);
    expect(read()).toMatchObject({ heardAtS: null, power: null, isSilent: false });
    town.nowS += 10;
    town.up(station, status(town.nowS));
    expect(read()).toEqual({
      station: stationId,
      provider: town.north.provider,
      heardAtS: MORNING_S + 10,
      power: 1,
      link: 3,
      batteryPercent: 42,
      queued: 7,
      isSilent: false,
    });
    pass(town, 15);
    expect(read()?.isSilent).toBe(true);
  });

  test("threat 47: an old message that comes again is no sign of life, nor is one that somebody else made", () => {
    const town = createTown();
    const station = town.station(town.north.provider);
    const old = encodeUp(crypto, station, 1, status(town.nowS));
    const forged = { ...station, commandKey: new Uint8Array(32) };
    town.issuer.receiveUp(station.stationId, old);
    pass(town, 20, () => {
      town.issuer.receiveUp(station.stationId, old);
      town.issuer.receiveUp(station.stationId, encodeUp(crypto, forged, 9, status(town.nowS)));
    });
    expect(alarmsOf(town).length).toBe(1);
  });

  test("I6: a provider sees its own stations, a stranger none", () => {
    const town = createTown();
    const north = town.station(town.north.provider);
    const south = town.station(town.south.provider);
    const seen = (by: number) => must(town.issuer.stationHealth(by)).map((one) => one.station);
    expect(seen(town.north.planner)).toEqual([north.stationId]);
    expect(seen(town.south.planner)).toEqual([south.stationId]);
    expect(seen(town.desk)).toEqual([north.stationId, south.stationId]);
    expect(town.issuer.stationHealth(999)).toMatchObject({
      ok: false,
      fault: { code: ROLE_FORBIDDEN },
    });
  });
});
