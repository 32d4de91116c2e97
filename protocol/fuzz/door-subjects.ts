// SPDX-License-Identifier: EUPL-1.2
// Both sides of the door in every state that takes a message, and in any order of calls.

import {
  type CryptoPort,
  concatBytes,
  createArenaOperations,
  createKeyDoor,
  createLockDoor,
  encodeCbor,
  encodeSaltedLeaf,
  hexOf,
  KEY_ARENA_BYTES,
  type KeyDoor,
  LOCK_ARENA_BYTES,
  type LockDoor,
  MESSAGE,
  REPLY,
  signLockCertificate,
  signRingHead,
  sliceBytes,
} from "../src/index.ts";
import { canonicalText } from "./canonical.ts";
import { createConstantEntropy } from "./credulous-crypto.ts";
import type { Subject } from "./decoder-subjects.ts";

const SHIFT_S = 1795500000;
const DOOR = 1041;
const SLOT = 2;
const RING_SIZE = 5;
const PATH_BYTES = 96;
const MESSAGE_BYTES_MAX = 4096;
const TAG_BYTES = 8;
const CALLS = 12;

/** Two doors that have met before anything is said, and what they are told to say. */
export interface DoorRig {
  readonly key: KeyDoor;
  readonly lock: LockDoor;
  /** Puts both back to the begin of a contact. */
  reset(): void;
  /** Takes what the key has just written. */
  fromKey(bytes: number): Uint8Array;
  fromLock(bytes: number): Uint8Array;
  /** Lays a message before a side; returns its length. */
  toKey(message: Uint8Array): number;
  toLock(message: Uint8Array): number;
  start(): Uint8Array;
  show(): Uint8Array;
  decide(code: number): Uint8Array;
}

/** Makes the rig over a crypto port. */
export function createDoorRig(crypto: CryptoPort): DoorRig {
  const secret = crypto.hash(new Uint8Array(1));
  const signing = crypto.importSigningKey(secret);
  const kid = sliceBytes(crypto.hash(signing.publicKey), 0, 4);
  const signer = { kid, key: signing };
  const devid = sliceBytes(secret, 0, 8);
  const publicKey = crypto.importAgreementKey(secret).publicKey;
  const head = signRingHead(
    {
      expS: SHIFT_S + 45000,
      nbfS: SHIFT_S,
      iatS: SHIFT_S - 600,
      holder: { devid, publicKey },
      ringseq: 70000,
      size: RING_SIZE,
      root: crypto.hash(secret),
      flags: 0,
      needlist: 12,
    },
    signer,
  );
  const certificate = signLockCertificate(
    {
      expS: SHIFT_S + 86400,
      iatS: SHIFT_S - 86400,
      lock: { devid, publicKey },
      door: DOOR,
      groups: [7],
      signingPublicKey: signing.publicKey,
    },
    signer,
  );
  const leaf = encodeSaltedLeaf(
    { kind: 0, target: DOOR, ops: 3, untilS: SHIFT_S + 86400 },
    new Uint8Array(8),
  );
  const keyArena = new Uint8Array(KEY_ARENA_BYTES);
  const lockArena = new Uint8Array(LOCK_ARENA_BYTES);
  const entropy = createConstantEntropy();
  const key = createKeyDoor(createArenaOperations(crypto, entropy, keyArena), keyArena);
  const lock = createLockDoor(createArenaOperations(crypto, entropy, lockArena), lockArena);
  key.load({
    agreementSecret: secret,
    anchors: [{ authority: 1, kid, publicKey: signing.publicKey }],
  });
  lock.loadCredential({ agreementSecret: secret, certificate });
  lock.loadTrust({
    owner: 1,
    door: DOOR,
    groups: [7],
    anchors: [
      {
        authority: 1,
        kid,
        publicKey: signing.publicKey,
        opsmask: 3,
        maxvalidS: 45000,
        loS: SHIFT_S - 3600,
      },
    ],
    floors: [{ authority: 1, listseq: 12, ringfloor: 0, floors: [] }],
    hasClock: false,
    clockUnknownPolicy: 0,
  });
  const lay = (arena: Uint8Array, message: Uint8Array) => {
    arena.set(message, MESSAGE);
    return message.length;
  };
  return {
    key,
    lock,
    reset() {
      key.reset();
      lock.reset();
    },
    fromKey: (bytes) => sliceBytes(keyArena, MESSAGE, MESSAGE + bytes),
    fromLock: (bytes) => sliceBytes(lockArena, REPLY, REPLY + bytes),
    toKey: (message) => lay(keyArena, message),
    toLock: (message) => lay(lockArena, message),
    start() {
      const bytes = key.start(head);
      return sliceBytes(keyArena, MESSAGE, MESSAGE + bytes);
    },
    show() {
      const bytes = key.buildMessage3(1, SLOT, leaf, new Uint8Array(PATH_BYTES));
      return sliceBytes(keyArena, MESSAGE, MESSAGE + bytes);
    },
    decide(code) {
      const bytes = lock.buildMessage4(code, 4711, SHIFT_S + 60, [1, 3]);
      return sliceBytes(lockArena, REPLY, REPLY + bytes);
    },
  };
}

