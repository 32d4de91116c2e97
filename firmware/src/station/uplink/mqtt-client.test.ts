// SPDX-License-Identifier: EUPL-1.2
import { bytesOfHex, concatBytes, hexOf } from "@nyckelring/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createBenchTimer } from "../../../test/lock-rig.ts";
import type { StreamListener } from "../../ports.ts";
import {
  createMqttClient,
  END_PROTOCOL,
  END_REFUSED,
  END_SILENT,
  END_STREAM,
  type MqttPace,
} from "./mqtt-client.ts";
import { asciiBytes, encodePublish } from "./mqtt-packets.ts";

const PACE: MqttPace = { keepAliveS: 40, openMs: 15_000, answerMs: 10_000 };
const TOPIC_DOWN = "nk/1/3/down";
const CONNACK = bytesOfHex("20020000");

/** A client with the broker's side of its stream in our hands. */
function createRig() {
  const timer = createBenchTimer();
  const told: string[] = [];
  let listener: StreamListener | undefined;
  let opens = 0;
  let sent: Uint8Array[] = [];
  const stream = {
    open(next: StreamListener) {
      opens += 1;
      listener = next;
    },
    send: (bytes: Uint8Array) => void sent.push(bytes.slice()),
    close() {
      listener = undefined;
    },
  };
  const identity = {
    clientId: "nk-station-3",
    login: undefined,
    topicUp: "nk/1/3/up",
    topicDown: TOPIC_DOWN,
    topicPresence: "nk/1/3/presence",
  };
  const client = createMqttClient(timer.port, identity, {
    onUp: () => told.push("up"),
    onMessage: (payload) => told.push(`message ${hexOf(payload)}`),
    onEnd: (reason) => told.push(`end ${reason}`),
  });
  const rig = {
    timer,
    client,
    stream,
    told,
    opens: () => opens,
    isOpen: () => listener !== undefined,
    /** What the client sent since the last call, as hexadecimal packets. */
    take(): string[] {
      const taken = sent.map(hexOf);
      sent = [];
      return taken;
    },
    open: () => listener?.onOpen(),
    broker: (bytes: Uint8Array) => listener?.onBytes(bytes),
    cut() {
      const told = listener;
      listener = undefined;
      told?.onEnd();
    },
    /** A connection up to the broker's yes, subscription included. */
    goUp() {
      client.connect(stream, PACE);
      rig.open();
      rig.broker(CONNACK);
      const subscribe = rig.take().find((packet) => packet.startsWith("82")) ?? "";
      rig.broker(bytesOfHex(`9003${subscribe.slice(4, 8)}01`));
      return rig;
    },
  };
  return rig;
}

/** Packet identifiers of the QoS 1 messages among packets, with DUP marked. */
function publishes(packets: readonly string[]): string[] {
  return packets
    .filter((packet) => packet.startsWith("32") || packet.startsWith("3a"))
    .map(
      (packet) =>
        `${packet.startsWith("3a") ? "dup " : ""}${packet.slice(26, 30)} ${packet.slice(30)}`,
    );
}

function ackOf(publish: string): Uint8Array {
  return bytesOfHex(`4002${publish.replace("dup ", "").slice(0, 4)}`);
}

