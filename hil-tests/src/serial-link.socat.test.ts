// SPDX-License-Identifier: EUPL-1.2
import { randomFillSync } from "node:crypto";
import { createLock, type FlashPort } from "@nyckelring/firmware";
import {
  decodeHelloAnswer,
  encodeHello,
  LINK_HELLO,
  LINK_HELLO_ANSWER,
  ROLE_KEY,
  ROLE_LOCK,
} from "@nyckelring/protocol";
import { createNodeCrypto } from "@nyckelring/protocol/host";
import { SerialPort } from "serialport";
import { afterEach, beforeEach, expect, test } from "vitest";

import { openSerialLink } from "./serial-link.ts";
import { openSocatPair, type SocatPair } from "./socat-pair.ts";

let pair: SocatPair;

beforeEach(async () => {
  pair = await openSocatPair();
});

afterEach(async () => {
  await pair.stop();
});

/** The lock of the firmware at the far end of the line, blank, on flash in memory. */
function startBlankLock(path: string): { stop(): Promise<void> } {
  const port = new SerialPort({ path, baudRate: 115200 });
  const lock = createLock({
    crypto: createNodeCrypto(),
    entropy: {
      fill: (target, offset, bytes) => void randomFillSync(target, offset, bytes),
    },
    flash: createMemoryFlash(48),
    contact: { send: (bytes) => void port.write(Buffer.from(bytes)) },
    timer: { after: () => 1, cancel: () => undefined },
    clock: { nowS: () => undefined, set: () => undefined },
    motor: {
      unlock: () => undefined,
      lock: () => undefined,
      stop: () => undefined,
      position: () => 1,
    },
    supply: { millivolts: () => 3300, percent: () => 100 },
  });
  lock.onContact(true);
  port.on("data", (octets: Buffer) => lock.onBytes(Uint8Array.from(octets)));
  return {
    stop: () => new Promise((resolve) => port.close(() => resolve())),
  };
}

function createMemoryFlash(pageCount: number): FlashPort {
  const pageBytes = 4096;
  const memory = new Uint8Array(pageBytes * pageCount).fill(0xff);
  return {
    pageBytes,
    pageCount,
    read: (address, bytes) => memory.slice(address, address + bytes),
    program(address, bytes) {
      for (const [index, octet] of bytes.entries()) {
        memory[address + index] = (memory[address + index] ?? 0) & octet;
      }
    },
    erase: (page) => void memory.fill(0xff, page * pageBytes, (page + 1) * pageBytes),
  };
}

test("a board at the far end of a serial line answers hello", async () => {
  const board = startBlankLock(pair.right);
  const link = await openSerialLink(pair.left);
  try {
    await link.send(LINK_HELLO, encodeHello(ROLE_KEY));
    const answer = await link.next(5_000);
    expect(answer.kind).toBe(LINK_HELLO_ANSWER);
    expect(decodeHelloAnswer(answer.message)).toMatchObject({
      ok: true,
      value: { role: ROLE_LOCK, devid: null },
    });
    expect(link.faults()).toEqual([]);
  } finally {
    await link.close();
    await board.stop();
  }
});

test("a damaged frame is told as a fault and a whole one after it still arrives", async () => {
  const link = await openSerialLink(pair.left);
  const far = await openSerialLink(pair.right);
  try {
    const raw = new SerialPort({
      path: pair.right,
      baudRate: 115200,
      autoOpen: false,
      lock: false,
    });
    await new Promise<void>((resolve) => raw.open(() => resolve()));
    raw.write(Buffer.from("a5030180ff0101c1b3", "hex"));
    await new Promise<void>((resolve) => raw.drain(() => resolve()));
    await new Promise<void>((resolve) => raw.close(() => resolve()));
    await far.send(LINK_HELLO, encodeHello(ROLE_KEY));
    const message = await link.next(5_000);
    expect(message.kind).toBe(LINK_HELLO);
    expect(link.faults().length).toBeGreaterThan(0);
  } finally {
    await link.close();
    await far.close();
  }
});

test("waiting for a silent board ends with an error that names the port", async () => {
  const link = await openSerialLink(pair.left);
  try {
    await expect(link.next(50)).rejects.toThrow(`${pair.left}: no message within 50 ms`);
  } finally {
    await link.close();
  }
});

test("a port that does not exist is an error at opening", async () => {
  await expect(openSerialLink("/dev/does-not-exist")).rejects.toThrow();
});
