// SPDX-License-Identifier: EUPL-1.2
// A lock in the laboratory: its keys and its certificate are genuine, what it says is not.

import {
  type CborValue,
  createArenaOperations,
  createFrameReader,
  createLockDoor,
  decodeCbor,
  encodeCbor,
  encodeFrames,
  encodeHelloAnswer,
  isArray,
  kidOf,
  LINK_EDHOC,
  LINK_HELLO,
  LINK_HELLO_ANSWER,
  LINK_RECORD,
  LOCK_ARENA_BYTES,
  MESSAGE,
  PROFILE_CLOCK,
  ROLE_LOCK,
  signLockCertificate,
} from "@nyckelring/protocol";
import {
  AUTHORITY,
  crypto,
  DOOR,
  entropyOf,
  GROUP,
  type Issuing,
  SHIFT_S,
  secretOf,
} from "./lock-rig.ts";

/** What it answers to a record of a type; undefined for silence. */
export type Says = (
  type: number,
  body: CborValue,
) => readonly [type: number, body: CborValue] | undefined;

/** Makes a hostile lock of an authority. Every right that is shown is granted in words. */
export function createHostileLock(issuing: Issuing, says: Says, wants: readonly number[] = []) {
  const agreementSecret = secretOf("hostile agreement");
  const signingPublicKey = crypto.importSigningKey(secretOf("hostile signing")).publicKey;
  const devid = crypto.hash(signingPublicKey).slice(0, 8);
  const certificate = signLockCertificate(
    {
      expS: SHIFT_S + 4 * 365 * 86_400,
      iatS: SHIFT_S - 86_400,
      lock: { devid, publicKey: crypto.importAgreementKey(agreementSecret).publicKey },
      door: DOOR,
      groups: [GROUP],
      signingPublicKey,
    },
    issuing.device,
  );
  const { key } = issuing.ring;
  const arena = new Uint8Array(LOCK_ARENA_BYTES);
  const entropy = entropyOf("hostile");
  const door = createLockDoor(createArenaOperations(crypto, entropy, arena), arena);
  door.loadCredential({ agreementSecret, certificate });
  door.loadTrust({
    owner: AUTHORITY,
    door: DOOR,
    groups: [GROUP],
    anchors: [
      {
        authority: AUTHORITY,
        kid: kidOf(crypto, key.publicKey),
        publicKey: key.publicKey,
        opsmask: 3,
        maxvalidS: 45_000,
        loS: 0,
      },
    ],
    floors: [],
    hasClock: false,
    clockUnknownPolicy: 0,
  });
  let sent: Uint8Array[] = [];
  let isShown = false;

  function send(kind: number, bytes: number): void {
    if (bytes > 0) sent.push(encodeFrames(kind, arena.slice(MESSAGE, MESSAGE + bytes)));
  }

  function onMessage(kind: number, message: Uint8Array): void {
    if (kind === LINK_HELLO) {
      door.reset();
      isShown = false;
      const answer = encodeHelloAnswer({ role: ROLE_LOCK, profile: PROFILE_CLOCK, devid });
      sent.push(encodeFrames(LINK_HELLO_ANSWER, answer));
      return;
    }
    arena.set(message, MESSAGE);
    if (kind === LINK_EDHOC && !isShown) {
      isShown = true;
      send(LINK_EDHOC, door.answerMessage1(message.length));
    } else if (kind === LINK_EDHOC) {
      const judged = door.judgeMessage3(message.length);
      send(LINK_EDHOC, judged < 0 ? 0 : door.buildMessage4(0, 1, SHIFT_S, wants));
    } else if (kind === LINK_RECORD) {
      const type = door.openRecord(message.length);
      const body = type < 0 ? undefined : decodeCbor(door.recordBody());
      const answer = body?.ok && isArray(body.value) ? says(type, body.value) : undefined;
      if (answer !== undefined)
        send(LINK_RECORD, door.sealRecord(answer[0], encodeCbor(answer[1])));
    }
  }

  const reader = createFrameReader(onMessage, () => undefined);
  const role = {
    onContact: () => undefined,
    onBytes(bytes: Uint8Array): void {
      reader.push(bytes);
    },
  };
  return {
    devid,
    role: () => role,
    boot: () => role,
    cutPower: () => undefined,
    pass: (_spanMs: number) => undefined,
    take(): Uint8Array[] {
      const taken = sent;
      sent = [];
      return taken;
    },
  };
}
