// SPDX-License-Identifier: EUPL-1.2
import { bytesOfHex, hexOf } from "@nyckelring/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  asciiBytes,
  createPacketReader,
  decodePublish,
  encodeConnect,
  encodeDisconnect,
  encodePing,
  encodePuback,
  encodePublish,
  encodeSubscribe,
  markDuplicate,
  PACKET_BODY_BYTES_MAX,
} from "./mqtt-packets.ts";

/** Reads a stream and tells its packets, and whether it was refused. */
function read(portions: readonly Uint8Array[]) {
  const packets: string[] = [];
  let faults = 0;
  const reader = createPacketReader(
    (type, flags, body) => {
      packets.push(`${type}/${flags} ${hexOf(body)}`);
      return true;
    },
    () => {
      faults += 1;
    },
  );
  for (const portion of portions) reader.push(portion);
  return { packets, faults };
}

describe("MQTT packets", () => {
  test("a client's packets are those of the standard, octet for octet", () => {
    const will = { topic: "w", payload: asciiBytes("0") };
    const plain = { clientId: "nk", isClean: false, keepAliveS: 60, login: undefined, will };
    expect(hexOf(encodeConnect(plain))).toBe(
      "1014" + "00044d51545404" + "2c003c" + "00026e6b" + "000177" + "000130",
    );
    const login = { user: "u", password: "p" };
    expect(hexOf(encodeConnect({ ...plain, isClean: true, login }))).toBe(
      "101a" + "00044d51545404" + "ee003c" + "00026e6b" + "000177" + "000130" + "000175" + "000170",
    );
    const publish = encodePublish("a/b", asciiBytes("hi"), 0x1234);
    expect(hexOf(publish)).toBe("3209" + "0003612f62" + "1234" + "6869");
    markDuplicate(publish);
    expect(publish[0]).toBe(0x3a);
    expect(hexOf(encodePublish("a", asciiBytes("1"), undefined))).toBe("310400016131");
    expect(hexOf(encodeSubscribe(10, "a/b"))).toBe("8208000a0003612f6201");
    expect(hexOf(encodePuback(0x0102))).toBe("40020102");
    expect([hexOf(encodePing()), hexOf(encodeDisconnect())]).toEqual(["c000", "e000"]);
    // Remaining length of two octets: 2 + 1 + 2 + 200 = 205 = 0x4d + 128, 1.
    expect(hexOf(encodePublish("a", new Uint8Array(200), 1).slice(0, 3))).toBe("32cd01");
  });

  test("packets are whole in whatever portions the octets come", () => {
    const stream = bytesOfHex(
      "20020000" + "90030001" + "01" + "d000" + "3206000161000968" + "40020007",
    );
    const whole = read([stream]);
    expect(whole).toEqual({
      packets: ["2/0 0000", "9/0 000101", "13/0 ", "3/2 000161000968", "4/0 0007"],
      faults: 0,
    });
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 30 }), (sizes) => {
        const portions: Uint8Array[] = [];
        let at = 0;
        for (const size of [...sizes, stream.length]) {
          portions.push(stream.slice(at, at + size));
          at += size;
        }
        expect(read(portions)).toEqual(whole);
      }),
    );
  });

  test("threat 31: a length beyond the bound or without an end is refused before its body comes", () => {
    const lengthOf = (bytes: number) => encodePublish("a", new Uint8Array(bytes - 5), 1);
    expect(read([lengthOf(PACKET_BODY_BYTES_MAX)]).packets.length).toBe(1);
    expect(read([lengthOf(PACKET_BODY_BYTES_MAX + 1).slice(0, 3)])).toEqual({
      packets: [],
      faults: 1,
    });
    expect(read([bytesOfHex("3280808001")]).faults).toBe(1);
    expect(read([bytesOfHex("32ffffff7f")]).faults).toBe(1);
    expect(read([bytesOfHex("32ffffffff")]).faults).toBe(1);
  });

  test("a first octet that no broker sends is refused, and nothing after it is read", () => {
    const welcome = new Set([0x20, 0x40, 0x90, 0xd0]);
    for (let octet = 1; octet < 256; octet += 1) {
      const isWelcome = welcome.has(octet) || octet >> 4 === 3;
      const { faults, packets } = read([Uint8Array.of(octet, 0), bytesOfHex("d000")]);
      expect([octet, faults]).toEqual([octet, isWelcome ? 0 : 1]);
      expect(packets.length).toBe(isWelcome ? 2 : 0);
    }
  });

  test("a message is refused at every length that is too short, and with QoS 2 or 3", () => {
    const whole = bytesOfHex("0003612f62" + "0009" + "68");
    expect(decodePublish(2, whole)).toEqual({
      topic: "a/b",
      qos: 1,
      id: 9,
      payload: asciiBytes("h"),
    });
    for (let length = 0; length < whole.length - 1; length += 1) {
      expect(decodePublish(2, whole.slice(0, length))).toBeUndefined();
    }
    expect(decodePublish(2, whole.slice(0, 7))?.payload.length).toBe(0);
    for (const flags of [4, 5, 6, 7, 8, 12, 14])
      expect(decodePublish(flags, whole)).toBeUndefined();
    expect(decodePublish(2, bytesOfHex("0003612f620000"))).toBeUndefined();
    expect(decodePublish(0, bytesOfHex("0000"))).toBeUndefined();
    expect(decodePublish(0, bytesOfHex("000100"))).toBeUndefined();
    expect(decodePublish(0, bytesOfHex("0001c3"))).toBeUndefined();
  });
});
