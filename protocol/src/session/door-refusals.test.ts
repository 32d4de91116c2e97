// SPDX-License-Identifier: EUPL-1.2
import { beforeEach, describe, expect, test } from "vitest";
import {
  keySide,
  lockSide,
  makeWorld,
  playSession,
  put,
  recklessCertificate,
  SHIFT_S,
  type Side,
  showSlot,
  signedHead,
  straightOf,
  taken,
  trustOf,
  type World,
} from "../../test/door-fixture.ts";
import { straightSession } from "../../test/straight-edhoc.ts";
import { bytesOfHex, concatBytes } from "../bytes.ts";
import { encodeCbor } from "../cbor/encode.ts";
import type { CborValue } from "../cbor/value.ts";
import { AEAD, MESSAGE, MESSAGE_AAD, RECORD_AAD, TO_LOCK } from "../edhoc/arena.ts";
import { INITIATOR_DEAD } from "../edhoc/initiator.ts";
import { RESPONDER_DEAD } from "../edhoc/responder.ts";
import {
  ANCHOR_UNKNOWN,
  CLAIMS_MALFORMED,
  OBJECT_TOO_LONG,
  RECORD_INVALID,
  SESSION_MAC,
  SESSION_MALFORMED,
  SESSION_STATE,
  SHARED_SECRET_ZERO,
  SIGNATURE_INVALID,
} from "../errors/code.ts";
import { createNodeCrypto } from "../host.ts";
import type { KeyDoor } from "./key-door.ts";
import type { LockDoor } from "./lock-door.ts";

const crypto = createNodeCrypto();
const world: World = makeWorld(crypto, 5);
const head = signedHead(world);
const shown = showSlot(world, world.doorSlot);
let key: Side<KeyDoor>;
let lock: Side<LockDoor>;

beforeEach(() => {
  key = keySide(world);
  lock = lockSide(world, trustOf(world));
});

/** Every message with one bit turned, and every shorter one, the empty one included. */
function* spoiled(message: Uint8Array): Generator<Uint8Array> {
  for (let bit = 0; bit < 8 * message.length; bit += 1) {
    const flipped = message.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    yield flipped;
  }
  for (let bytes = 0; bytes < message.length; bytes += 1) yield message.slice(0, bytes);
}

/** Takes a side back to where it stands now, so that each spoiled message meets the same session. */
function rewinder(side: Side<KeyDoor> | Side<LockDoor>): () => void {
  const arena = side.arena.slice();
  const { state } = side.door;
  return () => {
    side.arena.set(arena);
    Object.assign(side.door, { state, faultCode: 0 });
  };
}

const startKey = () => taken(key, key.door.start(head));
const answerLock = (m1: Uint8Array) => taken(lock, lock.door.answerMessage1(put(lock, m1)));
const showKey = (m2: Uint8Array) => {
  expect(key.door.checkMessage2(put(key, m2))).toBe(0);
  return taken(key, key.door.buildMessage3(1, world.doorSlot, shown.leaf, shown.path));
};

/**
 * Goal: nothing that was changed on the wire is believed, and no side throws or stays unusable.
 * Method: replay one recorded session with fixed secrets up to a message, spoil that message in
 * every way, and play an honest session on the same devices at the end.
 */
