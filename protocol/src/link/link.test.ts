// SPDX-License-Identifier: EUPL-1.2
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesOfHex, concatBytes, hexOf } from "../bytes.ts";
import { encodeCbor } from "../cbor/encode.ts";
import {
  FRAME_GARBLED,
  FRAME_TOO_LONG,
  MESSAGE_MALFORMED,
  VERSION_UNKNOWN,
} from "../errors/code.ts";
import { codeOf, damagesOf, unwrap } from "../host/testing.ts";
import { LINK_EDHOC, LINK_RECORD, PROFILE_CLOCK, ROLE_KEY, ROLE_LOCK } from "../message/types.ts";
import { crc16 } from "./crc16.ts";
import { createFrameReader, encodeFrames, type FrameReader } from "./frame.ts";
import { decodeHello, decodeHelloAnswer, encodeHello, encodeHelloAnswer } from "./hello.ts";

interface Listener {
  readonly reader: FrameReader;
  readonly messages: { kind: number; hex: string }[];
  readonly faults: number[];
}

function listen(): Listener {
  const messages: { kind: number; hex: string }[] = [];
  const faults: number[] = [];
  const reader = createFrameReader(
    (kind, message) => messages.push({ kind, hex: hexOf(message) }),
    (fault) => faults.push(fault.code),
  );
  return { reader, messages, faults };
}

function messageOf(bytes: number): Uint8Array {
  return new Uint8Array(bytes).map((_, index) => (index * 7 + bytes) & 0xff);
}

function framesOf(kind: number, message: Uint8Array): Uint8Array[] {
  const stream = encodeFrames(kind, message);
  const frames: Uint8Array[] = [];
  for (let from = 0; from < stream.length; ) {
    const to = from + 6 + (stream[from + 1] ?? 0);
    frames.push(stream.slice(from, to));
    from = to;
  }
  return frames;
}

describe("CRC-16", () => {
  test("gives the check value of CRC-16/CCITT-FALSE", () => {
    const digits = bytesOfHex("313233343536373839");
    expect(crc16(digits, 0, digits.length)).toBe(0x29b1);
    expect(crc16(digits, 3, 3)).toBe(0xffff);
  });
});

