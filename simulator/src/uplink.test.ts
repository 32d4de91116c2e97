// SPDX-License-Identifier: EUPL-1.2

import { LINK_GSM, LINK_LAN, type LinkKind } from "@nyckelring/firmware";
import { expect, test } from "vitest";
import { createRandomStream } from "./prng.ts";
import { createVirtualUplink } from "./uplink.ts";
import { createVirtualClock } from "./virtual-clock.ts";

function makeUplink() {
  const clock = createVirtualClock(0);
  const ups: { octet: number | undefined; atUs: number }[] = [];
  const downs: (number | undefined)[] = [];
  const uplink = createVirtualUplink(clock, createRandomStream("uplink"), {
    onUp: (message) => ups.push({ octet: message[0], atUs: clock.nowUs() }),
    onDown: (message) => downs.push(message[0]),
    onLinks: () => undefined,
    onPublished: () => undefined,
  });
  return { clock, uplink, ups, downs };
}

test("T7: GSM is slower than the wire in the office, and both keep the order", () => {
  const arrivalUs = ([LINK_LAN, LINK_GSM] as const).map((link: LinkKind) => {
    const { clock, uplink, ups } = makeUplink();
    uplink.setLinks([link]);
    uplink.port.use(link);
    for (let octet = 0; octet < 5; octet += 1) uplink.port.publish(new Uint8Array(500).fill(octet));
    clock.runUntil(60_000_000);
    expect(ups.map((up) => up.octet)).toEqual([0, 1, 2, 3, 4]);
    return ups.at(-1)?.atUs ?? 0;
  });
  expect(arrivalUs[1]).toBeGreaterThan(10 * (arrivalUs[0] ?? 0));
});

test("T3: the broker keeps what is meant for a station without a link", () => {
  const { clock, uplink, downs } = makeUplink();
  uplink.setLinks([]);
  uplink.sendDown(new Uint8Array([1]));
  uplink.sendDown(new Uint8Array([2]));
  clock.runUntil(1_000_000);
  expect(downs).toEqual([]);
  expect(uplink.pending()).toBe(2);
  uplink.setLinks([LINK_LAN]);
  uplink.port.use(LINK_LAN);
  clock.runUntil(5_000_000);
  expect(downs).toEqual([1, 2]);
  expect(uplink.pending()).toBe(0);
});

test("T3: an unkind broker duplicates and delays, but loses nothing that it has taken", () => {
  const { clock, uplink, ups } = makeUplink();
  uplink.port.use(LINK_LAN);
  uplink.setFaults({ duplicatePermille: 500, delayPermille: 500, delayMsMax: 20_000 });
  for (let octet = 0; octet < 100; octet += 1) uplink.port.publish(new Uint8Array([octet]));
  clock.runUntil(60_000_000);
  expect(new Set(ups.map((up) => up.octet)).size).toBe(100);
  expect(ups.length).toBe(100 + uplink.counts.duplicated);
  expect(uplink.counts.duplicated).toBeGreaterThan(20);
});
