// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";
import { keySide, lockSide, makeWorld, playSession, trustOf } from "../../test/door-fixture.ts";
import { createNobleCrypto, createNodeCrypto } from "../host.ts";

describe.each([
  ["node", createNodeCrypto()],
  ["noble", createNobleCrypto()],
])("a door session on the %s port", (_name, crypto) => {
  test("opens", () => {
    const world = makeWorld(crypto, 50);
    const key = keySide(world);
    const lock = lockSide(world, trustOf(world));
    const played = playSession(world, key, lock);
    expect(played.verdict).toBe(0);
    expect(key.door.decision).toEqual({ code: 0, lockseq: 4711, tS: 1795413660, wants: [1, 3] });
  });
});
