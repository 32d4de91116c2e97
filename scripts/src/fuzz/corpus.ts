// SPDX-License-Identifier: EUPL-1.2
// The valid octets that a fuzz run begins with, for each subject.

import { encodeFrames } from "@nyckelring/protocol";
import { createCredulousCrypto } from "../../../protocol/fuzz/credulous-crypto.ts";
import { createDoorRig, honestMessages } from "../../../protocol/fuzz/door-subjects.ts";
import { createSubjects } from "../../../protocol/fuzz/subjects.ts";
import { credentialSamples } from "../../../protocol/src/host/credential-samples.ts";
import { signedSamples } from "../../../protocol/src/host/samples.ts";
import { unsignedSamples } from "../../../protocol/src/host/unsigned-samples.ts";
import { sessionSamples } from "../../../protocol/test/session-samples.ts";

const TAG_BYTES = 8;
const POINT_BYTES = 32;

/**
 * Valid inputs by subject. A subject without samples of its own gets every sample: what is valid
 * elsewhere is a hard input here.
 */
export function makeCorpus(): ReadonlyMap<string, readonly Uint8Array[]> {
  const all = everySample();
  const own = ownSamples();
  return new Map(
    createSubjects().map(({ name }) => [name, own.get(name) ?? all.map(({ bytes }) => bytes)]),
  );
}

function everySample(): readonly { name: string; bytes: Uint8Array }[] {
  const crypto = createCredulousCrypto();
  return [
    ...signedSamples(crypto),
    ...unsignedSamples(crypto),
    ...credentialSamples(crypto),
    ...sessionSamples(),
  ];
}

function ownSamples(): Map<string, readonly Uint8Array[]> {
  const crypto = createCredulousCrypto();
  const signed = signedSamples(crypto);
  const unsigned = [...unsignedSamples(crypto), ...credentialSamples(crypto), ...sessionSamples()];
  const kind = (name: string) =>
    signed.filter((one) => one.name === name).map(({ bytes }) => bytes);
  const rule = (name: string) =>
    unsigned.filter((one) => one.rule === name).map(({ bytes }) => bytes);
  const own = new Map<string, readonly Uint8Array[]>([
    ["verifyRingHead", kind("ring-head")],
    ["verifyLockCertificate", kind("lock-cert")],
    ["verifyIssuerCertificate", kind("issuer-cert")],
    ["verifyFloorList", kind("floor-list")],
    ["verifyTimeGrant", kind("time-grant")],
    ["verifyLogHead", kind("log-head")],
    ["verifyLogAck", kind("log-ack")],
    ["verifyLockConfig", kind("lock-config")],
    ["verifyFirmwareNote", kind("fw-note")],
    ["verifyFirmwarePermit", kind("fw-permit")],
    ["verifyServicePermit", kind("service-permit")],
    ["verifyResend", kind("resend")],
    ["verifySign1", kind("ring-head")],
    ["decodeSaltedLeaf", rule("salted-leaf")],
    ["decodePresentation", rule("presentation")],
    ["decodeRingDelta", rule("ring-delta")],
    ["applyRingDelta", rule("ring-delta")],
    ["decodeRingBundle", rule("ring-bundle")],
    ["decodeCredential", rule("credential")],
    ["verifyCredential", rule("credential")],
    ["decodeAnchorFile", rule("anchor-file")],
    ["openAnchorFile", rule("anchor-file")],
    ["decodeEntry", rule("entry")],
    ["decodeLogBatch", rule("log-batch")],
    ["verifyBatch", rule("log-batch")],
    ["openObject", rule("sealed")],
    ["decodeHello", rule("hello")],
    ["decodeHelloAnswer", rule("hello-answer")],
    ["decodeKeyStation", rule("key-station")],
    ["decodeUp", rule("up")],
    ["decodeDown", rule("down")],
    ["decodeRecordAsk", unsigned.filter(isTyped("ask")).map(typed)],
    ["decodeRecordAnswer", unsigned.filter(isTyped("answer")).map(typed)],
    ["rootFromPath", [1, 2, 5, 12].map(pathInput)],
    [
      "createFrameReader",
      [0, 1, 240, 241, 500].map((count) => encodeFrames(5, new Uint8Array(count).fill(9))),
    ],
  ]);
  for (const [name, bytes] of doorSamples()) own.set(name, bytes);
  return own;
}

function isTyped(side: "ask" | "answer"): (sample: { readonly rule: string }) => boolean {
  return ({ rule }) => rule === `record-${side}`;
}

// A sample of a record is the whole pair; its subject takes the type in one octet, then the body.
function typed({ bytes }: { readonly bytes: Uint8Array }): Uint8Array {
  return bytes.slice(1);
}

function pathInput(size: number): Uint8Array {
  const hashes = Math.ceil(Math.log2(size));
  return new Uint8Array(2 + 32 * hashes).fill(9).map((octet, at) => [0, size][at] ?? octet);
}

function doorSamples(): readonly (readonly [string, readonly Uint8Array[]])[] {
  const messages = honestMessages(createDoorRig(createCredulousCrypto()));
  const message = (index: number) => messages[index] ?? new Uint8Array(0);
  // What a message holds behind the head of its octet string; the keystream is zero.
  const inner = (index: number, from: number, tail: number) => {
    const bytes = message(index);
    const head = (bytes[0] ?? 0) < 0x58 ? 1 : (bytes[0] ?? 0) === 0x58 ? 2 : 3;
    return bytes.slice(head + from, bytes.length - tail);
  };
  const order = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  return [
    ["lock, message_1", [message(0)]],
    ["key, message_2", [message(1)]],
    ["lock, message_3", [message(2)]],
    ["key, message_4", [message(3)]],
    ["lock, record", [message(4)]],
    ["key, record", [message(5)]],
    ["key, plaintext_2", [inner(1, POINT_BYTES, 0)]],
    ["lock, plaintext_3", [inner(2, 0, TAG_BYTES)]],
    ["key, plaintext_4", [inner(3, 0, TAG_BYTES)]],
    ["lock, record plaintext", [inner(4, 0, TAG_BYTES)]],
    ["key, record plaintext", [inner(5, 0, TAG_BYTES)]],
    ["door, any order", [new Uint8Array(order), new Uint8Array([...order, ...order])]],
  ];
}
