// SPDX-License-Identifier: EUPL-1.2
import { encodeFrames } from "@nyckelring/protocol";
import type { ContactFrame } from "@nyckelring/simulator";
import { expect, test } from "vitest";
import { joinPieces } from "./join-pieces.ts";

function piece(t: number, from: string, octets: Uint8Array, sent = octets.length): ContactFrame {
  const to = from === "key-01" ? "lock-01" : "key-01";
  return { t, contact: 1, from, to, sent, hex: Buffer.from(octets).toString("hex") };
}

const HELLO = encodeFrames(1, Uint8Array.of(1, 2, 3));
const LONG = encodeFrames(3, new Uint8Array(600).fill(7));

test("messages that came in pieces, or several in one, are told one by one with their last time", () => {
  const pieces = [
    piece(1, "key-01", HELLO),
    ...[...LONG].map((octet, index) => piece(10 + index, "lock-01", Uint8Array.of(octet))),
    piece(5000, "key-01", Buffer.concat([HELLO, HELLO, LONG.subarray(0, 40)])),
    piece(5001, "key-01", LONG.subarray(40)),
  ];
  expect(joinPieces(pieces).map(({ t, from, sent }) => [t, from, sent])).toEqual([
    [1, "key-01", HELLO.length],
    [9 + LONG.length, "lock-01", LONG.length],
    [5000, "key-01", HELLO.length],
    [5000, "key-01", HELLO.length],
    [5001, "key-01", LONG.length],
  ]);
});

test("a piece that was cut, and octets in no message, stay as they are", () => {
  const noise = Uint8Array.of(0, 1, 2, 3);
  const pieces = [
    piece(1, "key-01", noise),
    piece(2, "key-01", HELLO),
    piece(3, "lock-01", LONG.subarray(0, 100), LONG.length),
  ];
  expect(joinPieces(pieces)).toEqual(pieces);
});
