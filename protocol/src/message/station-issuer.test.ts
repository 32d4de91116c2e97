// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";
import { bytesOfHex } from "../bytes.ts";
import { decodeCbor } from "../cbor/decode.ts";
import { encodeCbor } from "../cbor/encode.ts";
import type { CborValue } from "../cbor/value.ts";
import { MAC_INVALID, MESSAGE_MALFORMED } from "../errors/code.ts";
import { createNodeCrypto } from "../host/node-crypto.ts";
import { acceptedDamages, codeOf, testSecret, unwrap } from "../host/testing.ts";
import {
  type DownMessage,
  decodeDown,
  decodeUp,
  encodeDown,
  encodeUp,
  type UpMessage,
} from "./station-issuer.ts";
import * as types from "./types.ts";

const crypto = createNodeCrypto();
const station = { stationId: 3, commandKey: testSecret(8) };
const upBytes = (seq: number, message: UpMessage) => encodeUp(crypto, station, seq, message);
const readUp = (bytes: Uint8Array) => decodeUp(crypto, station, bytes);
const UP_DIRECTION = 1;
const DOWN_DIRECTION = 2;
const devid = bytesOfHex("0102030405060708");
const octets = bytesOfHex("aabbcc");

const UP: readonly UpMessage[] = [
  { type: types.UP_STATUS, nowS: 1795500000, power: 2, batteryPercent: 100, link: 3, queued: 7 },
  {
    type: types.UP_KEY_PRESENT,
    devid,
    ringseq: 3,
    root16: new Uint8Array(16),
    listseq: 12,
    nonce: devid,
    batteryPercent: 20,
    timeAsks: [{ devid, nonce: bytesOfHex("b1b2b3b4b5b6b7b8") }],
  },
  { type: types.UP_UPLOAD, sealed: octets },
  { type: types.UP_STATION_LOG, events: [{ tS: 1, event: 0x0108, detail: 2 }] },
];

const DOWN: readonly DownMessage[] = [
  {
    type: types.DOWN_BUNDLE,
    devid,
    hold: 1,
    part: 2,
    parts: 3,
    bundle: octets,
    objects: [octets, octets],
  },
  { type: types.DOWN_OBJECTS, devid, objects: [octets] },
  { type: types.DOWN_UPLOAD_ACK, seqs: [1, 4294967295] },
  { type: types.DOWN_CONFIG, nowS: 1795500000, presignedPerKey: 1 },
  { type: types.DOWN_REFUSED, devid, code: 0x0404 },
  { type: types.DOWN_SERVICE, serial: 1795500000, untilS: 1795503600 },
];

const isPair = (type: number) => type === types.DOWN_CONFIG || type === types.DOWN_SERVICE;

/** A genuine MAC over anything. */
function sealed(direction: number, seq: CborValue, type: CborValue, body: CborValue): Uint8Array {
  const covered = encodeCbor([direction, station.stationId, seq, type, body]);
  const mac = crypto.hmac(station.commandKey, covered).slice(0, 16);
  return encodeCbor([seq, type, body, mac]);
}

function sealedDown(seq: CborValue, type: CborValue, body: CborValue): Uint8Array {
  return sealed(DOWN_DIRECTION, seq, type, body);
}

describe("what a station says", () => {
  test("reads back under its number", () => {
    for (const message of UP) {
      expect(unwrap(readUp(upBytes(9, message)))).toEqual({ seq: 9, message });
    }
  });

  test("is refused for every truncation and every flipped bit", () => {
    for (const message of UP) expect(acceptedDamages(upBytes(9, message), readUp)).toEqual([]);
  });

  test("is refused under another secret, and in the name of another station", () => {
    const others = [
      { ...station, commandKey: testSecret(7) },
      { ...station, stationId: 4 },
      { stationId: 4, commandKey: testSecret(7) },
    ];
    for (const message of UP) {
      for (const other of others) {
        const bytes = encodeUp(crypto, other, 9, message);
        expect(codeOf(readUp(bytes))).toBe(MAC_INVALID);
        expect(codeOf(decodeUp(crypto, other, upBytes(9, message)))).toBe(MAC_INVALID);
      }
    }
  });

  test("is refused without a MAC, as it once went up", () => {
    for (const message of UP) {
      const fields = unwrap(decodeCbor(upBytes(9, message))) as readonly CborValue[];
      expect(codeOf(readUp(encodeCbor(fields.slice(0, 3))))).toBe(MESSAGE_MALFORMED);
    }
  });

  test("is nothing that went down, and nothing that goes down is what went up", () => {
    for (const message of DOWN) {
      expect(codeOf(readUp(encodeDown(crypto, station, 4, message)))).toBe(MAC_INVALID);
    }
    for (const message of UP) {
      expect(codeOf(decodeDown(crypto, station, upBytes(4, message)))).toBe(MAC_INVALID);
    }
    // A body that has a meaning in both directions: two numbers, acknowledged or a setting.
    const config = sealedDown(1, types.DOWN_CONFIG, [5, 1]);
    expect(decodeDown(crypto, station, config).ok).toBe(true);
    const turned = sealed(UP_DIRECTION, 1, types.DOWN_CONFIG, [5, 1]);
    expect(codeOf(decodeDown(crypto, station, turned))).toBe(MAC_INVALID);
  });

  test("is refused with the body of any other type", () => {
    for (const message of UP) {
      const [, , body] = unwrap(decodeCbor(upBytes(1, message))) as readonly CborValue[];
      for (const type of [0, 1, 2, 3, 4, 5]) {
        const read = readUp(sealed(UP_DIRECTION, 1, type, body ?? null));
        expect(read.ok, `${message.type} as ${type}`).toBe(type === message.type);
      }
    }
  });

  test("is refused with another form, type or bound under a genuine MAC", () => {
    const forms: readonly CborValue[] = [[], [1], [1, 1], [1, 1, []], [1, 1, [], 0]];
    const bodies: readonly (readonly [CborValue, CborValue, CborValue])[] = [
      [1, 1, []],
      [1, 9, []],
      [-1, 3, [octets]],
      [1, 3, [octets, octets]],
      [1, 3, [new Uint8Array(4097)]],
      [1, 1, [0, 3, 0, 0, 0]],
      [1, 1, [0, 0, 101, 0, 0]],
      [1, 1, [0, 0, 0, 4, 0]],
      ["1", 3, [octets]],
    ];
    for (const form of forms) expect(codeOf(readUp(encodeCbor(form)))).toBe(MESSAGE_MALFORMED);
    for (const [seq, type, body] of bodies) {
      expect(codeOf(readUp(sealed(UP_DIRECTION, seq, type, body)))).toBe(MESSAGE_MALFORMED);
    }
    expect(codeOf(readUp(new Uint8Array(70000)))).toBe(MESSAGE_MALFORMED);
  });

  test("throws beyond its bounds, a mistake of our own", () => {
    const asks = Array.from({ length: 5 }, () => ({ devid, nonce: devid }));
    const present = UP[1];
    if (present?.type !== types.UP_KEY_PRESENT) throw new Error("the samples changed");
    expect(() => upBytes(1, { ...present, timeAsks: asks })).toThrow();
    expect(() => upBytes(1, { ...present, batteryPercent: 101 })).toThrow();
  });
});