describe("every flipped bit and every truncation is refused, and the next honest session works", () => {
  const isHonest = () => expect(playSession(world, key, lock, { head }).verdict).toBe(0);

  test("of message_1, at the lock: refused at once or by what message_2 then proves", () => {
    const honest = startKey();
    for (const m1 of spoiled(honest)) {
      lock.door.reset();
      const bytes = lock.door.answerMessage1(put(lock, m1));
      // A flip inside G_X is another public key: the lock answers it, and the key sees the lie.
      if (bytes > 0) {
        const changed = m1.findIndex((octet, index) => octet !== honest[index]);
        expect(changed >= 4 && changed < 36, `octet ${changed}`).toBe(true);
        const m2 = taken(lock, bytes);
        key = keySide(world);
        startKey();
        expect(key.door.checkMessage2(put(key, m2))).not.toBe(0);
      } else {
        expect(lock.door.state).toBe(RESPONDER_DEAD);
      }
    }
    isHonest();
  });

  test("of message_2, at the key", () => {
    const m2 = answerLock(startKey());
    const rewind = rewinder(key);
    for (const other of spoiled(m2)) {
      rewind();
      expect(key.door.checkMessage2(put(key, other))).not.toBe(0);
      expect(key.door.state).toBe(INITIATOR_DEAD);
    }
    rewind();
    expect(key.door.checkMessage2(put(key, m2))).toBe(0);
    isHonest();
  });

  test("of message_3, at the lock", () => {
    const m3 = showKey(answerLock(startKey()));
    const rewind = rewinder(lock);
    for (const other of spoiled(m3)) {
      rewind();
      expect(lock.door.judgeMessage3(put(lock, other))).toBe(-1);
      expect([SESSION_MAC, SESSION_MALFORMED]).toContain(lock.door.faultCode);
      expect(lock.door.buildMessage4(0, 1, SHIFT_S, [])).toBe(0);
    }
    rewind();
    expect(lock.door.judgeMessage3(put(lock, m3))).toBe(0);
    isHonest();
  });

  test("of message_4, at the key", () => {
    const m3 = showKey(answerLock(startKey()));
    expect(lock.door.judgeMessage3(put(lock, m3))).toBe(0);
    const m4 = taken(lock, lock.door.buildMessage4(0, 1, SHIFT_S, [1]));
    const rewind = rewinder(key);
    for (const other of spoiled(m4)) {
      rewind();
      const fault = key.door.checkMessage4(put(key, other));
      expect([SESSION_MAC, SESSION_MALFORMED]).toContain(fault);
      expect(key.door.decision).toEqual({ code: 0, lockseq: 0, tS: 0, wants: [] });
    }
    rewind();
    expect(key.door.checkMessage4(put(key, m4))).toBe(0);
    isHonest();
  });

  test("of a record, in both directions", () => {
    playSession(world, key, lock, { head });
    const up = taken(key, key.door.sealRecord(2, new Uint8Array(40)));
    const down = taken(lock, lock.door.sealRecord(2, new Uint8Array(40)));
    for (const [side, record] of [[lock, up] as const, [key, down] as const]) {
      const rewind = rewinder(side);
      for (const other of spoiled(record)) {
        rewind();
        expect(side.door.openRecord(put(side, other))).toBe(-1);
        expect(side.door.faultCode).toBe(RECORD_INVALID);
      }
      rewind();
      expect(side.door.openRecord(put(side, record))).toBe(2);
    }
    isHonest();
  });
});

