// SPDX-License-Identifier: EUPL-1.2

import { describe, expect, test } from "vitest";
import {
  entropyOf,
  keySide,
  lockSide,
  makeWorld,
  prepareShow,
  put,
  type Side,
  taken,
  trustOf,
  type World,
} from "../../test/door-fixture.ts";
import { createNodeCrypto } from "../host.ts";
import {
  ANCHOR_UNKNOWN,
  createArenaOperations,
  createLockDoor,
  KEY_REVOKED,
  type KeyDoor,
  kidOf,
  LOCK_ARENA_BYTES,
  type LockDoor,
  type LockTrust,
  OBJECT_BYTES_MAX,
  RESPONDER_DEAD,
  RING_EXPIRED,
  type Signer,
  signIssuerCertificate,
} from "../index.ts";

const crypto = createNodeCrypto();
const world = makeWorld(crypto, 4000);
const certificate = certificateOf(world.ringSigner);

function certificateOf(signer: Signer): Uint8Array {
  const root = crypto.importSigningKey(crypto.hash(new Uint8Array([1])));
  const issuer = { kid: signer.kid, publicKey: signer.key.publicKey };
  return signIssuerCertificate(
    { expS: 2_000_000_000, iatS: 1_795_000_000, issuer, level: 1, issuerEpoch: 2, authority: 1 },
    { kid: kidOf(crypto, root.publicKey), key: root },
  );
}

/** A lock that trusts another ring key until a certificate is offered that it likes. */
function lockOfOldEpoch(trustAfter: Partial<LockTrust>, adopts: boolean) {
  const arena = new Uint8Array(LOCK_ARENA_BYTES);
  const operations = createArenaOperations(crypto, entropyOf(crypto, "lock"), arena);
  const offered: Uint8Array[] = [];
  const door = createLockDoor(operations, arena, (bytes) => {
    offered.push(bytes);
    if (adopts) door.loadTrust(trustOf(world, trustAfter));
    return adopts;
  });
  const anchor = trustOf(world).anchors[0];
  if (anchor === undefined) throw new Error("no anchor");
  const old = {
    ...anchor,
    kid: world.deviceSigner.kid,
    publicKey: world.deviceSigner.key.publicKey,
  };
  const trust = trustOf(world, { anchors: [old] });
  door.loadCredential(trust);
  door.loadTrust(trust);
  return { arena, operations, door, offered };
}

/** Plays up to the verdict on message_3; with a certificate unless it is empty. */
function judge(key: Side<KeyDoor>, lock: Side<LockDoor>, shown: Uint8Array, of: World = world) {
  const show = prepareShow(of, {});
  key.door.reset();
  lock.door.reset();
  const m1 = taken(key, key.door.start(show.head));
  const m2 = taken(lock, lock.door.answerMessage1(put(lock, m1)));
  expect(key.door.checkMessage2(put(key, m2))).toBe(0);
  key.door.useCertificate(shown);
  const m3 = taken(key, key.door.buildMessage3(show.op, show.slot, show.leaf, show.path));
  return { m3, verdict: lock.door.judgeMessage3(put(lock, m3)) };
}

describe("an issuer certificate in message_3", () => {
  test("X6, threat 12: is adopted in the session and its key judges the head", () => {
    const key = keySide(world);
    const lock = lockOfOldEpoch({}, true);
    const { m3, verdict } = judge(key, lock, certificate);
    expect(verdict).toBe(0);
    expect(lock.offered).toEqual([certificate]);
    expect(lock.door.anchor).toBe(0);
    const m4 = taken(lock, lock.door.buildMessage4(0, 5, 6, []));
    expect(key.door.checkMessage4(put(key, m4))).toBe(0);
    // A full ring, a full path and a certificate stay within one EDHOC message.
    expect(m3.length).toBe(807);
    expect(m3.length).toBeLessThanOrEqual(1024);
    expect(judge(key, lock, certificate).verdict).toBe(0);
    expect(lock.offered.length).toBe(1);
  });

  test("X6: is looked at only where the head's key is unknown, and then only once", () => {
    const key = keySide(world);
    const known = lockSide(world, trustOf(world));
    expect(judge(key, known, new Uint8Array(256).fill(7)).verdict).toBe(0);
    const stubborn = lockOfOldEpoch({}, false);
    expect(judge(key, stubborn, certificate).verdict).toBe(-1);
    expect(stubborn.door.faultCode).toBe(ANCHOR_UNKNOWN);
    expect(stubborn.door.state).toBe(RESPONDER_DEAD);
    expect(stubborn.offered.length).toBe(1);
    expect(judge(key, stubborn, new Uint8Array(0)).verdict).toBe(-1);
    expect(stubborn.offered.length).toBe(1);
    expect(judge(key, lockSide(world, trustOf(world)), new Uint8Array(0)).verdict).toBe(0);
  });

  test("X6: brings no right by itself: window and floors of the new trust still hold", () => {
    const key = keySide(world);
    const anchors = trustOf(world).anchors.map((anchor) => ({ ...anchor, loS: 0xffff_0000 }));
    expect(judge(key, lockOfOldEpoch({ anchors }, true), certificate).verdict).toBe(RING_EXPIRED);
    const floors = [{ devid: world.keyDevid, minring: 0xffff_ffff }];
    const revoked = { floors: [{ authority: 1, listseq: 99, ringfloor: 0, floors }] };
    expect(judge(key, lockOfOldEpoch(revoked, true), certificate).verdict).toBe(KEY_REVOKED);
  });

  test("K1: is forgotten at the next session, and never longer than 256 octets", () => {
    const key = keySide(world);
    const lock = lockSide(world, trustOf(world));
    const withIt = judge(key, lock, certificate).m3.length;
    const { m3 } = judge(key, lock, new Uint8Array(0));
    expect(withIt - m3.length).toBe(certificate.length + 5);
    expect(() => key.door.useCertificate(new Uint8Array(257))).toThrow();
    expect(OBJECT_BYTES_MAX).toBeGreaterThan(256);
  });
});
