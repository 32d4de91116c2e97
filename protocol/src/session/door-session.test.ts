// SPDX-License-Identifier: EUPL-1.2
import { beforeAll, describe, expect, test } from "vitest";
import {
  keySide,
  lockSide,
  makeWorld,
  type Play,
  type Played,
  playSession,
  put,
  SHIFT_S,
  secretOf,
  showSlot,
  signedHead,
  straightOf,
  taken,
  trustOf,
  type World,
} from "../../test/door-fixture.ts";
import { straightSession } from "../../test/straight-edhoc.ts";
import { hexOf } from "../bytes.ts";
import { SESSION_SECRETS, SESSION_SECRETS_BYTES } from "../edhoc/arena.ts";
import { createNobleCrypto, createNodeCrypto } from "../host.ts";

const ports = [
  ["node", createNodeCrypto()],
  ["noble", createNobleCrypto()],
] as const;

function fourOf({ m1, m2, m3, m4 }: Pick<Played, "m1" | "m2" | "m3" | "m4">): string[] {
  return [m1, m2, m3, m4].map(hexOf);
}

function playOn(world: World, play: Play = {}): Played {
  return playSession(world, keySide(world), lockSide(world, trustOf(world)), play);
}

describe.each(ports)("a door session on the %s port", (_name, crypto) => {
  // Sizes around every change of length of index, path and messages, and the largest ring.
  test.each([1, 2, 3, 24, 25, 256, 257, 4000])(
    "says octet for octet what a second implementation says, in a ring of %i (S7, I2)",
    (size) => {
      const world = makeWorld(crypto, size);
      const played = playOn(world);
      const straight = straightSession(straightOf(world));
      expect(played.verdict).toBe(0);
      expect(fourOf(played)).toEqual(
        fourOf({
          m1: straight.message1,
          m2: straight.message2,
          m3: straight.message3,
          m4: straight.message4,
        }),
      );
    },
  );

  test("seals records as a second implementation does, in both directions", () => {
    const world = makeWorld(crypto, 9);
    const key = keySide(world);
    const lock = lockSide(world, trustOf(world));
    playSession(world, key, lock);
    const straight = straightSession(straightOf(world));
    for (const [counter, size] of [1, 13, 14, 200, 244, 245, 246, 900, 4083].entries()) {
      const body = secretOf(crypto, `body ${size}`);
      const long = new Uint8Array(size).map((_octet, index) => body[index % 32] ?? 0);
      const up = taken(key, key.door.sealRecord(2, long));
      expect(hexOf(up)).toBe(hexOf(straight.record(0, counter, 2, long)));
      expect(lock.door.openRecord(put(lock, up))).toBe(2);
      expect(hexOf(lock.door.recordBody())).toBe(hexOf(long));
      const down = taken(lock, lock.door.sealRecord(5, long));
      expect(hexOf(down)).toBe(hexOf(straight.record(1, counter, 5, long)));
      expect(key.door.openRecord(put(key, down))).toBe(5);
      expect(hexOf(key.door.recordBody())).toBe(hexOf(long));
    }
    expect(key.door.sealRecord(2, new Uint8Array(4084))).toBe(0);
  });
});

