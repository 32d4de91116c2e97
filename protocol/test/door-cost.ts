// SPDX-License-Identifier: EUPL-1.2
// What a door session asks of a board: calls of operations, and octets that JavaScript itself
// reads or writes in the arena. Both cost an interpreter thousands of instructions each.

import {
  type ArenaOperations,
  createArenaOperations,
  createKeyDoor,
  createLockDoor,
  KEY_ARENA_BYTES,
  type KeyDoor,
  LOCK_ARENA_BYTES,
  type LockDoor,
} from "../src/index.ts";
import { entropyOf, type Side, trustOf, type World } from "./door-fixture.ts";

/** Counters of one side; a test sets them to zero between the parts that it compares. */
export interface Cost {
  /** Calls by name of the operation. */
  readonly calls: Record<string, number>;
  /** Single octets of the arena that JavaScript read or wrote. */
  octets: number;
}

export function totalOf(cost: Cost): number {
  return Object.values(cost.calls).reduce((sum, count) => sum + count, 0);
}

function counted(operations: ArenaOperations, cost: Cost): ArenaOperations {
  const entries = Object.entries(operations).map(([name, operation]) => [
    name,
    (...given: unknown[]) => {
      if (given.length > 4) throw new Error(`${name} takes ${given.length} arguments`);
      cost.calls[name] = (cost.calls[name] ?? 0) + 1;
      return operation(...given);
    },
  ]);
  return Object.fromEntries(entries) as ArenaOperations;
}

/** The same octets, seen through a counter. */
function watched(arena: Uint8Array, cost: Cost): Uint8Array {
  const isIndex = (name: string | symbol) => typeof name === "string" && /^\d+$/.test(name);
  return new Proxy(arena, {
    get(target, name) {
      if (isIndex(name)) cost.octets += 1;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
    set(target, name, value) {
      if (isIndex(name)) cost.octets += 1;
      return Reflect.set(target, name, value, target);
    },
  });
}

export interface CountedSide<Door> extends Side<Door> {
  readonly cost: Cost;
}

function makeSide<Door>(
  world: World,
  bytes: number,
  label: string,
  make: (operations: ArenaOperations, arena: Uint8Array) => Door,
): CountedSide<Door> {
  const cost: Cost = { calls: {}, octets: 0 };
  const arena = new Uint8Array(bytes);
  const plain = createArenaOperations(world.crypto, entropyOf(world.crypto, label), arena);
  const operations = counted(plain, cost);
  return { arena, operations, door: make(operations, watched(arena, cost)), cost };
}

export function countedLock(world: World): CountedSide<LockDoor> {
  const side = makeSide(world, LOCK_ARENA_BYTES, "lock", createLockDoor);
  const trust = trustOf(world);
  side.door.loadCredential(trust);
  side.door.loadTrust(trust);
  return side;
}

export function countedKey(world: World): CountedSide<KeyDoor> {
  const side = makeSide(world, KEY_ARENA_BYTES, "key", createKeyDoor);
  const { kid, key } = world.deviceSigner;
  const anchors = [{ authority: 1, kid, publicKey: key.publicKey }];
  side.door.load({ agreementSecret: world.keySecret, anchors });
  return side;
}

export function clear(cost: Cost): void {
  for (const name of Object.keys(cost.calls)) delete cost.calls[name];
  cost.octets = 0;
}