describe("a message that belongs elsewhere is refused", () => {
  test("message_3 for one lock does not open another, whatever that lock answered (I7)", () => {
    const m3 = showKey(answerLock(startKey()));
    const other = lockSide(world, trustOf(world, {}, "other lock"));
    other.door.answerMessage1(put(other, startKeyAgain()));
    expect(other.door.judgeMessage3(put(other, m3))).toBe(-1);
    expect(other.door.faultCode).toBe(SESSION_MAC);
  });

  test("message_3 of an earlier session does not open the same lock again", () => {
    const first = playSession(world, key, lock, { head });
    lock.door.reset();
    answerLock(first.m1);
    expect(lock.door.judgeMessage3(put(lock, first.m3))).toBe(-1);
    expect(lock.door.faultCode).toBe(SESSION_MAC);
  });

  test("message_2 of another lock is no answer for a key that heard this one (splice)", () => {
    const m1 = startKey();
    answerLock(m1);
    const other = lockSide(world, trustOf(world, {}, "other lock"), "other entropy");
    const m2 = taken(other, other.door.answerMessage1(put(other, m1)));
    const m3 = showKey(m2);
    expect(lock.door.judgeMessage3(put(lock, m3))).toBe(-1);
  });

  test("message_4 of another session, and one of its own sent twice", () => {
    const old = playSession(world, key, lock, { head });
    key.door.reset();
    lock.door.reset();
    const m3 = showKey(answerLock(startKey()));
    expect(lock.door.judgeMessage3(put(lock, m3))).toBe(0);
    expect(key.door.checkMessage4(put(key, old.m4))).toBe(SESSION_MAC);

    const own = playSession(world, key, lock, { head });
    expect(key.door.checkMessage4(put(key, own.m4))).toBe(SESSION_STATE);
  });

  test("a record that is repeated, left out, turned round or from another session", () => {
    const body = new Uint8Array([0xf6]);
    playSession(world, key, lock, { head });
    const first = taken(key, key.door.sealRecord(1, body));
    expect(lock.door.openRecord(put(lock, first))).toBe(1);
    expect(lock.door.openRecord(put(lock, first))).toBe(-1);

    playSession(world, key, lock, { head });
    key.door.sealRecord(1, body);
    const second = taken(key, key.door.sealRecord(1, body));
    expect(lock.door.openRecord(put(lock, second))).toBe(-1);

    playSession(world, key, lock, { head });
    const own = taken(key, key.door.sealRecord(1, body));
    expect(key.door.openRecord(put(key, own))).toBe(-1);

    playSession(world, key, lock, { head });
    expect(lock.door.openRecord(put(lock, first))).toBe(-1);
  });

  function startKeyAgain(): Uint8Array {
    const again = keySide(world);
    return taken(again, again.door.start(head));
  }
});

test("records count from 0 in every session, whatever was counted before", () => {
  const body = new Uint8Array([0xf6]);
  playSession(world, key, lock, { head });
  for (let count = 0; count < 3; count += 1) {
    expect(lock.door.openRecord(put(lock, taken(key, key.door.sealRecord(1, body))))).toBe(1);
    expect(key.door.openRecord(put(key, taken(lock, lock.door.sealRecord(1, body))))).toBe(1);
  }
  for (const [one, other] of [
    [key, lockSide(world, trustOf(world), "new")],
    [keySide(world, "new"), lock],
  ] as const) {
    playSession(world, one, other, { head });
    const up = taken(one, one.door.sealRecord(1, body));
    expect(other.door.openRecord(put(other, up))).toBe(1);
    const down = taken(other, other.door.sealRecord(1, body));
    expect(one.door.openRecord(put(one, down))).toBe(1);
  }
});