describe("what a session tells", () => {
  let world: World;
  beforeAll(() => {
    world = makeWorld(createNodeCrypto(), 4000);
  });

  test("both crypto ports make the same octets", () => {
    const other = makeWorld(createNobleCrypto(), 50);
    const same = makeWorld(createNodeCrypto(), 50);
    expect(fourOf(playOn(other))).toEqual(fourOf(playOn(same)));
  });

  test("messages stay below 1024 octets, with a ring of 4000 (issue bounds)", () => {
    const { m1, m2, m3, m4 } = playOn(world);
    const sizes = [m1.length, m2.length, m3.length, m4.length];
    expect(sizes).toEqual([37, 241, 647, 27]);
    for (const size of sizes) expect(size).toBeLessThanOrEqual(1024);
  });

  test("the key learns door, groups, authority and decision (K1)", () => {
    const key = keySide(world);
    const lock = lockSide(world, trustOf(world, { groups: [7, 300, 70_000] }));
    playSession(world, key, lock);
    expect(key.door.lock).toEqual({
      door: 1041,
      groups: [7, 300, 70_000],
      authority: 1,
      kid: world.deviceSigner.kid,
      expS: SHIFT_S + 4 * 365 * 86_400,
      iatS: SHIFT_S - 86_400,
    });
    expect(key.door.decision).toEqual({
      code: 0,
      lockseq: 4711,
      tS: SHIFT_S + 60,
      wants: [1, 3],
    });
    expect(hexOf(key.door.peerDevid())).toBe(
      hexOf(secretOf(world.crypto, "lock devid")).slice(0, 16),
    );
  });

  test("the lock learns who asked for what (L1, G1)", () => {
    const key = keySide(world);
    const lock = lockSide(world, trustOf(world));
    playSession(world, key, lock, { slot: world.groupSlot, op: 2 });
    const { op, ringseq, target, flags, headIatS, anchor, clockUnknown } = lock.door;
    expect({ op, ringseq, target, flags, headIatS, anchor, clockUnknown }).toEqual({
      op: 2,
      ringseq: 70_000,
      target: 7,
      flags: 0,
      headIatS: SHIFT_S - 600,
      anchor: 0,
      clockUnknown: false,
    });
    expect(hexOf(lock.door.peerDevid())).toBe(hexOf(world.keyDevid));
  });

  test("a session with an ephemeral key made early is the same session", () => {
    const key = keySide(world);
    const lock = lockSide(world, trustOf(world));
    key.door.prepare();
    lock.door.prepare();
    key.door.reset();
    lock.door.reset();
    const { leaf, path } = showSlot(world, world.doorSlot);
    const m1 = taken(key, key.door.start(signedHead(world)));
    const m2 = taken(lock, lock.door.answerMessage1(put(lock, m1)));
    expect(key.door.checkMessage2(put(key, m2))).toBe(0);
    const m3 = taken(key, key.door.buildMessage3(1, world.doorSlot, leaf, path));
    expect(lock.door.judgeMessage3(put(lock, m3))).toBe(0);
    const m4 = taken(lock, lock.door.buildMessage4(0, 4711, SHIFT_S + 60, [1, 3]));
    expect(fourOf({ m1, m2, m3, m4 })).toEqual(fourOf(playOn(world)));
  });

  test("no two sessions share an ephemeral key", () => {
    const key = keySide(world);
    const lock = lockSide(world, trustOf(world));
    const first = playSession(world, key, lock);
    const second = playSession(world, key, lock);
    expect(hexOf(second.m1)).not.toBe(hexOf(first.m1));
    expect(hexOf(second.m2).slice(0, 68)).not.toBe(hexOf(first.m2).slice(0, 68));
  });

  test("a reset leaves no secret of the session in either arena (S7)", () => {
    const key = keySide(world);
    const lock = lockSide(world, trustOf(world));
    playSession(world, key, lock);
    const [at, bytes] = [SESSION_SECRETS, SESSION_SECRETS_BYTES];
    for (const side of [key, lock]) {
      expect(side.arena.slice(at, at + bytes).some((octet) => octet !== 0)).toBe(true);
      side.door.reset();
      expect(side.arena.slice(at, at + bytes).every((octet) => octet === 0)).toBe(true);
    }
  });

  test("the key may take another head of its own after it has seen which lock it is (K1)", () => {
    const key = keySide(world);
    const lock = lockSide(world, trustOf(world));
    const emergency = signedHead(world, { flags: 1, expS: SHIFT_S + 3600, ringseq: 70_001 });
    const { leaf, path } = showSlot(world, world.doorSlot);
    const m1 = taken(key, key.door.start(signedHead(world)));
    const m2 = taken(lock, lock.door.answerMessage1(put(lock, m1)));
    expect(key.door.checkMessage2(put(key, m2))).toBe(0);
    key.door.useHead(emergency);
    const m3 = taken(key, key.door.buildMessage3(1, world.doorSlot, leaf, path));
    expect(lock.door.judgeMessage3(put(lock, m3))).toBe(0);
    expect(lock.door.ringseq).toBe(70_001);
    expect(lock.door.flags).toBe(1);
  });
});
