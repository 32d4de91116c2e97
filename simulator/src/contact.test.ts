// SPDX-License-Identifier: EUPL-1.2

import { expect, test } from "vitest";
import { openContact, type WirePiece } from "./contact.ts";
import { createVirtualClock } from "./virtual-clock.ts";

function plugIn(withdrawAfterByte?: number) {
  const clock = createVirtualClock(0);
  const heard: { to: string; bytes: number; atUs: number }[] = [];
  const pieces: WirePiece[] = [];
  const closed: number[] = [];
  const contact = openContact(
    clock,
    1,
    {
      onBytes: (to, bytes) => heard.push({ to, bytes: bytes.length, atUs: clock.nowUs() }),
      onPiece: (piece) => pieces.push(piece),
      onClose: () => closed.push(clock.nowUs()),
    },
    withdrawAfterByte === undefined ? undefined : { afterByte: withdrawAfterByte, laterUs: 0 },
  );
  return { clock, contact, heard, pieces, closed };
}

test("L1: 1152 bytes take a tenth of a second at 115 200 baud", () => {
  const { clock, contact, heard } = plugIn();
  contact.send("key", new Uint8Array(1152), 0);
  clock.runUntil(1_000_000);
  expect(heard).toEqual([{ to: "device", bytes: 1152, atUs: 100_000 }]);
});

test("L4: pulling the key after any byte delivers exactly the bytes before it", () => {
  for (let cut = 0; cut <= 30; cut += 1) {
    const { clock, contact, heard, closed } = plugIn(cut);
    contact.send("key", new Uint8Array(20), 0);
    clock.runUntil(5_000);
    contact.send("device", new Uint8Array(20), 5_000);
    clock.runUntil(100_000);
    const total = heard.reduce((sum, piece) => sum + piece.bytes, 0);
    expect(total).toBe(cut);
    expect(closed).toHaveLength(1);
  }
});

test("L4: nothing passes a plug that is out", () => {
  const { clock, contact, heard } = plugIn();
  contact.withdrawAt(1_000);
  clock.runUntil(2_000);
  contact.send("key", new Uint8Array(5), 2_000);
  clock.runUntil(1_000_000);
  expect(heard).toEqual([]);
  expect(contact.isOpen()).toBe(false);
});

test("an earlier plan to pull the key stays when a later one comes", () => {
  const { clock, contact, closed } = plugIn();
  contact.withdrawAt(500);
  contact.withdrawAt(900);
  clock.runUntil(2_000);
  expect(closed).toEqual([500]);
});