describe("what the issuer says to a station", () => {
  test("reads back under its number and its station's secret", () => {
    for (const message of DOWN) {
      const bytes = encodeDown(crypto, station, 4, message);
      expect(unwrap(decodeDown(crypto, station, bytes))).toEqual({ seq: 4, message });
    }
  });

  test("is refused for every truncation and every flipped bit", () => {
    for (const message of DOWN) {
      const bytes = encodeDown(crypto, station, 4, message);
      const read = (damaged: Uint8Array) => decodeDown(crypto, station, damaged);
      expect(acceptedDamages(bytes, read)).toEqual([]);
    }
  });

  test("is refused under another station's secret", () => {
    for (const message of DOWN) {
      const bytes = encodeDown(crypto, { ...station, commandKey: testSecret(7) }, 4, message);
      expect(codeOf(decodeDown(crypto, station, bytes))).toBe(MAC_INVALID);
    }
  });

  test("is refused with a genuine MAC over another form", () => {
    const wrong = [
      sealedDown(1, 1, []),
      sealedDown(1, types.DOWN_SERVICE, []),
      sealedDown(1, 7, []),
      sealedDown(1, types.DOWN_BUNDLE, [devid, 0, 3, 3, octets, []]),
      sealedDown(1, types.DOWN_BUNDLE, [devid, 3, 0, 1, octets, []]),
      sealedDown(1, types.DOWN_CONFIG, [1, 256]),
      sealedDown(1, types.DOWN_UPLOAD_ACK, [-1]),
      encodeCbor([1, 2, 3]),
      encodeCbor([1, 2, 3, 4]),
      encodeCbor([-1, 2, 3, new Uint8Array(16)]),
      new Uint8Array(70000),
    ];
    for (const bytes of wrong) {
      expect(codeOf(decodeDown(crypto, station, bytes))).toBe(MESSAGE_MALFORMED);
    }
  });

  test("is refused with the body of any other type under a genuine MAC", () => {
    const bodyOf = (message: DownMessage): CborValue => {
      const value = unwrap(decodeCbor(encodeDown(crypto, station, 1, message)));
      return (value as readonly CborValue[])[2] ?? null;
    };
    for (const message of DOWN) {
      for (const type of [0, 1, 2, 3, 4, 5, 6, 7]) {
        const read = decodeDown(crypto, station, sealedDown(1, type, bodyOf(message)));
        // A config and a service are two numbers, and so are two acknowledged uploads: the type, which the
        // MAC covers, tells them apart.
        const isAlike =
          type === message.type ||
          (isPair(message.type) && type === types.DOWN_UPLOAD_ACK) ||
          (message.type === types.DOWN_CONFIG && type === types.DOWN_SERVICE) ||
          (message.type === types.DOWN_UPLOAD_ACK && type === types.DOWN_SERVICE);
        expect(read.ok, `${message.type} as ${type}`).toBe(isAlike);
      }
    }
  });

  test("throws when it would be longer than 65 536 octets", () => {
    const objects = Array.from({ length: 17 }, () => new Uint8Array(4096));
    const message: DownMessage = { type: types.DOWN_OBJECTS, devid, objects };
    expect(() => encodeDown(crypto, station, 1, message)).toThrow();
  });
});
