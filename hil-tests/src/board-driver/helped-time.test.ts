// SPDX-License-Identifier: EUPL-1.2
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import type { BoardLine } from "../board-line.ts";
import { countLine, createHelpedTime, type LineCounts } from "./helped-time.ts";

const LOST_MS = 500;

function line(): BoardLine & { say(octets: number): void } {
  let listen: (octets: Uint8Array) => void = () => undefined;
  return {
    name: "line",
    write: async () => undefined,
    onOctets: (listener) => {
      listen = listener;
    },
    onGone: () => undefined,
    close: async () => undefined,
    say: (octets) => listen(new Uint8Array(octets)),
  };
}

/** A board whose end of each line a test sets, and this computer's end of them. */
function setTime() {
  const console = countLine(line());
  const raw = line();
  const contact = countLine(raw);
  const board: { isIdle: boolean; nextMs?: number; console: LineCounts; contact: LineCounts } = {
    isIdle: true,
    nextMs: 250,
    console: { received: 0, sent: 0 },
    contact: { received: 0, sent: 0 },
  };
  const asked: string[] = [];
  let isBusy = false;
  const time = createHelpedTime({
    control: {
      ask: async (words) => {
        asked.push(words);
        return words === "rest" ? { ...board } : { passedMs: 250 };
      },
      close: () => undefined,
    },
    lines: () => ({ console, contact }),
    network: () => undefined,
    isBusy: () => isBusy,
    isHeeded: () => true,
  });
  const beBusy = (is: boolean) => {
    isBusy = is;
  };
  return { time, board, contact, raw, asked, beBusy };
}

test("rests until the board's next timer when nothing is under way", async () => {
  const { time, asked } = setTime();
  expect(await time.restMs()).toBe(250);
  expect(await time.skip(250)).toBe(250);
  expect(asked).toEqual(["rest", "skip 250"]);
});

test("does not rest while the board works, a hand is at work, or an octet is under way", async () => {
  const { time, board, contact, raw, beBusy } = setTime();
  board.isIdle = false;
  expect(await time.restMs()).toBe(undefined);
  board.isIdle = true;
  beBusy(true);
  expect(await time.restMs()).toBe(undefined);
  beBusy(false);
  await contact.write(new Uint8Array(9));
  expect(await time.restMs()).toBe(undefined);
  board.contact.received = 9;
  expect(await time.restMs()).toBe(250);
  board.contact.sent = 4;
  expect(await time.restMs()).toBe(undefined);
  raw.say(4);
  expect(await time.restMs()).toBe(250);
});

test("gives octets up that never come, but not those of an old look", async () => {
  const { time, contact, board } = setTime();
  await contact.write(new Uint8Array(9));
  expect(await time.restMs()).toBe(undefined);
  board.contact.received = 9;
  // Somebody looked long ago while nine octets were under way, and nine others are now.
  await pause(LOST_MS + 100);
  await contact.write(new Uint8Array(9));
  expect(await time.restMs()).toBe(undefined);
  expect(await time.restMs()).toBe(undefined);
  for (let waitedMs = 0; waitedMs < LOST_MS + 200; waitedMs += 50) {
    await pause(50);
    await time.restMs();
  }
  expect(await time.restMs()).toBe(250);
});
