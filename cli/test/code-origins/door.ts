// SPDX-License-Identifier: EUPL-1.2

import type { LockTrust, RingHead } from "@nyckelring/protocol";
import { createNodeCrypto } from "@nyckelring/protocol/host";
import {
  keySide,
  lockSide,
  makeWorld,
  playPrepared,
  prepareShow,
  put,
  taken,
  trustOf,
} from "../../../protocol/test/door-fixture.ts";
import type { Origins } from "./observe.ts";

const world = makeWorld(createNodeCrypto(), 4);

/** What a lock with this trust decides on the right for its door under such a head. */
function decide(trust: Partial<LockTrust>, head: Partial<RingHead> = {}): number {
  const lock = lockSide(world, trustOf(world, trust));
  return playPrepared(keySide(world), lock, prepareShow(world, head)).verdict;
}

function floors(ringfloor: number, minring: number): Partial<LockTrust> {
  const floor = { devid: world.keyDevid, minring };
  return { floors: [{ authority: 1, listseq: 12, ringfloor, floors: [floor] }] };
}

function anchors(opsmask: number): Partial<LockTrust> {
  return { anchors: trustOf(world).anchors.map((anchor) => ({ ...anchor, opsmask })) };
}

/** The fault of a lock that gets such a message_3 in place of the genuine one. */
function faultOfMessage3(spoil: (message: Uint8Array) => Uint8Array): number {
  const key = keySide(world);
  const lock = lockSide(world, trustOf(world));
  const show = prepareShow(world, {});
  const m1 = taken(key, key.door.start(show.head));
  const m2 = taken(lock, lock.door.answerMessage1(put(lock, m1)));
  key.door.checkMessage2(put(key, m2));
  const m3 = taken(key, key.door.buildMessage3(show.op, show.slot, show.leaf, show.path));
  lock.door.judgeMessage3(put(lock, spoil(m3)));
  return lock.door.faultCode;
}

/** What sessions and locks can be refused for. */
export const DOOR_ORIGINS: Origins = {
  OPERATION_NOT_ALLOWED: () => decide(anchors(2)),
  COURIER_ONLY: () => decide({}, { flags: 4 }),
  CLOCK_UNTRUSTED: () => decide({ hasClock: true, clockUnknownPolicy: 1 }),
  KEY_REVOKED: () => decide(floors(0, 70_001)),
  RING_REVOKED: () => decide(floors(70_001, 0)),
  DELIVER_FIRST: () => decide({}, { needlist: 13 }),
  FLOOR_STALE: () => {
    const lock = lockSide(world, trustOf(world));
    playPrepared(keySide(world), lock, prepareShow(world, { needlist: 13 }));
    return lock.door.judgeAgain();
  },
  SESSION_STATE: () => {
    const lock = lockSide(world, trustOf(world));
    lock.door.judgeMessage3(put(lock, new Uint8Array(100)));
    return lock.door.faultCode;
  },
  SESSION_MAC: () =>
    faultOfMessage3((message) => {
      message[message.length - 1] = (message.at(-1) ?? 0) ^ 1;
      return message;
    }),
  SESSION_MALFORMED: () => faultOfMessage3(() => new Uint8Array([0xf6])),
  RECORD_INVALID: () => {
    const lock = lockSide(world, trustOf(world));
    playPrepared(keySide(world), lock, prepareShow(world, {}));
    lock.door.openRecord(put(lock, new Uint8Array(20).fill(0x53, 0, 1)));
    return lock.door.faultCode;
  },
};