describe("a credential that is not this peer's is refused", () => {
  test("a genuine head of another key proves nothing (presentation for another head)", () => {
    const { importAgreementKey } = crypto;
    const publicKey = importAgreementKey(crypto.hash(new Uint8Array([1]))).publicKey;
    const foreign = signedHead(world, { holder: { devid: new Uint8Array(8), publicKey } });
    key.door.start(foreign);
    const m1 = taken(key, 37);
    const m3 = showKey(answerLock(m1));
    expect(lock.door.judgeMessage3(put(lock, m3))).toBe(-1);
    expect(lock.door.faultCode).toBe(SESSION_MAC);
  });

  test("a head under an unknown anchor, a foreign signature, and another kind of object", () => {
    const stranger = { ...world, ringSigner: world.deviceSigner };
    const forger = {
      ...world,
      ringSigner: { kid: world.ringSigner.kid, key: world.deviceSigner.key },
    };
    const heads: [Uint8Array, number][] = [
      [signedHead(stranger), ANCHOR_UNKNOWN],
      [signedHead(forger), SIGNATURE_INVALID],
      [trustOf({ ...world, deviceSigner: world.ringSigner }).certificate, SIGNATURE_INVALID],
    ];
    for (const [credential, code] of heads) {
      key.door.reset();
      lock.door.reset();
      key.door.start(credential);
      const m3 = showKey(answerLock(taken(key, 37)));
      expect(lock.door.judgeMessage3(put(lock, m3))).toBe(-1);
      expect(lock.door.faultCode).toBe(code);
    }
  });

  test("a head whose header names another algorithm, though its signature is good", () => {
    const header = Uint8Array.from(head.slice(2, 15));
    // { 1: -8 }: the algorithm identifier that RFC 9864 has put away.
    header[2] = 0x27;
    const payload = head.slice(16, head.length - 66);
    const prefix = bytesOfHex("846a5369676e617475726531");
    const signed = concatBytes([prefix, encodeCbor(header), bytesOfHex("40"), payload]);
    const signature = encodeCbor(world.ringSigner.key.sign(signed));
    const parts = [bytesOfHex("84"), encodeCbor(header), bytesOfHex("a0"), payload, signature];
    expect(judgeHead(concatBytes(parts))).toBe(SIGNATURE_INVALID);
  });

  test("a head that differs in one octet from the one that the lock has just verified", () => {
    playSession(world, key, lock, { head });
    for (const at of [2, 30, 60, 100, head.length - 70, head.length - 1]) {
      const forged = Uint8Array.from(head);
      forged[at] = (forged[at] ?? 0) ^ 1;
      expect(judgeHead(forged)).not.toBe(0);
    }
    const later = Uint8Array.from(head);
    // The last octet of exp: a head that would be valid a little longer.
    later[25] = (later[25] ?? 0) ^ 1;
    expect(judgeHead(later)).toBe(SIGNATURE_INVALID);
    expect(judgeHead(head)).toBe(0);
  });

  test("a head that the lock has verified, once its anchor has another key of the same name", () => {
    playSession(world, key, lock, { head });
    const trust = trustOf(world);
    const { publicKey } = world.deviceSigner.key;
    lock.door.loadTrust({
      ...trust,
      anchors: trust.anchors.map((anchor) => ({ ...anchor, publicKey })),
    });
    expect(judgeHead(head)).toBe(SIGNATURE_INVALID);
  });

  /** What the lock finds wrong with a head that its own key shows; 0 for nothing. */
  function judgeHead(credential: Uint8Array): number {
    key.door.reset();
    lock.door.reset();
    const m1 = taken(key, key.door.start(credential));
    const m3 = showKey(answerLock(m1));
    const verdict = lock.door.judgeMessage3(put(lock, m3));
    return verdict < 0 ? lock.door.faultCode : verdict;
  }

  test("a lock certificate under the ring-issuing key, and a ring head as one (L4)", () => {
    const wrongs: [Partial<World>, Uint8Array | undefined, number][] = [
      [{ deviceSigner: world.ringSigner }, undefined, ANCHOR_UNKNOWN],
      [{}, signedHead({ ...world, ringSigner: world.deviceSigner }), SIGNATURE_INVALID],
    ];
    for (const [change, certificate, code] of wrongs) {
      const trust = trustOf({ ...world, ...change });
      lock = lockSide(world, { ...trust, certificate: certificate ?? trust.certificate });
      key.door.reset();
      expect(key.door.checkMessage2(put(key, answerLock(startKey())))).toBe(code);
    }
  });

  test("a lock that does not hold the secret of its certificate", () => {
    const trust = trustOf(world);
    lock = lockSide(world, { ...trust, agreementSecret: crypto.hash(new Uint8Array([2])) });
    expect(key.door.checkMessage2(put(key, answerLock(startKey())))).toBe(SESSION_MAC);
  });

  test("a head that the lock has seen is not believed again once its anchor has gone", () => {
    playSession(world, key, lock, { head });
    lock.door.loadTrust({ ...trustOf(world), anchors: [], floors: [] });
    lock.door.reset();
    key.door.reset();
    const m3 = showKey(answerLock(startKey()));
    expect(lock.door.judgeMessage3(put(lock, m3))).toBe(-1);
    expect(lock.door.faultCode).toBe(ANCHOR_UNKNOWN);
  });
});

/**
 * Goal: a peer that holds genuine keys and encrypts well gains nothing by what it writes.
 * Method: a second implementation says the honest session and alters the text before encryption.
 */
