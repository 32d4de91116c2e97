// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";
import { bytesOfHex } from "../bytes.ts";
import { decodeCbor } from "../cbor/decode.ts";
import { encodeCbor } from "../cbor/encode.ts";
import type { CborValue } from "../cbor/value.ts";
import { MAC_INVALID, MESSAGE_MALFORMED } from "../errors/code.ts";
import { createNodeCrypto } from "../host/node-crypto.ts";
import { acceptedDamages, codeOf, damagesOf, testSecret, unwrap } from "../host/testing.ts";
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
const commandKey = testSecret(8);
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
];

function sealedDown(seq: CborValue, type: CborValue, body: CborValue): Uint8Array {
  const mac = crypto.hmac(commandKey, encodeCbor([seq, type, body])).slice(0, 16);
  return encodeCbor([seq, type, body, mac]);
}

describe("what a station says", () => {
  test("reads back under its number", () => {
    for (const message of UP) {
      expect(unwrap(decodeUp(encodeUp(9, message)))).toEqual({ seq: 9, message });
    }
  });

  test("is refused or another message after damage, and never throws", () => {
    for (const message of UP) {
      for (const damage of damagesOf(encodeUp(9, message))) {
        const read = decodeUp(damage.bytes);
        if (!read.ok) expect(read.fault.code).toBe(MESSAGE_MALFORMED);
      }
    }
  });

  test("is refused with the body of any other type", () => {
    for (const message of UP) {
      const [, , body] = unwrap(decodeCbor(encodeUp(1, message))) as readonly CborValue[];
      for (const type of [0, 1, 2, 3, 4, 5]) {
        const read = decodeUp(encodeCbor([1, type, body ?? null]));
        expect(read.ok, `${message.type} as ${type}`).toBe(type === message.type);
      }
    }
  });

  test("is refused with another form, type or bound", () => {
    const bodies: readonly CborValue[] = [
      [],
      [1],
      [1, 1],
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
    for (const body of bodies) expect(codeOf(decodeUp(encodeCbor(body)))).toBe(MESSAGE_MALFORMED);
    expect(codeOf(decodeUp(new Uint8Array(70000)))).toBe(MESSAGE_MALFORMED);
  });

  test("throws beyond its bounds, a mistake of our own", () => {
    const asks = Array.from({ length: 5 }, () => ({ devid, nonce: devid }));
    const present = UP[1];
    if (present?.type !== types.UP_KEY_PRESENT) throw new Error("the samples changed");
    expect(() => encodeUp(1, { ...present, timeAsks: asks })).toThrow();
    expect(() => encodeUp(1, { ...present, batteryPercent: 101 })).toThrow();
  });
});

describe("what the issuer says to a station", () => {
  test("reads back under its number and its station's secret", () => {
    for (const message of DOWN) {
      const bytes = encodeDown(crypto, commandKey, 4, message);
      expect(unwrap(decodeDown(crypto, commandKey, bytes))).toEqual({ seq: 4, message });
    }
  });

  test("is refused for every truncation and every flipped bit", () => {
    for (const message of DOWN) {
      const bytes = encodeDown(crypto, commandKey, 4, message);
      const read = (damaged: Uint8Array) => decodeDown(crypto, commandKey, damaged);
      expect(acceptedDamages(bytes, read)).toEqual([]);
    }
  });

  test("is refused under another station's secret", () => {
    for (const message of DOWN) {
      const bytes = encodeDown(crypto, testSecret(7), 4, message);
      expect(codeOf(decodeDown(crypto, commandKey, bytes))).toBe(MAC_INVALID);
    }
  });

  test("is refused with a genuine MAC over another form", () => {
    const wrong = [
      sealedDown(1, 1, []),
      sealedDown(1, 6, []),
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
      expect(codeOf(decodeDown(crypto, commandKey, bytes))).toBe(MESSAGE_MALFORMED);
    }
  });

  test("is refused with the body of any other type under a genuine MAC", () => {
    const bodyOf = (message: DownMessage): CborValue => {
      const value = unwrap(decodeCbor(encodeDown(crypto, commandKey, 1, message)));
      return (value as readonly CborValue[])[2] ?? null;
    };
    for (const message of DOWN) {
      for (const type of [0, 1, 2, 3, 4, 5, 6]) {
        // A config is two numbers and so are two acknowledged uploads: the type tells them apart.
        if (message.type === types.DOWN_CONFIG && type === types.DOWN_UPLOAD_ACK) continue;
        const read = decodeDown(crypto, commandKey, sealedDown(1, type, bodyOf(message)));
        expect(read.ok, `${message.type} as ${type}`).toBe(type === message.type);
      }
    }
  });

  test("throws when it would be longer than 65 536 octets", () => {
    const objects = Array.from({ length: 17 }, () => new Uint8Array(4096));
    const message: DownMessage = { type: types.DOWN_OBJECTS, devid, objects };
    expect(() => encodeDown(crypto, commandKey, 1, message)).toThrow();
  });
});