/** The honest messages of the rig, in their order: four of EDHOC, then a record of each side. */
export function honestMessages(rig: DoorRig): readonly Uint8Array[] {
  rig.reset();
  const m1 = rig.start();
  const m2 = rig.fromLock(rig.lock.answerMessage1(rig.toLock(m1)));
  rig.key.checkMessage2(rig.toKey(m2));
  const m3 = rig.show();
  rig.lock.judgeMessage3(rig.toLock(m3));
  const m4 = rig.decide(0);
  rig.key.checkMessage4(rig.toKey(m4));
  const up = rig.fromKey(rig.key.sealRecord(1, encodeCbor([])));
  const down = rig.fromLock(rig.lock.sealRecord(1, encodeCbor([1, 2, 3, 4, 5])));
  return [m1, m2, m3, m4, up, down];
}

/** Plays an honest session; the text says how it ended, and is empty when all went well. */
function honestEnd(rig: DoorRig): string {
  const [, , , , up, down] = honestMessages(rig);
  if (up === undefined || down === undefined) return " then no records";
  const isGood =
    rig.lock.openRecord(rig.toLock(up)) === 1 && rig.key.openRecord(rig.toKey(down)) === 1;
  return isGood ? "" : " then the next honest session fails";
}

function lockText(rig: DoorRig): string {
  const { state, faultCode, op, ringseq, target, flags, headIatS, anchor } = rig.lock;
  return [state, faultCode, op, ringseq, target, flags, headIatS, anchor].join("/");
}

function keyText(rig: DoorRig): string {
  const { state, faultCode, lock, decision } = rig.key;
  return `${state}/${faultCode}/${canonicalText(lock)}/${canonicalText(decision)}`;
}