describe("a peer that encrypts what no honest one writes is refused", () => {
  const session = straightOf(world);

  function judgeAltered(alter3: (plaintext: Uint8Array) => Uint8Array): number {
    return lock.door.judgeMessage3(put(lock, straightSession({ ...session, alter3 }).message3));
  }

  test("every flipped bit and every truncation of PLAINTEXT_3, and octets behind it (I2)", () => {
    answerLock(straightSession(session).message1);
    const rewind = rewinder(lock);
    let plaintext = new Uint8Array();
    expect(judgeAltered((said) => (plaintext = Uint8Array.from(said)))).toBe(0);
    const longer = [0x00, 0x60, 0xf6].map((octet) => Uint8Array.from([...plaintext, octet]));
    // One bit in each octet keeps the number of sessions of the second implementation bearable.
    const flips = [...plaintext.keys()].map((at) => {
      const copy = plaintext.slice();
      copy[at] = (copy[at] ?? 0) ^ (1 << (at & 7));
      return copy;
    });
    const cuts = [...plaintext.keys()].map((bytes) => plaintext.slice(0, bytes));
    for (const other of [...longer, ...flips, ...cuts]) {
      rewind();
      expect(judgeAltered(() => other)).toBe(-1);
      expect(lock.door.state).toBe(RESPONDER_DEAD);
    }
    rewind();
    expect(judgeAltered((said) => said)).toBe(0);
  });

  const octets = (text: string, ...parts: Uint8Array[]) =>
    Buffer.concat([bytesOfHex(text), ...parts]);
  const item = (value: CborValue) => encodeCbor(value);

  test.each<[string, (presentation: Uint8Array) => Uint8Array]>([
    ["nothing in EAD_3", () => new Uint8Array(0)],
    ["the presentation under a label that is not critical", (p) => octets("198000", item(p))],
    ["the presentation under the label of a decision", (p) => octets("398001", item(p))],
    ["padding before the presentation", (p) => octets("004100398000", item(p))],
    ["padding behind the presentation", (p) => octets("398000", item(p), octets("00"))],
    ["the presentation twice", (p) => octets("398000", item(p), octets("398000"), item(p))],
    ["the presentation not as a byte string", (p) => octets("398000", p)],
    ["a presentation that is too long", () => octets("398000", item(new Uint8Array(435)))],
  ])("a key that proves itself but says %s", (_title, ead3) => {
    const said = straightSession({ ...session, ead3 });
    answerLock(said.message1);
    expect(lock.door.judgeMessage3(put(lock, said.message3))).toBe(-1);
    expect(lock.door.faultCode).toBe(SESSION_MALFORMED);
  });

  test.each<[string, CborValue]>([
    ["a group that is no number", [1041, ["7"], new Uint8Array(32)]],
    ["nine groups", [1041, [1, 2, 3, 4, 5, 6, 7, 8, 9], new Uint8Array(32)]],
    ["a short signing key", [1041, [7], new Uint8Array(31)]],
    ["no signing key but a number", [1041, [7], 32]],
    ["a list for a signing key", [1041, [7], Array.from({ length: 8 }, () => 0)]],
    ["no groups", [1041, 7, new Uint8Array(32)]],
    ["less", [1041, [7]]],
    ["more", [1041, [7], new Uint8Array(32), 0]],
  ])("a genuine certificate with %s", (_title, claim) => {
    lock = lockSide(world, { ...trustOf(world), certificate: recklessCertificate(world, claim) });
    expect(key.door.checkMessage2(put(key, answerLock(startKey())))).toBe(CLAIMS_MALFORMED);
  });

  test("a certificate is good with no groups and with eight", () => {
    for (const groups of [[], [1, 2, 3, 4, 5, 6, 7, 8]]) {
      const certificate = recklessCertificate(world, [1041, groups, new Uint8Array(32)]);
      lock = lockSide(world, { ...trustOf(world), certificate });
      key = keySide(world);
      expect(key.door.checkMessage2(put(key, answerLock(startKey())))).toBe(0);
      expect(key.door.lock.groups).toEqual(groups);
    }
  });

  test.each<[string, string, number]>([
    ["a decision", "398001" + "48" + "8300011a6ab3d4e0", 0],
    ["a decision with an empty list of wants", "398001" + "45" + "8400010080", 0],
    ["nothing", "", SESSION_MALFORMED],
    ["another label", "398000" + "48" + "8300011a6ab3d4e0", SESSION_MALFORMED],
    ["a label that is not critical", "198001" + "48" + "8300011a6ab3d4e0", SESSION_MALFORMED],
    ["no value", "398001", SESSION_MALFORMED],
    ["an octet behind the value", "398001" + "48" + "8300011a6ab3d4e0" + "00", SESSION_MALFORMED],
    ["an octet behind the decision", "398001" + "49" + "8300011a6ab3d4e000", SESSION_MALFORMED],
    ["an empty value", "398001" + "40", SESSION_MALFORMED],
    ["a list of two", "398001" + "43" + "820001", SESSION_MALFORMED],
    ["two items that pass for one of three", "398001" + "44" + "82000100", SESSION_MALFORMED],
    ["a want that is a number", "398001" + "45" + "8400010001", SESSION_MALFORMED],
    ["a want that is no list", "398001" + "45" + "8400010000", SESSION_MALFORMED],
    ["a want of no octets", "398001" + "45" + "8400010040", SESSION_MALFORMED],
    ["a want that is no number", "398001" + "46" + "840001008140", SESSION_MALFORMED],
    ["nine wants", "398001" + "4e" + "8400010089010101010101010101", SESSION_MALFORMED],
    ["a code of 17 bits", "398001" + "48" + "831a000100000100", SESSION_MALFORMED],
  ])("a message_4 with %s", (_title, hex, wanted) => {
    const m3 = showKey(answerLock(startKey()));
    expect(lock.door.judgeMessage3(put(lock, m3))).toBe(0);
    lock.door.buildMessage4(0, 1, SHIFT_S, []);
    // The keys of message_4 still lie in the lock's arena: it says something else with them.
    const text = bytesOfHex(hex);
    const at = MESSAGE + (text.length + 8 < 24 ? 1 : 2);
    lock.arena.set(text, at);
    lock.operations.seal(AEAD, MESSAGE_AAD, at, text.length);
    lock.operations.putHead(MESSAGE, 2, text.length + 8);
    const m4 = taken(lock, at - MESSAGE + text.length + 8);
    expect(key.door.checkMessage4(put(key, m4))).toBe(wanted);
  });

  test("a record that is no pair, or of a type that needs two octets", () => {
    for (const hex of ["8101", "830101f6", "821818f6", "a10100", "8219ffff00"]) {
      playSession(world, key, lock, { head });
      const text = bytesOfHex(hex.padEnd(8, "0"));
      const at = MESSAGE + 1;
      key.arena.set(text, at);
      key.operations.counterKey(TO_LOCK, 0, AEAD);
      key.operations.seal(AEAD, RECORD_AAD, at, text.length);
      key.operations.putHead(MESSAGE, 2, text.length + 8);
      expect(lock.door.openRecord(put(lock, taken(key, text.length + 9)))).toBe(-1);
      expect(lock.door.faultCode).toBe(RECORD_INVALID);
    }
  });
});

