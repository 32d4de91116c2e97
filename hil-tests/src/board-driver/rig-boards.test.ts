// SPDX-License-Identifier: EUPL-1.2
import { expect, test } from "vitest";
import { Bench } from "./bench.ts";
import { createVirtualPace } from "./pace.ts";
import type { DeviceEvent, FlashPages, RigDevice } from "./rig-device.ts";
import { InfraFault, Skipped } from "./roles.ts";

/** A lock of the rig that writes down what is done to it, and says what the test wants. */
function fakeLock() {
  const done: string[] = [];
  let held: FlashPages = new Map();
  let listener: (event: DeviceEvent) => void = () => undefined;
  const note = (what: string) => () => void done.push(what);
  const device: RigDevice = {
    role: "lock",
    pageCount: 224,
    tellsFeed: true,
    abilities: [],
    time: undefined,
    network: undefined,
    listen: (next) => {
      listener = next;
    },
    hold: async (pages) => {
      held = pages;
      done.push("hold");
    },
    read: async () => new Map([...held, [9, new Uint8Array(4096).fill(7)]]),
    plug: note("plug"),
    unplug: note("unplug"),
    press: note("press"),
    control: (words) => void done.push(words),
    setPower: (isOn) => void done.push(isOn ? "power on" : "power off"),
    reset: () => undefined,
    send: note("send"),
    sendDown: note("down"),
    settle: async () => undefined,
    check: async () => undefined,
    recover: async () => undefined,
    close: async () => undefined,
  };
  return { device, done, held: () => held, tell: (event: DeviceEvent) => listener(event) };
}

function setBench() {
  const lock = fakeLock();
  const bench = new Bench({
    seed: "1",
    kinds: { key: "sim", station: "sim", lock: "real" },
    cannot: { key: [], station: [], lock: [] },
    pace: createVirtualPace,
    devices: { lock: lock.device },
  });
  return { lock, bench };
}

test("the first lock is the rig's: it gets its flash when it is made and before it is plugged in, and what it wrote comes back", async () => {
  const { lock, bench } = setBench();
  const first = await bench.home.addLock(bench.home.addApartment().door);
  const second = await bench.home.addLock(bench.home.addApartment().door);
  const line = await bench.probe(first);
  line.sayOctets(Uint8Array.of(1));
  await bench.pass({ seconds: 1 });
  lock.tell({ type: "octets", octets: Uint8Array.of(2) });
  await line.withdraw();
  expect(lock.done).toEqual(["hold", "hold", "plug", "send", "unplug"]);
  expect(lock.held().size).toBeGreaterThan(0);
  expect(first.unit.board.flash.readPage(9)[0]).toBe(7);
  await (await bench.probe(second)).withdraw();
  expect(lock.done).toHaveLength(5);
});

test("an error that nobody caught is the product's, a board that is gone is the bench's", async () => {
  const { lock, bench } = setBench();
  await bench.home.addLock(bench.home.addApartment().door);
  lock.tell({ type: "text", text: "Uncaught Error: PROMISE_BROKEN" });
  expect(bench.roleFaults()).toEqual([expect.stringContaining("PROMISE_BROKEN")]);
  lock.tell({ type: "fault", error: new InfraFault("lock", "the port is gone") });
  await expect(bench.pass({ seconds: 1 })).rejects.toThrow("the port is gone");
});

test("what no hand can do to a board skips the case", async () => {
  const { bench } = setBench();
  const lock = await bench.home.addLock(bench.home.addApartment().door);
  expect(() => lock.jam(50)).toThrow(Skipped);
});
