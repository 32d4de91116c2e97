// SPDX-License-Identifier: EUPL-1.2
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";

import { openUart } from "./uart.ts";

const XOFF = 19;
const XON = 17;
const OCTETS = 6000;

/**
 * Sends 6000 octets to a board that is busy at first, and tells what arrived. The far end writes all
 * at once, as a program does; whether they wait in the driver is up to flow control.
 */
async function sendToBusyBoard(isXoffObeyed: boolean) {
  let isFree = false;
  let dropped = 0;
  const taken: number[] = [];
  const control: number[] = [];
  const line = openUart({
    baud: 4_000_000,
    hasFlowControl: true,
    isXoffObeyed: () => isXoffObeyed,
    isFree: () => isFree,
    onOctet: (octet) => void taken.push(octet),
    onSend: (octets) => void control.push(...octets),
    onDrop: (count) => {
      dropped += count;
    },
  });
  line.receive(Uint8Array.from({ length: OCTETS }, (_, index) => index & 0xff));
  for (let round = 0; round < 500 && !control.includes(XOFF); round += 1) {
    await pause(2);
  }
  // Longer than all of it takes on the line.
  await pause(60);
  isFree = true;
  for (let round = 0; round < 500 && taken.length + dropped < OCTETS; round += 1) {
    await pause(2);
  }
  line.stop();
  return { taken, dropped, control };
}

test("octets that are written although the board asked for a pause are lost", async () => {
  const { taken, dropped, control } = await sendToBusyBoard(false);
  expect(control).toContain(XOFF);
  expect(dropped).toBeGreaterThan(OCTETS / 2);
  expect(taken.length + dropped).toBe(OCTETS);
});

test("a far end that obeys loses nothing, and is told when to go on", async () => {
  const { taken, dropped, control } = await sendToBusyBoard(true);
  expect(dropped).toBe(0);
  expect(taken).toEqual(Array.from({ length: OCTETS }, (_, index) => index & 0xff));
  expect(control.filter((octet) => octet === XOFF).length).toBeGreaterThan(0);
  expect(control.at(-1)).toBe(XON);
});

test("a slower line takes longer for the same octets", async () => {
  const timeOf = async (baud: number): Promise<number> => {
    let count = 0;
    const startMs = performance.now();
    const line = openUart({
      baud,
      hasFlowControl: true,
      isXoffObeyed: () => true,
      isFree: () => true,
      onOctet: () => {
        count += 1;
      },
      onSend: () => undefined,
      onDrop: () => undefined,
    });
    line.receive(new Uint8Array(2000));
    while (count < 2000) {
      await pause(1);
    }
    line.stop();
    return performance.now() - startMs;
  };
  const fastMs = await timeOf(2_000_000);
  expect(await timeOf(100_000)).toBeGreaterThan(2 * fastMs);
});
