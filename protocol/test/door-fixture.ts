// SPDX-License-Identifier: EUPL-1.2
// A small world for tests of the door path: one authority, a ring, a key and locks, all derived
// from a seed, so that two runs with the same seed make the same octets.

import {
  type ArenaOperations,
  bytesOfHex,
  type CborMap,
  type CborValue,
  type CryptoPort,
  cborMap,
  createArenaOperations,
  createKeyDoor,
  createLockDoor,
  type EntropyPort,
  encodeCbor,
  KEY_ARENA_BYTES,
  type KeyDoor,
  kidOf,
  type Leaf,
  LOCK_ARENA_BYTES,
  type LockCredential,
  type LockDoor,
  type LockTrust,
  MESSAGE,
  type RingHead,
  type RingTree,
  type Signer,
  signLockCertificate,
  signRingHead,
  signSign1,
  slotBytes,
  TYP_LOCK_CERTIFICATE,
  TYP_RING_HEAD,
  treeOfSlots,
} from "../src/index.ts";

/** 2026-11-23 06:00:00 UTC, begin of the shift of every default head. */
export const SHIFT_S = 1_795_413_600;
export const DOOR = 1041;
export const GROUP = 7;

/** Octets that follow from a label alone. */
export function secretOf(crypto: CryptoPort, label: string): Uint8Array {
  return crypto.hash(new TextEncoder().encode(label));
}

/** A stream of octets that follows from a label alone. */
export function entropyOf(crypto: CryptoPort, label: string): EntropyPort {
  let block = 0;
  return {
    fill(target, offset, bytes) {
      for (let done = 0; done < bytes; done += 32) {
        const octets = secretOf(crypto, `${label} ${block}`);
        block += 1;
        target.set(octets.subarray(0, Math.min(32, bytes - done)), offset + done);
      }
    },
  };
}

export interface World {
  readonly crypto: CryptoPort;
  readonly ringSigner: Signer;
  readonly deviceSigner: Signer;
  readonly keySecret: Uint8Array;
  readonly keyDevid: Uint8Array;
  readonly keyPublic: Uint8Array;
  readonly ringSecret: Uint8Array;
  readonly slots: readonly Leaf[];
  /** Index of the leaf for `DOOR`, and of the one for `GROUP`. */
  readonly doorSlot: number;
  readonly groupSlot: number;
}

function signerOf(crypto: CryptoPort, label: string): Signer {
  const key = crypto.importSigningKey(secretOf(crypto, label));
  return { kid: kidOf(crypto, key.publicKey), key };
}

/** Makes the world over a crypto port, with a ring of a given size. */
export function makeWorld(crypto: CryptoPort, size = 50): World {
  const doorSlot = size >> 1;
  const groupSlot = size - 1;
  const slots: Leaf[] = [];
  for (let slot = 0; slot < size; slot += 1) {
    const target = slot === doorSlot ? DOOR : slot === groupSlot ? GROUP : 100_000 + slot;
    const kind = slot === groupSlot && slot !== doorSlot ? 1 : 0;
    slots.push({ kind, target, ops: 3, untilS: SHIFT_S + 400 * 86_400 });
  }
  const keySecret = secretOf(crypto, "key");
  return {
    crypto,
    ringSigner: signerOf(crypto, "level 1"),
    deviceSigner: signerOf(crypto, "level 2"),
    keySecret,
    keyDevid: bytesOfHex("4b45592d30303031"),
    keyPublic: crypto.importAgreementKey(keySecret).publicKey,
    ringSecret: secretOf(crypto, "ring"),
    slots,
    doorSlot,
    groupSlot,
  };
}

const trees = new WeakMap<readonly Leaf[], RingTree>();

/** The tree of a world, computed once. */
function treeOf(world: World): RingTree {
  const known = trees.get(world.slots);
  if (known !== undefined) return known;
  const tree = treeOfSlots(world.crypto, world.ringSecret, world.slots);
  trees.set(world.slots, tree);
  return tree;
}

/** The default head over the slots of a world, with changes. */
export function headOf(world: World, changes: Partial<RingHead> = {}): RingHead {
  return {
    expS: SHIFT_S + 43_200,
    nbfS: SHIFT_S,
    iatS: SHIFT_S - 600,
    holder: { devid: world.keyDevid, publicKey: world.keyPublic },
    ringseq: 70_000,
    size: world.slots.length,
    root: treeOf(world).root(),
    flags: 0,
    needlist: 12,
    ...changes,
  };
}

