// SPDX-License-Identifier: EUPL-1.2

import * as protocol from "@nyckelring/protocol";
import { createNodeCrypto } from "@nyckelring/protocol/host";
import { headOf, makeWorld, SHIFT_S, signedHead } from "../../../protocol/test/door-fixture.ts";
import { brokenBy, codeOf, must, type Origins } from "./observe.ts";

const crypto = createNodeCrypto();
const world = makeWorld(crypto, 4);
const { ringSecret, slots, ringSigner } = world;
const anchor = {
  kid: ringSigner.kid,
  key: must(crypto.importVerificationKey(ringSigner.key.publicKey)),
};
const zeros = new Uint8Array(32);

function credential(): Uint8Array {
  const [leaf = null] = slots;
  const path = protocol.inclusionPath(crypto, ringSecret, slots, 0);
  const shown = protocol.slotBytes(crypto, ringSecret, leaf);
  return protocol.encodeCredential({ head: signedHead(world), index: 0, leaf: shown, path });
}

function verify(bytes: Uint8Array, question: protocol.CredentialQuestion): number {
  return codeOf(protocol.verifyCredential(crypto, bytes, [anchor], question));
}

function faultOfFrames(bytes: Uint8Array): number {
  let code = 0;
  const reader = protocol.createFrameReader(
    () => undefined,
    (fault) => {
      code = fault.code;
    },
  );
  reader.push(bytes);
  return code;
}

function changed(bytes: Uint8Array, index: number): Uint8Array {
  const copy = bytes.slice();
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}

// Eighteen full fragments are more than 4096 octets; each frame alone is good.
function tooLong(): Uint8Array {
  const whole = protocol.encodeFrames(protocol.LINK_RECORD, new Uint8Array(4080));
  const frameBytes = 246;
  const last = whole.slice(16 * frameBytes);
  const more = protocol.encodeFrames(protocol.LINK_RECORD, new Uint8Array(4081));
  const next = more.slice(16 * frameBytes, 17 * frameBytes);
  return protocol.concatBytes([whole.slice(0, 16 * frameBytes), next, overlong(last)]);
}

// The last fragment under the number that follows, as full as can be.
function overlong(last: Uint8Array): Uint8Array {
  const frame = new Uint8Array(246);
  frame.set([0xa5, 240, last[2] ?? 0, 17 | 0x80]);
  const crc = protocol.crc16(frame, 1, 244);
  frame.set([crc >> 8, crc & 0xff], 244);
  return frame;
}

function applied(changes: Partial<protocol.RingDelta>, size = slots.length): number {
  const whole = protocol.diffRings(crypto, ringSecret, [], slots);
  const head = headOf(world, { size });
  return codeOf(protocol.applyRingDelta(crypto, ringSecret, [], { ...whole, ...changes }, head));
}

function brokenChain(): number {
  const devid = zeros.slice(0, 8);
  const entry = protocol.encodeEntry({
    ...{ n: 1, tS: SHIFT_S, tq: 0, kind: 1, op: 1, reason: 0 },
    ...{ peer: devid, ring: 1, target: 1 },
  });
  const fields = { devid, logEpoch: 1, authority: 1 };
  const claims = { ...fields, n: 1, chain: zeros, tS: SHIFT_S, tq: 0 };
  const head = protocol.signLogHead(claims, ringSigner);
  const prev = protocol.chainStart();
  const batch = protocol.encodeLogBatch({ ...fields, first: 1, prev, entries: [entry], head });
  const decoded = must(protocol.decodeLogBatch(batch));
  return codeOf(protocol.verifyBatch(crypto, decoded, anchor));
}

/** What octets, objects, rings and logs can be refused for. */
export const PROTOCOL_ORIGINS: Origins = {
  FRAME_GARBLED: () => faultOfFrames(changed(protocol.encodeFrames(1, zeros), 9)),
  FRAME_TOO_LONG: () => faultOfFrames(tooLong()),
  VERSION_UNKNOWN: () => codeOf(protocol.decodeHello(new Uint8Array([0x82, 2, 1]))),
  MESSAGE_MALFORMED: () => codeOf(protocol.decodePresentation(new Uint8Array([0x80]))),
  CBOR_MALFORMED: () => codeOf(protocol.decodeCbor(new Uint8Array([0x18, 0x17]))),
  SIGNATURE_INVALID: () => {
    const head = signedHead(world);
    return codeOf(protocol.verifyRingHead(changed(head, head.length - 1), [anchor]));
  },
  OBJECT_TOO_LONG: () => codeOf(protocol.decodeCredential(new Uint8Array(9000))),
  SEAL_INVALID: () =>
    codeOf(crypto.open(zeros.slice(16), zeros.slice(19), zeros, new Uint8Array(40), 8)),
  PUBLIC_KEY_INVALID: () => codeOf(crypto.importVerificationKey(zeros)),
  SHARED_SECRET_ZERO: () => codeOf(crypto.importAgreementKey(zeros.map(() => 7)).agree(zeros)),
  MAC_INVALID: () => {
    const station = { stationId: 1, commandKey: zeros };
    const bytes = protocol.encodeDown(crypto, station, 1, {
      type: protocol.DOWN_UPLOAD_ACK,
      seqs: [1],
    });
    return codeOf(protocol.decodeUp(crypto, station, bytes));
  },
  CLAIMS_MALFORMED: () => {
    const payload = protocol.encodeCbor([1]);
    const bytes = protocol.signSign1(protocol.TYP_RING_HEAD, payload, ringSigner);
    return codeOf(protocol.verifyRingHead(bytes, [anchor]));
  },
  LEAF_NOT_IN_RING: () => {
    const shown = must(protocol.decodeCredential(credential()));
    return verify(protocol.encodeCredential({ ...shown, index: 1 }), {});
  },
  TARGET_MISMATCH: () => verify(credential(), { door: 1 }),
  RIGHT_EXPIRED: () => {
    const leaf = { kind: 0, target: 5, ops: 3, untilS: SHIFT_S + 1 };
    const head = signedHead(world, { size: 1, root: protocol.ringRoot(crypto, zeros, [leaf]) });
    const shown = { head, index: 0, leaf: protocol.slotBytes(crypto, zeros, leaf) };
    const bytes = protocol.encodeCredential({ ...shown, path: new Uint8Array(0) });
    return verify(bytes, { atS: SHIFT_S + 1 });
  },
  RING_NOT_YET_VALID: () => verify(credential(), { atS: SHIFT_S - 1 }),
  RING_EXPIRED: () => verify(credential(), { atS: SHIFT_S + 90_000 }),
  ANCHOR_UNKNOWN: () => codeOf(protocol.verifyCredential(crypto, credential(), [], {})),
  WINDOW_TOO_LONG: () =>
    protocol.checkWindow({ nbfS: 100, expS: 90_000, iatS: 100, flags: 0 })?.code ?? 0,
  RING_FULL: () => {
    const leaf = (target: number) => ({ kind: 0, target, ops: 3, untilS: 1 });
    const wanted = Array.from({ length: 4001 }, (_, target) => leaf(target));
    return codeOf(protocol.assignSlots([], wanted));
  },
  DELTA_MALFORMED: () => applied({ changes: [{ slot: 9, leaf: null }] }),
  RING_BASE_MISMATCH: () => applied({ base16: zeros.slice(16) }),
  RING_ROOT_MISMATCH: () => applied({ new16: zeros.slice(16) }),
  LOG_CHAIN_BROKEN: brokenChain,
  PROMISE_BROKEN: () => brokenBy(() => protocol.encodeCbor(2 ** 40)),
};