describe("the MQTT client of a station", () => {
  test("T4: says who it is with a will, subscribes, and tells that it is there", () => {
    const rig = createRig();
    rig.client.connect(rig.stream, PACE);
    expect(rig.take()).toEqual([]);
    rig.open();
    const [connect] = rig.take();
    // A lasting session, keep-alive 40 s, will "0" retained with QoS 1 on the topic of presence.
    expect(connect).toContain(`00044d515454042c0028000c${hexOf(asciiBytes("nk-station-3"))}`);
    expect(connect?.endsWith(`${hexOf(asciiBytes("nk/1/3/presence"))}000130`)).toBe(true);
    rig.broker(CONNACK);
    expect(rig.take()).toEqual([
      `82100001000b${hexOf(asciiBytes(TOPIC_DOWN))}01`,
      `3112000f${hexOf(asciiBytes("nk/1/3/presence"))}31`,
    ]);
    expect(rig.told).toEqual(["up"]);
    rig.client.disconnect();
    expect(rig.take()).toEqual([`3112000f${hexOf(asciiBytes("nk/1/3/presence"))}30`, "e000"]);
    expect(rig.told).toEqual(["up"]);
  });

  test("T3, F24: what was not confirmed is sent again on the next connection, in order and marked", () => {
    const again = createRig();
    for (const octet of [1, 2, 3]) again.client.publish(Uint8Array.of(octet));
    again.client.connect(again.stream, PACE);
    again.open();
    again.broker(CONNACK);
    const first = publishes(again.take());
    expect(first.map((one) => one.slice(-2))).toEqual(["01", "02", "03"]);
    again.broker(ackOf(first[1] ?? ""));
    expect(again.client.waiting()).toBe(2);
    again.cut();
    expect(again.told).toEqual(["up", `end ${END_STREAM}`]);
    again.goUp();
    again.client.publish(Uint8Array.of(4));
    expect(publishes(again.take())).toEqual([expect.stringMatching(/^.... 04$/)]);
    // The repetitions of the second connection were taken by `goUp`; look at those of a third one.
    again.cut();
    again.client.connect(again.stream, PACE);
    again.open();
    again.broker(CONNACK);
    expect(publishes(again.take())).toEqual([
      `dup ${first[0]}`,
      `dup ${first[2]}`,
      expect.stringMatching(/^dup .... 04$/),
    ]);
  });

  test("at most eight messages are under way, and the rest follows their confirmations", () => {
    const rig = createRig().goUp();
    for (let octet = 0; octet < 20; octet += 1) rig.client.publish(Uint8Array.of(octet));
    let seen = publishes(rig.take());
    expect(seen.length).toBe(8);
    const order = seen.map((one) => one.slice(-2));
    while (rig.client.waiting() > 0) {
      rig.broker(ackOf(seen[0] ?? ""));
      const fresh = publishes(rig.take());
      seen = [...seen.slice(1), ...fresh];
      order.push(...fresh.map((one) => one.slice(-2)));
    }
    expect(order).toEqual(Array.from({ length: 20 }, (_, octet) => hexOf(Uint8Array.of(octet))));
  });

  test("I6: what waits is bounded in number and octets, and nothing waits twice", () => {
    const rig = createRig();
    expect(rig.client.publish(Uint8Array.of(1))).toBe(true);
    expect(rig.client.publish(Uint8Array.of(1))).toBe(true);
    expect(rig.client.waiting()).toBe(1);
    let taken = 0;
    while (rig.client.publish(new Uint8Array(4096).fill(taken + 2))) taken += 1;
    expect(taken).toBe(7);
    // A key that asks for its ring is heard although uploads fill the memory.
    for (let octet = 0; octet < 40; octet += 1) {
      expect(rig.client.publish(Uint8Array.of(octet, octet))).toBe(true);
    }
    expect(rig.client.publish(Uint8Array.of(9, 9, 9))).toBe(false);
    expect(rig.client.waiting()).toBe(48);
  });

  test("a message is confirmed after it was delivered; another topic is confirmed and left alone", () => {
    const rig = createRig().goUp();
    rig.broker(encodePublish(TOPIC_DOWN, Uint8Array.of(7), 0x0123));
    rig.broker(encodePublish("nk/1/4/down", Uint8Array.of(8), 0x0124));
    expect(rig.told).toEqual(["up", "message 07"]);
    expect(rig.take()).toEqual(["40020123", "40020124"]);
    rig.broker(bytesOfHex(`300e000b${hexOf(asciiBytes(TOPIC_DOWN))}09`));
    expect(rig.told.at(-1)).toBe("message 09");
    expect(rig.take()).toEqual([]);
  });

  test("F24: silence ends the connection in each of its states, and never before its time", () => {
    const opening = createRig();
    opening.client.connect(opening.stream, PACE);
    opening.timer.pass(PACE.openMs - 1);
    expect(opening.told).toEqual([]);
    opening.timer.pass(1);
    expect(opening.told).toEqual([`end ${END_SILENT}`]);

    const asking = createRig();
    asking.client.connect(asking.stream, PACE);
    asking.open();
    asking.timer.pass(PACE.answerMs);
    expect(asking.told).toEqual([`end ${END_SILENT}`]);

    const subscribing = createRig();
    subscribing.client.connect(subscribing.stream, PACE);
    subscribing.open();
    subscribing.broker(CONNACK);
    subscribing.timer.pass(PACE.answerMs);
    expect(subscribing.told).toEqual(["up", `end ${END_SILENT}`]);

    const publishing = createRig().goUp();
    publishing.client.publish(Uint8Array.of(1));
    publishing.timer.pass(PACE.answerMs);
    expect(publishing.told).toEqual(["up", `end ${END_SILENT}`]);

    const idle = createRig().goUp();
    idle.timer.pass(PACE.keepAliveS * 1000);
    expect(idle.take()).toEqual(["c000"]);
    idle.timer.pass(PACE.answerMs);
    expect(idle.told).toEqual(["up", `end ${END_SILENT}`]);
  });

  test("an answered ping keeps an idle connection for hours, at two octets in twenty seconds", () => {
    const rig = createRig().goUp();
    let pings = 0;
    for (let second = 0; second < 7200; second += 1) {
      rig.timer.pass(1000);
      for (const packet of rig.take()) {
        expect(packet).toBe("c000");
        pings += 1;
        rig.broker(bytesOfHex("d000"));
      }
    }
    expect(rig.told).toEqual(["up"]);
    expect(pings).toBeGreaterThan(300);
    expect(pings).toBeLessThan(370);
  });

  test("a broker that says no is told apart from one that is away", () => {
    for (const code of [1, 2, 3, 4, 5, 255]) {
      const rig = createRig();
      rig.client.connect(rig.stream, PACE);
      rig.open();
      rig.broker(Uint8Array.of(0x20, 2, 0, code));
      expect(rig.told).toEqual([`end ${END_REFUSED}`]);
      expect(rig.isOpen()).toBe(false);
    }
    const rig = createRig();
    rig.client.connect(rig.stream, PACE);
    rig.open();
    rig.broker(CONNACK);
    rig.broker(bytesOfHex("9003000180"));
    expect(rig.told).toEqual(["up", `end ${END_REFUSED}`]);
  });

  test("threat 47: packets out of place, unknown or malformed end the connection and nothing else", () => {
    const outOfPlace = ["40020001", "90030001" + "01", "d000", "3003000161"];
    for (const hex of outOfPlace) {
      const rig = createRig();
      rig.client.connect(rig.stream, PACE);
      rig.open();
      rig.broker(bytesOfHex(hex));
      expect([hex, rig.told]).toEqual([hex, [`end ${END_PROTOCOL}`]]);
    }
    const malformed = [
      "20020000",
      "2003000000",
      "4001" + "00",
      "4003000100",
      "9003000901",
      "d00100",
      "34050001610001",
      "00",
      "f000",
    ];
    for (const hex of malformed) {
      const rig = createRig().goUp();
      rig.broker(bytesOfHex(hex));
      expect([hex, rig.told]).toEqual([hex, ["up", `end ${END_PROTOCOL}`]]);
    }
    // A confirmation of what was never sent is no confirmation of what was.
    const rig = createRig().goUp();
    rig.client.publish(Uint8Array.of(1));
    rig.broker(bytesOfHex("40027777"));
    expect(rig.client.waiting()).toBe(1);
  });

  test("threat 47: whatever a broker says, cut short or with any bit turned, nothing throws and what waits is kept", () => {
    const script = concatBytes([
      CONNACK,
      bytesOfHex("9003000101"),
      encodePublish(TOPIC_DOWN, Uint8Array.of(1, 2, 3), 7),
      bytesOfHex("d000"),
    ]);
    const play = (octets: Uint8Array) => {
      const rig = createRig();
      rig.client.publish(Uint8Array.of(0x55));
      rig.client.connect(rig.stream, PACE);
      rig.open();
      rig.broker(octets);
      rig.cut();
      expect(rig.client.waiting()).toBe(1);
      expect(rig.client.isUp()).toBe(false);
      // It is ready for the next connection, whatever happened on this one.
      rig.told.length = 0;
      rig.client.connect(rig.stream, PACE);
      rig.open();
      rig.broker(CONNACK);
      expect(rig.told).toEqual(["up"]);
      expect(publishes(rig.take()).at(-1)?.slice(-2)).toBe("55");
      rig.timer.pass(600_000);
      expect(rig.isOpen()).toBe(false);
    };
    for (let length = 0; length <= script.length; length += 1) play(script.slice(0, length));
    for (let bit = 0; bit < script.length * 8; bit += 1) {
      const altered = script.slice();
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      play(altered);
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => play(octets)));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (octets) =>
        play(concatBytes([CONNACK, octets])),
      ),
    );
  });
});