/** Every state of either machine that takes a message, and a machine that takes any order. */
export function doorSubjects(crypto: CryptoPort): readonly Subject[] {
  const rig = createDoorRig(crypto);
  const [m1, m2, m3, m4] = honestMessages(rig);
  const none = new Uint8Array(0);
  const steps = [m1 ?? none, m2 ?? none, m3 ?? none, m4 ?? none] as const;

  // Leads both sides up to the message with this number, which is then the stranger's.
  function playUntil(number: number): void {
    rig.reset();
    rig.start();
    if (number > 1) rig.lock.answerMessage1(rig.toLock(steps[0]));
    if (number > 2) {
      rig.key.checkMessage2(rig.toKey(steps[1]));
      rig.show();
    }
    if (number > 3) {
      rig.lock.judgeMessage3(rig.toLock(steps[2]));
      rig.decide(0);
    }
    if (number > 4) rig.key.checkMessage4(rig.toKey(steps[3]));
  }

  // A verdict is good where the side went on instead of ending the session, and granted.
  function subject(name: string, number: number, take: (bytes: number) => number): Subject {
    const isLock = name.indexOf("lock") === 0;
    return {
      name,
      judge(bytes) {
        if (bytes.length > MESSAGE_BYTES_MAX) return "-0 too long for the arena";
        playUntil(number);
        const result = take(isLock ? rig.toLock(bytes) : rig.toKey(bytes));
        const text = `${result}/${isLock ? lockText(rig) : keyText(rig)}`;
        const isDenied = number === 3 && result > 0;
        const isOver = isDenied || (isLock ? rig.lock.faultCode : rig.key.faultCode) !== 0;
        return `${isOver ? "-" : "+"}${text}${honestEnd(rig)}`;
      },
    };
  }

  // The same with the octets as plaintext: what a peer says that holds a genuine key.
  function wrapped(inner: Subject, name: string, wrap: (bytes: Uint8Array) => Uint8Array): Subject {
    return { name, judge: (bytes) => inner.judge(wrap(bytes)) };
  }

  const { key, lock } = rig;
  const lock1 = subject("lock, message_1", 1, (bytes) => lock.answerMessage1(bytes));
  const key2 = subject("key, message_2", 2, (bytes) => key.checkMessage2(bytes));
  const lock3 = subject("lock, message_3", 3, (bytes) => lock.judgeMessage3(bytes));
  const key4 = subject("key, message_4", 4, (bytes) => key.checkMessage4(bytes));
  const lock5 = subject("lock, record", 5, (bytes) => lock.openRecord(bytes));
  const key5 = subject("key, record", 5, (bytes) => key.openRecord(bytes));
  const tag = new Uint8Array(TAG_BYTES);
  const sealed = (bytes: Uint8Array) => encodeCbor(concatBytes([bytes, tag]));
  const point = crypto.importAgreementKey(crypto.hash(none)).publicKey;
  return [
    lock1,
    key2,
    lock3,
    key4,
    lock5,
    key5,
    wrapped(key2, "key, plaintext_2", (bytes) => encodeCbor(concatBytes([point, bytes]))),
    wrapped(lock3, "lock, plaintext_3", sealed),
    wrapped(key4, "key, plaintext_4", sealed),
    wrapped(lock5, "lock, record plaintext", sealed),
    wrapped(key5, "key, record plaintext", sealed),
    { name: "door, any order", judge: (bytes) => judgeOrder(rig, bytes) },
  ];
}

// Each octet is one call; messages are handed on as they were written last.
function judgeOrder(rig: DoorRig, bytes: Uint8Array): string {
  rig.reset();
  let said: Uint8Array = new Uint8Array(0);
  const trace: string[] = [];
  for (let index = 0; index < bytes.length && index < 64; index += 1) {
    said = callOf(rig, (bytes[index] as number) % CALLS, said);
    trace.push(`${rig.key.state}${rig.lock.state}`);
  }
  const isOpen = rig.lock.faultCode === 0 && rig.key.faultCode === 0;
  const last = `${hexOf(sliceBytes(said, 0, said.length < 8 ? said.length : 8))}`;
  return `${isOpen ? "+" : "-"}${trace.join(" ")} ${last}${honestEnd(rig)}`;
}

function callOf(rig: DoorRig, call: number, said: Uint8Array): Uint8Array {
  const { key, lock } = rig;
  switch (call) {
    case 0:
      // A session begins once a contact; the key asserts nothing about a second start.
      return rig.start();
    case 1:
      return rig.fromLock(lock.answerMessage1(rig.toLock(said)));
    case 2:
      key.checkMessage2(rig.toKey(said));
      return said;
    case 3:
      return rig.show();
    case 4:
      lock.judgeMessage3(rig.toLock(said));
      return said;
    case 5:
      return rig.decide(0);
    case 6:
      key.checkMessage4(rig.toKey(said));
      return said;
    case 7:
      return rig.fromKey(key.sealRecord(2, said));
    case 8:
      lock.openRecord(rig.toLock(said));
      return said;
    case 9:
      return rig.fromLock(lock.sealRecord(2, said));
    case 10:
      key.openRecord(rig.toKey(said));
      return said;
    default:
      lock.judgeAgain();
      return said;
  }
}