describe("a public key of small order is refused", () => {
  const ORDER_8 = "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800";
  const small = [
    new Uint8Array(32),
    new Uint8Array(32).fill(1, 0, 1),
    Uint8Array.from(Buffer.from(ORDER_8, "hex")),
  ];

  test.each(small.map((point) => ({ point })))(
    "as G_X at the lock, as G_Y at the key",
    ({ point }) => {
      const m1 = startKey();
      m1.set(point, 4);
      expect(lock.door.answerMessage1(put(lock, m1))).toBe(0);
      expect(lock.door.faultCode).toBe(SHARED_SECRET_ZERO);
      lock.door.reset();
      key.door.reset();
      const m2 = answerLock(startKey());
      m2.set(point, 2);
      expect(key.door.checkMessage2(put(key, m2))).toBe(SHARED_SECRET_ZERO);
    },
  );

  test("as G_I in a head that an issuer signed by mistake", () => {
    const holder = { devid: world.keyDevid, publicKey: new Uint8Array(32) };
    key.door.start(signedHead(world, { holder }));
    const m3 = showKey(answerLock(taken(key, 37)));
    expect(lock.door.judgeMessage3(put(lock, m3))).toBe(-1);
    expect(lock.door.faultCode).toBe(SHARED_SECRET_ZERO);
  });
});

