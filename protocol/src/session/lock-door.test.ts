// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";
import {
  entropyOf,
  keySide,
  makeWorld,
  playSession,
  put,
  SHIFT_S,
  type Side,
  showSlot,
  signedHead,
  taken,
  trustOf,
} from "../../test/door-fixture.ts";
import { LOCK_ARENA_BYTES } from "../edhoc/arena.ts";
import { createArenaOperations } from "../edhoc/arena-operations.ts";
import { RESPONDER_DEAD } from "../edhoc/responder.ts";
import { SESSION_STATE } from "../errors/code.ts";
import { createNodeCrypto } from "../host.ts";
import { createLockDoor, type LockDoor } from "./lock-door.ts";

const crypto = createNodeCrypto();
const world = makeWorld(crypto, 5);
const head = signedHead(world);

describe("a lock that was not told who it is, or whom it trusts, opens for nobody", () => {
  const freshLock = (): Side<LockDoor> => {
    const arena = new Uint8Array(LOCK_ARENA_BYTES);
    const operations = createArenaOperations(crypto, entropyOf(crypto, "fresh"), arena);
    return { arena, operations, door: createLockDoor(operations, arena) };
  };

  test("without its credential it answers nothing", () => {
    const lock = freshLock();
    const key = keySide(world);
    const m1 = taken(key, key.door.start(head));
    expect(lock.door.answerMessage1(put(lock, m1))).toBe(0);
    expect([lock.door.state, lock.door.faultCode]).toEqual([RESPONDER_DEAD, SESSION_STATE]);
  });

  test("without trust it judges no genuine message_3, and knows no clock (L1)", () => {
    const lock = freshLock();
    const key = keySide(world);
    lock.door.loadCredential(trustOf(world));
    const m1 = taken(key, key.door.start(head));
    const m2 = taken(lock, lock.door.answerMessage1(put(lock, m1)));
    expect(key.door.checkMessage2(put(key, m2))).toBe(0);
    const { leaf, path } = showSlot(world, world.doorSlot);
    const m3 = taken(key, key.door.buildMessage3(1, world.doorSlot, leaf, path));
    expect(lock.door.judgeMessage3(put(lock, m3))).toBe(-1);
    expect([lock.door.state, lock.door.faultCode]).toEqual([RESPONDER_DEAD, SESSION_STATE]);
    expect(lock.door.buildMessage4(0, 1, SHIFT_S, [])).toBe(0);
    expect(lock.door.judgeAgain()).toBe(-1);
    expect(() => lock.door.setClock(undefined)).toThrow();
    lock.door.reset();
    lock.door.loadTrust(trustOf(world));
    expect(playSession(world, key, lock, { head }).verdict).toBe(0);
  });
});