export function signedHead(world: World, changes: Partial<RingHead> = {}): Uint8Array {
  return signRingHead(headOf(world, changes), world.ringSigner);
}

/** A head that no issuer of ours would sign, but a broken or stolen one might. */
export function recklessHead(world: World, changes: Partial<RingHead> = {}): Uint8Array {
  const head = headOf(world, changes);
  const claims = cborMap([
    [4, head.expS],
    [5, head.nbfS],
    [6, head.iatS],
    [8, cborMap([[1, dhKeyOf(head.holder.devid, head.holder.publicKey)]])],
    [-65537, [head.ringseq, head.size, head.root, head.flags, head.needlist]],
  ]);
  return signSign1(TYP_RING_HEAD, encodeCbor(claims), world.ringSigner);
}

function dhKeyOf(devid: Uint8Array, publicKey: Uint8Array): CborMap {
  return cborMap([
    [1, 1],
    [2, devid],
    [-1, 4],
    [-2, publicKey],
  ]);
}

/** A lock certificate whose own claim says what it likes. */
export function recklessCertificate(world: World, claim: CborValue, name = "lock"): Uint8Array {
  const { crypto } = world;
  const publicKey = crypto.importAgreementKey(secretOf(crypto, `${name} agreement`)).publicKey;
  const devid = secretOf(crypto, `${name} devid`).slice(0, 8);
  const claims = cborMap([
    [4, SHIFT_S + 86_400],
    [6, SHIFT_S],
    [8, cborMap([[1, dhKeyOf(devid, publicKey)]])],
    [-65538, claim],
  ]);
  return signSign1(TYP_LOCK_CERTIFICATE, encodeCbor(claims), world.deviceSigner);
}

/** What a key shows of one slot. */
export function showSlot(world: World, slot: number): { leaf: Uint8Array; path: Uint8Array } {
  const leaf = world.slots[slot];
  if (leaf === undefined) throw new Error(`no slot ${slot}`);
  return {
    leaf: slotBytes(world.crypto, world.ringSecret, leaf),
    path: treeOf(world).path(slot),
  };
}

/** What a lock that knows the world's authority is and judges by, with changes. */
export function trustOf(
  world: World,
  changes: Partial<LockTrust> = {},
  name = "lock",
): LockCredential & LockTrust {
  const { crypto } = world;
  const agreementSecret = secretOf(crypto, `${name} agreement`);
  const door = changes.door ?? DOOR;
  const groups = changes.groups ?? [GROUP];
  const certificate = signLockCertificate(
    {
      expS: SHIFT_S + 4 * 365 * 86_400,
      iatS: SHIFT_S - 86_400,
      lock: {
        devid: secretOf(crypto, `${name} devid`).slice(0, 8),
        publicKey: crypto.importAgreementKey(agreementSecret).publicKey,
      },
      door,
      groups,
      signingPublicKey: secretOf(crypto, `${name} signing`),
    },
    world.deviceSigner,
  );
  return {
    agreementSecret,
    certificate,
    owner: 1,
    door,
    groups,
    anchors: [
      {
        authority: 1,
        kid: world.ringSigner.kid,
        publicKey: world.ringSigner.key.publicKey,
        opsmask: 3,
        maxvalidS: 45_000,
        loS: SHIFT_S - 3600,
      },
    ],
    floors: [{ authority: 1, listseq: 12, ringfloor: 0, floors: [] }],
    hasClock: false,
    clockUnknownPolicy: 0,
    ...changes,
  };
}

export interface Side<Door> {
  readonly arena: Uint8Array;
  readonly operations: ArenaOperations;
  readonly door: Door;
}

type Wrap = (operations: ArenaOperations, arena: Uint8Array) => ArenaOperations;
const asIs: Wrap = (operations) => operations;

export function lockSide(
  world: World,
  trust: LockCredential & LockTrust,
  label = "lock",
  wrap = asIs,
): Side<LockDoor> {
  const arena = new Uint8Array(LOCK_ARENA_BYTES);
  const entropy = entropyOf(world.crypto, label);
  const operations = wrap(createArenaOperations(world.crypto, entropy, arena), arena);
  const door = createLockDoor(operations, arena);
  door.loadCredential(trust);
  door.loadTrust(trust);
  return { arena, operations, door };
}