/** Every call that takes part in a session, with harmless arguments. */
const LOCK_CALLS: readonly [string, (door: LockDoor) => number, refused: number][] = [
  ["answerMessage1", (door) => door.answerMessage1(37), 0],
  ["judgeMessage3", (door) => door.judgeMessage3(500), -1],
  ["buildMessage4", (door) => door.buildMessage4(0, 1, SHIFT_S, []), 0],
  ["judgeAgain", (door) => door.judgeAgain(), -1],
  ["openRecord", (door) => door.openRecord(20), -1],
  ["sealRecord", (door) => door.sealRecord(1, new Uint8Array([0xf6])), 0],
];
const KEY_CALLS: readonly [string, (door: KeyDoor) => number, refused: number][] = [
  ["start", (door) => door.start(head), 0],
  ["checkMessage2", (door) => door.checkMessage2(200), SESSION_STATE],
  ["buildMessage3", (door) => door.buildMessage3(1, 2, shown.leaf, shown.path), 0],
  ["checkMessage4", (door) => door.checkMessage4(27), SESSION_STATE],
  ["openRecord", (door) => door.openRecord(20), -1],
  ["sealRecord", (door) => door.sealRecord(1, new Uint8Array([0xf6])), 0],
];

/** What may be called after so many steps of an honest session. */
const LOCK_ORDER = [
  ["answerMessage1"],
  ["judgeMessage3"],
  ["buildMessage4"],
  ["openRecord", "sealRecord"],
  [],
];
const KEY_ORDER = [
  ["start"],
  ["checkMessage2"],
  ["buildMessage3"],
  ["checkMessage4"],
  ["openRecord", "sealRecord"],
  [],
];

describe("every call in a wrong order is refused and ends the session", () => {
  /** Brings both sides forward; step 5 is a session that has died. */
  function advance(keySteps: number, lockSteps: number): void {
    key.door.reset();
    lock.door.reset();
    const m1 = keySteps > 0 || lockSteps > 0 ? startKey() : undefined;
    if (m1 === undefined) return;
    const m2 = answerLock(m1);
    if (keySteps < 2 && lockSteps < 2) return;
    if (key.door.checkMessage2(put(key, m2)) !== 0) throw new Error("message_2");
    if (keySteps < 3 && lockSteps < 2) return;
    const m3 = taken(key, key.door.buildMessage3(1, world.doorSlot, shown.leaf, shown.path));
    if (lock.door.judgeMessage3(put(lock, m3)) !== 0) throw new Error("message_3");
    if (keySteps < 4 && lockSteps < 3) return;
    const m4 = taken(lock, lock.door.buildMessage4(0, 1, SHIFT_S, []));
    if (key.door.checkMessage4(put(key, m4)) !== 0) throw new Error("message_4");
  }

  test.each(LOCK_ORDER.map((allowed, steps) => [steps, allowed] as const))(
    "at the lock after %i steps only %j",
    (steps, allowed) => {
      for (const [name, call, refused] of LOCK_CALLS) {
        if (allowed.includes(name)) continue;
        advance(0, Math.min(steps, 3));
        if (steps === 4) lock.door.openRecord(0);
        expect(call(lock.door), name).toBe(refused);
        expect(lock.door.state, name).toBe(RESPONDER_DEAD);
        expect(lock.door.faultCode, name).toBe(SESSION_STATE);
        expect(playSession(world, key, lock, { head }).verdict, name).toBe(0);
      }
    },
  );

  test.each(KEY_ORDER.map((allowed, steps) => [steps, allowed] as const))(
    "at the key after %i steps only %j",
    (steps, allowed) => {
      for (const [name, call, refused] of KEY_CALLS) {
        if (allowed.includes(name)) continue;
        advance(Math.min(steps, 4), 0);
        if (steps === 5) key.door.openRecord(0);
        expect(call(key.door), name).toBe(refused);
        expect(key.door.state, name).toBe(INITIATOR_DEAD);
        expect(key.door.faultCode, name).toBe(SESSION_STATE);
        expect(playSession(world, key, lock, { head }).verdict, name).toBe(0);
      }
    },
  );
});