describe("link frames", () => {
  test("carry messages of every length around a fragment's end", () => {
    for (const length of [0, 1, 239, 240, 241, 479, 480, 481, 1024, 4095, 4096]) {
      const listener = listen();
      listener.reader.push(encodeFrames(LINK_EDHOC, messageOf(length)));
      expect(listener.messages).toEqual([{ kind: LINK_EDHOC, hex: hexOf(messageOf(length)) }]);
      expect(listener.faults).toEqual([]);
    }
    expect(() => encodeFrames(LINK_EDHOC, messageOf(4097))).toThrow();
  });

  test("carry an empty message in 6 octets and add 6 per 240", () => {
    expect(encodeFrames(1, new Uint8Array(0)).length).toBe(6);
    expect(encodeFrames(1, messageOf(240)).length).toBe(246);
    expect(encodeFrames(1, messageOf(241)).length).toBe(253);
  });

  test("arrive whole however the wire cuts the stream", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(600), { minLength: 1, maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 }),
        (lengths, cuts) => {
          const listener = listen();
          const stream = concatBytes(lengths.map((n) => encodeFrames(LINK_RECORD, messageOf(n))));
          for (let from = 0, turn = 0; from < stream.length; turn += 1) {
            const to = from + (cuts[turn % cuts.length] ?? 1);
            listener.reader.push(stream.slice(from, to));
            from = to;
          }
          expect(listener.messages.map((message) => message.hex)).toEqual(
            lengths.map((n) => hexOf(messageOf(n))),
          );
          expect(listener.faults).toEqual([]);
        },
      ),
    );
  });

  test("never deliver a damaged message, and the next whole message arrives", () => {
    const message = messageOf(20);
    const good = hexOf(message);
    for (const damage of damagesOf(encodeFrames(LINK_RECORD, message))) {
      const listener = listen();
      listener.reader.push(damage.bytes);
      // A cut frame may swallow the begin of what follows; two more messages are enough to recover.
      for (let turn = 0; turn < 20; turn += 1) {
        listener.reader.push(encodeFrames(LINK_EDHOC, messageOf(30)));
      }
      const foreign = listener.messages.filter(
        ({ kind, hex }) => hex !== good && !(kind === LINK_EDHOC && hex === hexOf(messageOf(30))),
      );
      expect(foreign, damage.what).toEqual([]);
      const arrived = listener.messages.filter(({ kind }) => kind === LINK_EDHOC).length;
      expect(arrived, damage.what).toBeGreaterThanOrEqual(19);
    }
  });

  test("survive garbage between them with bounded memory", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 4 }),
        fc.nat(500),
        (garbage, length) => {
          const listener = listen();
          for (const noise of garbage) listener.reader.push(noise);
          // Garbage that looks like the head of a frame can swallow at most one frame's length.
          listener.reader.push(new Uint8Array(300));
          listener.messages.length = 0;
          listener.reader.push(encodeFrames(LINK_RECORD, messageOf(length)));
          expect(listener.messages).toEqual([{ kind: LINK_RECORD, hex: hexOf(messageOf(length)) }]);
        },
      ),
    );
  });

  test("survive starts without end: every octet is the start of a frame", () => {
    const listener = listen();
    listener.reader.push(new Uint8Array(10000).fill(0xa5));
    listener.reader.push(new Uint8Array(300));
    listener.reader.push(encodeFrames(LINK_RECORD, messageOf(5)));
    expect(listener.messages.length).toBe(1);
  });

  test("count a fragment once that comes twice, and drop a message with one missing", () => {
    const [first, second, third] = framesOf(LINK_RECORD, messageOf(700)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const doubled = listen();
    for (const frame of [first, second, second, third]) doubled.reader.push(frame);
    expect(doubled.messages.length).toBe(1);
    expect(doubled.faults).toEqual([]);
    for (const order of [
      [first, third],
      [second, third],
      [third],
      [first, second, first, third],
      [first, third, second],
    ]) {
      const listener = listen();
      for (const frame of order) listener.reader.push(frame);
      expect(listener.messages).toEqual([]);
      expect(listener.faults[0]).toBe(FRAME_GARBLED);
    }
  });

  test("begin anew with a first fragment, whatever was begun before", () => {
    const [first, second] = framesOf(LINK_RECORD, messageOf(400)) as [Uint8Array, Uint8Array];
    const listener = listen();
    listener.reader.push(first);
    listener.reader.push(encodeFrames(LINK_EDHOC, messageOf(3)));
    expect(listener.messages.map(({ kind }) => kind)).toEqual([LINK_EDHOC]);
    listener.reader.push(first);
    listener.reader.push(second);
    expect(listener.messages.map(({ kind }) => kind)).toEqual([LINK_EDHOC, LINK_RECORD]);
  });

  test("do not mix the fragments of two kinds", () => {
    const [first] = framesOf(LINK_RECORD, messageOf(400)) as [Uint8Array];
    const [, second] = framesOf(LINK_EDHOC, messageOf(400)) as [Uint8Array, Uint8Array];
    const listener = listen();
    listener.reader.push(first);
    listener.reader.push(second);
    expect(listener.messages).toEqual([]);
    expect(listener.faults).toEqual([FRAME_GARBLED]);
  });

  test("refuse a message of more than 4096 octets", () => {
    const listener = listen();
    for (let number = 0; number < 18; number += 1) {
      const frame = new Uint8Array(246);
      frame.set([0xa5, 240, LINK_RECORD, number]);
      const crc = crc16(frame, 1, 244);
      frame.set([crc >> 8, crc & 0xff], 244);
      listener.reader.push(frame);
    }
    expect(listener.messages).toEqual([]);
    expect(listener.faults).toEqual([FRAME_TOO_LONG]);
  });

  test("forget what was begun when a contact opens", () => {
    const stream = encodeFrames(LINK_RECORD, messageOf(400));
    const listener = listen();
    listener.reader.push(stream.slice(0, 300));
    listener.reader.reset();
    listener.reader.push(encodeFrames(LINK_EDHOC, messageOf(1)));
    expect(listener.messages.length).toBe(1);
    expect(listener.faults).toEqual([]);
  });
});

describe("hello", () => {
  test("reads back, from a key and from every kind of answer", () => {
    expect(unwrap(decodeHello(encodeHello(ROLE_KEY)))).toBe(ROLE_KEY);
    for (const devid of [null, bytesOfHex("0102030405060708")]) {
      const answer = { role: ROLE_LOCK, profile: PROFILE_CLOCK, devid };
      expect(unwrap(decodeHelloAnswer(encodeHelloAnswer(answer)))).toEqual(answer);
    }
  });

  test("refuses another version and says which, and anything of another form", () => {
    const other = decodeHello(encodeCbor([2, ROLE_KEY]));
    expect(!other.ok && other.fault).toEqual({ code: VERSION_UNKNOWN, detail: 2 });
    expect(codeOf(decodeHelloAnswer(encodeCbor([3, ROLE_LOCK, 0, null])))).toBe(VERSION_UNKNOWN);
    for (const value of [[], [1], [1, 0], [1, 4], [1, 1, 1], 1, "hello"]) {
      expect(codeOf(decodeHello(encodeCbor(value)))).toBe(MESSAGE_MALFORMED);
    }
    for (const value of [
      [1, 2, 2, null],
      [1, 2, 0, new Uint8Array(7)],
      [1, 2, 0],
      [1, 4, 0, null],
    ]) {
      expect(codeOf(decodeHelloAnswer(encodeCbor(value)))).toBe(MESSAGE_MALFORMED);
    }
    expect(codeOf(decodeHello(new Uint8Array(0)))).toBe(MESSAGE_MALFORMED);
    expect(codeOf(decodeHelloAnswer(new Uint8Array(0)))).toBe(MESSAGE_MALFORMED);
  });
});
