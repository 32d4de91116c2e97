// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";
import { entropyOf } from "../../test/door-fixture.ts";
import { SESSION_STATE } from "../errors/code.ts";
import { createNodeCrypto } from "../host/node-crypto.ts";
import {
  KEY_ARENA_BYTES,
  LOCK_ARENA_BYTES,
  SESSION_SECRETS,
  SESSION_SECRETS_BYTES,
} from "./arena.ts";
import { createArenaOperations } from "./arena-operations.ts";
import {
  createInitiator,
  INITIATOR_DEAD,
  INITIATOR_READY,
  INITIATOR_STARTED,
} from "./initiator.ts";
import { createResponder, RESPONDER_DEAD, RESPONDER_READY } from "./responder.ts";

const crypto = createNodeCrypto();

function open<Side>(
  bytes: number,
  create: (
    operations: ReturnType<typeof createArenaOperations>,
    status: { state: number; faultCode: number },
  ) => Side,
) {
  const arena = new Uint8Array(bytes);
  const status = { state: 0, faultCode: 0 };
  const side = create(createArenaOperations(crypto, entropyOf(crypto, "order"), arena), status);
  const secrets = arena.subarray(SESSION_SECRETS, SESSION_SECRETS + SESSION_SECRETS_BYTES);
  return { side, status, secrets };
}

const initiatorSteps = {
  openMessage2: [
    (side: ReturnType<typeof createInitiator>) => side.openMessage2(241),
    SESSION_STATE,
  ],
  proveResponder: [(side) => side.proveResponder(0, 64), SESSION_STATE],
  placeOfEad3: [(side) => side.placeOfEad3(64, 32), 0],
  showMessage3: [(side) => side.showMessage3(64, 32), 0],
  openMessage4: [(side) => side.openMessage4(27), SESSION_STATE],
} satisfies Record<string, [(side: ReturnType<typeof createInitiator>) => number, number]>;

const responderSteps = {
  openMessage3: (side: ReturnType<typeof createResponder>) => side.openMessage3(647),
  proveInitiator: (side) => side.proveInitiator(0, 64),
  enterMessage4: (side) => side.enterMessage4(),
} satisfies Record<string, (side: ReturnType<typeof createResponder>) => number>;

describe("a step out of order ends the session and wipes its secrets", () => {
  test.each(Object.entries(initiatorSteps))("%s of an initiator", (name, [step, answer]) => {
    for (const begun of [INITIATOR_READY, INITIATOR_STARTED]) {
      if (begun === INITIATOR_STARTED && name === "openMessage2") continue;
      const { side, status, secrets } = open(KEY_ARENA_BYTES, createInitiator);
      if (begun === INITIATOR_STARTED) expect(side.start()).toBeGreaterThan(0);
      secrets.fill(0x5a);
      expect(step(side)).toBe(answer);
      expect(status).toEqual({ state: INITIATOR_DEAD, faultCode: SESSION_STATE });
      expect(secrets.every((octet) => octet === 0)).toBe(true);
    }
  });

  test("a second start of an initiator", () => {
    const { side, status, secrets } = open(KEY_ARENA_BYTES, createInitiator);
    side.start();
    expect(side.start()).toBe(0);
    expect(status).toEqual({ state: INITIATOR_DEAD, faultCode: SESSION_STATE });
    expect(secrets.every((octet) => octet === 0)).toBe(true);
  });

  test.each(Object.entries(responderSteps))("%s of a responder", (_, step) => {
    const { side, status, secrets } = open(LOCK_ARENA_BYTES, createResponder);
    expect(status.state).toBe(RESPONDER_READY);
    secrets.fill(0x5a);
    expect(step(side)).toBe(-1);
    expect(status).toEqual({ state: RESPONDER_DEAD, faultCode: SESSION_STATE });
    expect(secrets.every((octet) => octet === 0)).toBe(true);
  });

  test("an initiator that ended makes a new ephemeral key for its next session", () => {
    const { side, secrets } = open(KEY_ARENA_BYTES, createInitiator);
    side.prepare();
    const first = Uint8Array.from(secrets);
    side.refuse(SESSION_STATE);
    side.reset();
    side.prepare();
    expect(secrets.some((octet) => octet !== 0)).toBe(true);
    expect(secrets).not.toEqual(first);
  });
});
