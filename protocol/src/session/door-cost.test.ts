// SPDX-License-Identifier: EUPL-1.2
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { type CountedSide, clear, countedKey, countedLock, totalOf } from "../../test/door-cost.ts";
import { makeWorld, playSession, type World } from "../../test/door-fixture.ts";
import { createNodeCrypto } from "../host.ts";
import type { KeyDoor } from "./key-door.ts";
import type { LockDoor } from "./lock-door.ts";

/**
 * Goal: a door session stays as cheap on a board as it was measured to be: at most thirty-six calls
 * of native code a side, no loop over octets, no allocation of message octets.
 * Method: count the calls, and the octets of the arena that JavaScript touches itself, in a first
 * session with a ring of 4000, and in a second that finds the peer's credential known.
 */
describe("what a door session costs a board", () => {
  let world: World;
  let key: CountedSide<KeyDoor>;
  let lock: CountedSide<LockDoor>;

  beforeAll(() => {
    world = makeWorld(createNodeCrypto(), 4000);
    key = countedKey(world);
    lock = countedLock(world);
    clear(key.cost);
    clear(lock.cost);
    playSession(world, key, lock);
    for (const [name, { cost }] of Object.entries({ lock, key })) {
      process.stdout.write(`${name}: ${totalOf(cost)} calls, ${cost.octets} single octets\n`);
    }
  });

  test("the lock makes at most 36 calls and touches at most 4 single octets", () => {
    const { calls, octets } = lock.cost;
    expect(calls).toMatchObject({ dhBase: 1, answer: 1, openSealed: 1, verifyCredential: 1 });
    expect(calls).toMatchObject({ proveInitiator: 1, proveLeaf: 1, close: 1, sealAnswer: 1 });
    expect(totalOf(lock.cost)).toBeLessThanOrEqual(36);
    expect(octets).toBeLessThanOrEqual(4);
  });

  test("the key makes at most 36 calls and touches at most 4 single octets", () => {
    const { calls, octets } = key.cost;
    expect(calls).toMatchObject({ dhBase: 1, hail: 1, openAnswer: 1, verifyCredential: 1 });
    expect(calls).toMatchObject({ proveResponder: 1, show: 1, openSealed: 1 });
    expect(totalOf(key.cost)).toBeLessThanOrEqual(36);
    expect(octets).toBeLessThanOrEqual(4);
  });

  test("a credential that is known needs no second signature verification", () => {
    clear(key.cost);
    clear(lock.cost);
    playSession(world, key, lock);
    expect(lock.cost.calls["verifyCredential"]).toBeUndefined();
    expect(key.cost.calls["verifyCredential"]).toBeUndefined();
    expect(lock.cost.calls["answer"]).toBe(1);
  });

  test("the door path has no loop over octets, no copy of the arena and no exception", () => {
    const files = [
      "../edhoc/initiator.ts",
      "../edhoc/responder.ts",
      "../edhoc/key-schedule.ts",
      "../edhoc/session-steps.ts",
      "./access-decision.ts",
      "./credential-check.ts",
      "./key-door.ts",
      "./lock-door.ts",
      "./records.ts",
    ];
    for (const file of files) {
      const text = readFileSync(new URL(file, import.meta.url), "utf8");
      const source = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
      expect(source, file).not.toMatch(/\b(?:try|throw|while)\b/);
      expect(source, file).not.toMatch(/\.(?:subarray|slice|map|concat)\(/);
      // Loops there are, over at most eight groups or wants, and over anchors and lists at boot.
      const loops = source.match(/\bfor \(/g) ?? [];
      expect(loops.length, file).toBeLessThanOrEqual(3);
    }
  });
});