export function keySide(world: World, label = "key", wrap = asIs): Side<KeyDoor> {
  const arena = new Uint8Array(KEY_ARENA_BYTES);
  const entropy = entropyOf(world.crypto, label);
  const operations = wrap(createArenaOperations(world.crypto, entropy, arena), arena);
  const door = createKeyDoor(operations, arena);
  const { kid, key } = world.deviceSigner;
  door.load({
    agreementSecret: world.keySecret,
    anchors: [{ authority: 1, kid, publicKey: key.publicKey }],
  });
  return { arena, operations, door };
}

/** Takes the message that a call has just left in an arena. */
export function taken(side: { readonly arena: Uint8Array }, bytes: number): Uint8Array {
  return side.arena.slice(MESSAGE, MESSAGE + bytes);
}

/** Puts a message into an arena; returns its length, for the call that follows. */
export function put(side: { readonly arena: Uint8Array }, message: Uint8Array): number {
  side.arena.set(message, MESSAGE);
  return message.length;
}

/** All that a second implementation needs to say the session of fresh sides of a world. */
export function straightOf(world: World, { slot = world.doorSlot, op = 1 }: Play = {}) {
  const fresh = (label: string) => {
    const secret = new Uint8Array(32);
    entropyOf(world.crypto, label).fill(secret, 0, 32);
    return secret;
  };
  const trust = trustOf(world);
  return {
    x: fresh("key"),
    y: fresh("lock"),
    initiatorSecret: world.keySecret,
    responderSecret: trust.agreementSecret,
    ringHead: signedHead(world),
    lockCertificate: trust.certificate,
    op,
    index: slot,
    ...showSlot(world, slot),
    code: 0,
    lockseq: 4711,
    tS: SHIFT_S + 60,
    wants: [1, 3],
  };
}

export interface Played {
  readonly m1: Uint8Array;
  readonly m2: Uint8Array;
  readonly m3: Uint8Array;
  readonly m4: Uint8Array;
  /** What the lock judged. */
  readonly verdict: number;
}

/** What may differ from an honest opening. */
export interface Play {
  readonly head?: Uint8Array;
  readonly slot?: number;
  readonly op?: number;
}

/** A head and a right under it, ready to be shown. */
export interface Show {
  readonly head: Uint8Array;
  readonly op: number;
  readonly slot: number;
  readonly leaf: Uint8Array;
  readonly path: Uint8Array;
}

export function prepareShow(world: World, head: Partial<RingHead>, slot = world.doorSlot): Show {
  return { head: signedHead(world, head), op: 1, slot, ...showSlot(world, slot) };
}

/** An honest session up to message_4; both sides are reset first. Throws where a side refuses. */
export function playPrepared(key: Side<KeyDoor>, lock: Side<LockDoor>, show: Show): Played {
  key.door.reset();
  lock.door.reset();
  const m1 = taken(key, key.door.start(show.head));
  const m2 = taken(lock, lock.door.answerMessage1(put(lock, m1)));
  const fault = key.door.checkMessage2(put(key, m2));
  if (fault !== 0) throw new Error(`message_2 refused with ${fault.toString(16)}`);
  const m3 = taken(key, key.door.buildMessage3(show.op, show.slot, show.leaf, show.path));
  const verdict = lock.door.judgeMessage3(put(lock, m3));
  if (verdict < 0) throw new Error(`message_3 refused with ${lock.door.faultCode.toString(16)}`);
  const m4 = taken(lock, lock.door.buildMessage4(verdict, 4711, SHIFT_S + 60, [1, 3]));
  const refused = key.door.checkMessage4(put(key, m4));
  if (refused !== 0) throw new Error(`message_4 refused with ${refused.toString(16)}`);
  return { m1, m2, m3, m4, verdict };
}

/** The same with the default head and door, or with what the play changes. */
export function playSession(
  world: World,
  key: Side<KeyDoor>,
  lock: Side<LockDoor>,
  play: Play = {},
): Played {
  const slot = play.slot ?? world.doorSlot;
  return playPrepared(key, lock, {
    head: play.head ?? signedHead(world),
    op: play.op ?? 1,
    slot,
    ...showSlot(world, slot),
  });
}
