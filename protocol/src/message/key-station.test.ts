// SPDX-License-Identifier: EUPL-1.2
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeCbor } from "../cbor/encode.ts";
import {
  decodeKeyStation,
  encodeKeyStation,
  FRAME_TOO_LONG,
  type KeyStationMessage,
  MESSAGE_MALFORMED,
  SYNC_ANSWER,
  SYNC_BUNDLE,
  SYNC_BYTES_MAX,
  SYNC_CARRIED_BATCH,
  SYNC_DONE,
  SYNC_NEXT,
  SYNC_NONE,
  SYNC_OBJECT,
  SYNC_OWN_BATCH,
  SYNC_PARTS_MAX,
  SYNC_PAYLOAD_BYTES_MAX,
  SYNC_REFUSAL,
  SYNC_RING_STATE,
  SYNC_STORED,
  SYNC_WAIT,
} from "../index.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const payload = fc.uint8Array({ minLength: 0, maxLength: 300 });
const seq = fc.integer({ min: 0, max: 0xffffffff });

const anyMessage: fc.Arbitrary<KeyStationMessage> = fc.oneof(
  fc
    .record({
      devid: bytes(8),
      ringseq: seq,
      root16: bytes(16),
      listseq: seq,
      nonce: bytes(8),
      batteryPercent: fc.integer({ min: 0, max: 100 }),
      timeAsks: fc.array(fc.record({ devid: bytes(8), nonce: bytes(8) }), { maxLength: 4 }),
    })
    .map((state) => ({ type: SYNC_RING_STATE, state }) as const),
  fc
    .constantFrom(SYNC_NEXT, SYNC_DONE, SYNC_WAIT, SYNC_NONE)
    .map((type) => ({ type }) as KeyStationMessage),
  fc
    .record({
      type: fc.constantFrom(SYNC_ANSWER, SYNC_STORED, SYNC_REFUSAL),
      code: fc.integer({ min: 0, max: 0xffff }),
    })
    .map((message) => message as KeyStationMessage),
  fc
    .record({
      type: fc.constantFrom(SYNC_OWN_BATCH, SYNC_CARRIED_BATCH, SYNC_OBJECT),
      bytes: payload,
    })
    .map((message) => message as KeyStationMessage),
  fc
    .record({
      part: fc.nat(SYNC_PARTS_MAX - 1),
      more: fc.integer({ min: 1, max: 3 }),
      bytes: payload,
    })
    .map(({ part, more, bytes: bundle }) => {
      const parts = Math.min(part + more, SYNC_PARTS_MAX);
      return { type: SYNC_BUNDLE, part, parts, bytes: bundle } as const;
    }),
);

describe("conversation of key and station", () => {
  test("T1: every message comes back as it was", () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        expect(decodeKeyStation(encodeKeyStation(message))).toEqual({ ok: true, value: message });
      }),
    );
  });

  test("T1: the longest payload still fits one link message", () => {
    const bundle = new Uint8Array(SYNC_PAYLOAD_BYTES_MAX);
    const part = SYNC_PARTS_MAX - 1;
    const message = { type: SYNC_BUNDLE, part, parts: SYNC_PARTS_MAX, bytes: bundle } as const;
    expect(encodeKeyStation(message).length).toBeLessThanOrEqual(SYNC_BYTES_MAX);
  });

  test("T1: every truncation and every flipped bit is a fault or another message, never a throw", () => {
    fc.assert(
      fc.property(anyMessage, fc.nat(), (message, pick) => {
        const encoded = encodeKeyStation(message);
        expect(decodeKeyStation(encoded.slice(0, pick % encoded.length)).ok).toBe(false);
        const flipped = encoded.slice();
        const at = pick % encoded.length;
        flipped[at] = (flipped[at] ?? 0) ^ (1 << (pick % 8));
        expect(decodeKeyStation(flipped)).not.toEqual({ ok: true, value: message });
      }),
    );
  });

  test("T1: arbitrary octets never throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (noise) => {
        decodeKeyStation(noise);
      }),
    );
  });

  test("T1: refuses what is too long, unknown, or has a wrong body", () => {
    expect(decodeKeyStation(new Uint8Array(SYNC_BYTES_MAX + 1))).toMatchObject({
      fault: { code: FRAME_TOO_LONG },
    });
    const wrong = [
      [7, null],
      [SYNC_NEXT, 0],
      [SYNC_STORED, 0x10000],
      [SYNC_BUNDLE, [1, 1, new Uint8Array(4)]],
      [SYNC_BUNDLE, [0, SYNC_PARTS_MAX + 1, new Uint8Array(4)]],
      [SYNC_RING_STATE, [new Uint8Array(8)]],
      [SYNC_NEXT],
    ];
    for (const value of wrong) {
      expect(decodeKeyStation(encodeCbor(value))).toMatchObject({
        fault: { code: MESSAGE_MALFORMED },
      });
    }
  });
});
