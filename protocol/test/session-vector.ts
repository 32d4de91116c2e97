// SPDX-License-Identifier: EUPL-1.2
// One whole door session, for the frozen vectors: every secret that goes in, every octet that comes
// out, with a record in each direction.

import {
  type CryptoPort,
  encodeCbor,
  hexOf,
  RECORD_WANT,
  type RingHead,
  type Signer,
} from "../src/index.ts";
import {
  DOOR,
  entropyOf,
  headOf,
  keySide,
  lockSide,
  makeWorld,
  playSession,
  put,
  SHIFT_S,
  showSlot,
  signedHead,
  taken,
  trustOf,
} from "./door-fixture.ts";

const RING_SIZE = 50;

/** The content of one frozen file; all octets are hexadecimal text. */
export interface SessionVector {
  readonly note: string;
  readonly inputs: {
    readonly x: string;
    readonly y: string;
    readonly initiatorSecret: string;
    readonly responderSecret: string;
    readonly ringHead: string;
    readonly lockCertificate: string;
    readonly ringKey: string;
    readonly deviceKey: string;
    readonly op: number;
    readonly index: number;
    readonly leaf: string;
    readonly path: string;
    readonly code: number;
    readonly lockseq: number;
    readonly tS: number;
    readonly wants: readonly number[];
  };
  readonly claims: { readonly door: number; readonly ringseq: number; readonly size: number };
  readonly message1: string;
  readonly message2: string;
  readonly message3: string;
  readonly message4: string;
  readonly records: readonly {
    readonly type: number;
    readonly body: string;
    readonly sent: string;
  }[];
}

/** Plays the session and writes it down. */
export function makeSessionVector(crypto: CryptoPort): SessionVector {
  const world = makeWorld(crypto, RING_SIZE);
  const trust = trustOf(world);
  const key = keySide(world);
  const lock = lockSide(world, trust);
  const played = playSession(world, key, lock);
  const head: RingHead = headOf(world);
  const shown = showSlot(world, world.doorSlot);

  const question = encodeCbor([]);
  const asked = taken(key, key.door.sealRecord(RECORD_WANT, question));
  lock.door.openRecord(put(lock, asked));
  const answer = encodeCbor([12, 4, 1, 4700, 4711]);
  const answered = taken(lock, lock.door.sealRecord(RECORD_WANT, answer));

  return {
    note: "One granted session in a ring of 50: RFC 9528 method 3, suite 0, C_I 0, C_R 1.",
    inputs: {
      x: freshOf(crypto, "key"),
      y: freshOf(crypto, "lock"),
      initiatorSecret: hexOf(world.keySecret),
      responderSecret: hexOf(trust.agreementSecret),
      ringHead: hexOf(signedHead(world)),
      lockCertificate: hexOf(trust.certificate),
      ringKey: publicKeyOf(world.ringSigner),
      deviceKey: publicKeyOf(world.deviceSigner),
      op: 1,
      index: world.doorSlot,
      leaf: hexOf(shown.leaf),
      path: hexOf(shown.path),
      code: 0,
      lockseq: 4711,
      tS: SHIFT_S + 60,
      wants: [1, 3],
    },
    claims: { door: DOOR, ringseq: head.ringseq, size: head.size },
    message1: hexOf(played.m1),
    message2: hexOf(played.m2),
    message3: hexOf(played.m3),
    message4: hexOf(played.m4),
    records: [
      { type: RECORD_WANT, body: hexOf(question), sent: hexOf(asked) },
      { type: RECORD_WANT, body: hexOf(answer), sent: hexOf(answered) },
    ],
  };
}

function freshOf(crypto: CryptoPort, label: string): string {
  const secret = new Uint8Array(32);
  entropyOf(crypto, label).fill(secret, 0, secret.length);
  return hexOf(secret);
}

function publicKeyOf(signer: Signer): string {
  return hexOf(signer.key.publicKey);
}