describe("lengths that lie or run over", () => {
  /** A well-formed byte string of so many octets in all. */
  function byteString(bytes: number): Uint8Array {
    const item = new Uint8Array(bytes);
    item.set([0x59, (bytes - 3) >> 8, (bytes - 3) & 255]);
    return item;
  }

  test("an EDHOC message beyond 1024 octets, or a record beyond 4096, is not even decrypted", () => {
    startKey();
    expect(key.door.checkMessage2(put(key, byteString(1025)))).toBe(SESSION_MALFORMED);
    answerLock(startAfterReset());
    expect(lock.door.judgeMessage3(put(lock, byteString(1025)))).toBe(-1);
    expect(lock.door.faultCode).toBe(SESSION_MALFORMED);
    lock.door.reset();
    showKey(answerLock(startAfterReset()));
    expect(key.door.checkMessage4(put(key, byteString(1025)))).toBe(SESSION_MALFORMED);
    // One octet less is looked at, and found to be made under no key of this session.
    lock.door.reset();
    showKey(answerLock(startAfterReset()));
    expect(key.door.checkMessage4(put(key, byteString(1024)))).toBe(SESSION_MAC);
  });

  test("message_2 has room for one credential, not less and not more, before its key is used", () => {
    // G_Y is all zero in these, which is seen only where the length is good.
    const messages: [Uint8Array, number][] = [
      [new Uint8Array([0x58, 32, ...new Uint8Array(32)]), SESSION_MALFORMED],
      [new Uint8Array([0x58, 33, ...new Uint8Array(33)]), SHARED_SECRET_ZERO],
      [byteString(303), SHARED_SECRET_ZERO],
      [byteString(304), SESSION_MALFORMED],
    ];
    for (const [m2, code] of messages) {
      key.door.reset();
      startKey();
      expect(key.door.checkMessage2(put(key, m2))).toBe(code);
    }
  });

  test("message_1 has 37 octets, whatever lies behind it or was there before", () => {
    const m1 = startKey();
    for (const bytes of [36, 38]) {
      lock.door.reset();
      put(lock, m1);
      expect(lock.door.answerMessage1(bytes)).toBe(0);
      expect(lock.door.faultCode).toBe(SESSION_MALFORMED);
    }
  });

  test("a leaf or path too long for a presentation is refused at the key", () => {
    expect(key.door.checkMessage2(put(key, answerLock(startKey())))).toBe(0);
    expect(key.door.buildMessage3(1, 0, new Uint8Array(41), shown.path)).toBe(0);
    expect(key.door.faultCode).toBe(OBJECT_TOO_LONG);
  });

  test("random octets in place of each message are refused (2000 of each)", () => {
    let state = 20261123;
    const octet = () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return state >>> 24;
    };
    const noise = (bytes: number) => new Uint8Array(bytes).map(octet);
    for (let round = 0; round < 2000; round += 1) {
      const bytes = (octet() * octet()) & 1023;
      lock.door.reset();
      expect(lock.door.answerMessage1(put(lock, noise(bytes)))).toBe(0);
      key.door.reset();
      startKey();
      expect(key.door.checkMessage2(put(key, noise(bytes)))).not.toBe(0);
    }
    for (let round = 0; round < 200; round += 1) {
      lock.door.reset();
      answerLock(startAfterReset());
      expect(lock.door.judgeMessage3(put(lock, noise((octet() * octet()) & 1023)))).toBe(-1);
    }
    expect(playSession(world, key, lock, { head }).verdict).toBe(0);
  });

  function startAfterReset(): Uint8Array {
    key.door.reset();
    return startKey();
  }
});
