// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";
import { createBenchTimer } from "../../../test/lock-rig.ts";
import { createSmallBroker } from "../../../test/small-broker.ts";
import { LINK_GSM, LINK_LAN, LINK_NONE, type LinkKind } from "../../ports.ts";
import { createLinkLadder, type LinkLadder } from "../link-ladder.ts";
import { encodePublish } from "./mqtt-packets.ts";
import { createMqttUplink, mqttIdentityOf } from "./mqtt-uplink.ts";

/** The uplink under the ladder of a station, with a broker at the end of each link. */
function createRig(stationId = 3) {
  const timer = createBenchTimer();
  const after = (delayMs: number, callback: () => void) => void timer.port.after(delayMs, callback);
  const lan = createSmallBroker(after);
  const gsm = createSmallBroker(after, 5000);
  const down: number[][] = [];
  const moves: LinkKind[] = [];
  let ladder: LinkLadder | undefined;
  const uplink = createMqttUplink(
    timer.port,
    stationId,
    mqttIdentityOf(stationId, undefined),
    [
      { kind: LINK_LAN, stream: lan.stream },
      { kind: LINK_GSM, stream: gsm.stream },
    ],
    { onDown: (message) => down.push([...message]), onLinks: () => ladder?.update() },
  );
  const created = createLinkLadder(
    uplink,
    timer.port,
    () => true,
    () => moves.push(created.link()),
  );
  ladder = created;
  return { timer, lan, gsm, uplink, ladder: created, down, moves };
}

describe("the uplink of a station", () => {
  test("T4: an office network that leads nowhere is left for the modem, and taken again when it works", () => {
    const rig = createRig();
    rig.lan.setMood("takes-tcp-only");
    rig.ladder.update();
    rig.timer.pass(60_000);
    // A network that takes connections and hosts no broker is given up again and again, ever slower.
    expect(rig.uplink.links()).toContain(LINK_GSM);
    rig.lan.setMood("silent");
    rig.timer.pass(600_000);
    expect(rig.ladder.link()).toBe(LINK_GSM);
    expect(rig.uplink.isConnected()).toBe(true);
    rig.lan.setMood("works");
    rig.timer.pass(160_000);
    expect(rig.ladder.link()).toBe(LINK_LAN);
    expect(rig.uplink.isConnected()).toBe(true);
  });

  test("T7: what was handed over on one link is confirmed on the other, once", () => {
    const rig = createRig();
    rig.ladder.update();
    rig.timer.pass(1000);
    rig.lan.setMood("refuses");
    rig.lan.cut();
    rig.timer.pass(4000);
    expect(rig.ladder.link()).toBe(LINK_GSM);
    for (const octet of [1, 2, 3]) rig.uplink.publish(Uint8Array.of(octet));
    expect(rig.uplink.waiting()).toBe(3);
    rig.timer.pass(30_000);
    expect(rig.gsm.taken).toEqual([[1], [2], [3]]);
    expect(rig.uplink.waiting()).toBe(0);
  });

  test("F24: a broker that restarts is found again within seconds, and the station is told", () => {
    const rig = createRig();
    rig.ladder.update();
    rig.timer.pass(100);
    expect(rig.uplink.isConnected()).toBe(true);
    rig.moves.length = 0;
    rig.lan.cut();
    rig.timer.pass(3000);
    expect(rig.uplink.isConnected()).toBe(true);
    // The station sees a link that goes and comes, and asks and sends again what may be lost.
    expect(rig.moves).toEqual([LINK_NONE, LINK_LAN]);
    expect(rig.gsm.opens()).toBe(0);
  });

  test("pauses grow to two minutes, differ between stations, and begin anew after a good minute", () => {
    const opensIn = (stationId: number, ms: number): number[] => {
      const rig = createRig(stationId);
      rig.lan.setMood("refuses");
      rig.gsm.setMood("refuses");
      rig.ladder.update();
      const times: number[] = [];
      for (let at = 0; at < ms; at += 100) {
        const before = rig.lan.opens();
        rig.timer.pass(100);
        if (rig.lan.opens() > before) times.push(at);
      }
      return times;
    };
    const times = opensIn(3, 3_600_000);
    const pauses = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(Math.max(...pauses)).toBeLessThanOrEqual(150_200);
    expect(pauses.slice(0, 5).every((pause) => pause < 30_000)).toBe(true);
    expect(times.length).toBeLessThan(60);
    const firsts = new Set([1, 2, 3, 4, 5, 6, 7, 8].map((id) => opensIn(id, 5000)[1]));
    expect(firsts.size).toBeGreaterThan(4);

    const rig = createRig();
    rig.lan.setMood("refuses");
    rig.ladder.update();
    rig.timer.pass(600_000);
    rig.lan.setMood("works");
    rig.timer.pass(300_000);
    expect(rig.ladder.link()).toBe(LINK_LAN);
    rig.lan.cut();
    rig.timer.pass(3000);
    expect(rig.ladder.link()).toBe(LINK_LAN);
  });

  test("a broker that refuses the station is not asked more often than once in 45 seconds", () => {
    const rig = createRig();
    rig.lan.setMood("says-no");
    rig.gsm.setMood("refuses");
    rig.ladder.update();
    rig.timer.pass(40_000);
    expect(rig.lan.opens()).toBe(1);
  });

  test("F25: a cable that is pulled is left at once and taken again at once", () => {
    const rig = createRig();
    rig.ladder.update();
    rig.timer.pass(100);
    rig.uplink.setCarrier(LINK_LAN, false);
    rig.timer.pass(10);
    expect(rig.ladder.link()).toBe(LINK_NONE);
    rig.timer.pass(60_000);
    expect(rig.ladder.link()).toBe(LINK_GSM);
    const opens = rig.lan.opens();
    rig.timer.pass(600_000);
    expect(rig.lan.opens()).toBe(opens);
    rig.uplink.setCarrier(LINK_LAN, true);
    rig.timer.pass(100);
    expect(rig.ladder.link()).toBe(LINK_LAN);
    expect(rig.uplink.isConnected()).toBe(true);
  });

  test("T7: why a link was lost is told by its kind and reason", () => {
    const rig = createRig();
    expect(rig.uplink.fault?.()).toBe(0);
    rig.lan.setMood("says-no");
    rig.ladder.update();
    rig.timer.pass(100);
    expect(rig.uplink.fault?.()).toBe(LINK_LAN * 256 + 4);
    rig.lan.setMood("refuses");
    rig.gsm.setMood("silent");
    rig.timer.pass(600_000);
    expect(rig.uplink.fault?.()).toBe(LINK_GSM * 256 + 2);
  });

  test("F23: a message that comes down twice is handed over twice, and judged by the station", () => {
    const rig = createRig();
    rig.ladder.update();
    rig.timer.pass(100);
    const packet = encodePublish("nk/1/3/down", Uint8Array.of(9), 5);
    rig.lan.deliver(packet);
    rig.lan.deliver(packet);
    expect(rig.down).toEqual([[9], [9]]);
  });
});
