// SPDX-License-Identifier: EUPL-1.2
// Every decoder of the package as a function from octets to a verdict.

import { createGate } from "../src/edhoc/cbor-gate.ts";
import {
  type Anchor,
  anchorsOfLevel,
  applyRingDelta,
  CBOR_MALFORMED,
  type CryptoPort,
  checkCbor,
  createFrameReader,
  decodeAnchorFile,
  decodeCbor,
  decodeCredential,
  decodeDown,
  decodeEntry,
  decodeHello,
  decodeHelloAnswer,
  decodeKeyStation,
  decodeLogBatch,
  decodePresentation,
  decodeRecordAnswer,
  decodeRecordAsk,
  decodeRingBundle,
  decodeRingDelta,
  decodeSaltedLeaf,
  decodeUp,
  encodeFrames,
  fail,
  LEVEL_RINGS,
  LINK_HELLO,
  openAnchorFile,
  openObject,
  type Result,
  type RingHead,
  rootFromPath,
  sign1Kid,
  sliceBytes,
  succeed,
  TYP_RING_HEAD,
  typOf,
  verifyBatch,
  verifyCredential,
  verifyFirmwareNote,
  verifyFirmwarePermit,
  verifyFloorList,
  verifyIssuerCertificate,
  verifyLockCertificate,
  verifyLockConfig,
  verifyLogAck,
  verifyLogHead,
  verifyResend,
  verifyRingHead,
  verifyServicePermit,
  verifySign1,
  verifyTimeGrant,
} from "../src/index.ts";
import { canonicalText, faultText, verdictText } from "./canonical.ts";

/** Something that takes octets of a stranger. */
export interface Subject {
  /** The export that it drives, or side and state of a machine. */
  readonly name: string;
  /**
   * @returns `+` and the value, `-` and the fault; it never throws
   */
  judge(bytes: Uint8Array): string;
}

const HONEST_MESSAGE_BYTES = 300;

/** Every decoder that the package exports, over one crypto port. */
export function decoderSubjects(crypto: CryptoPort): readonly Subject[] {
  return plainSubjects(crypto).concat(signedSubjects(crypto), cborSubjects(), wireSubjects());
}

function subjectOf(name: string, read: (bytes: Uint8Array) => Result<unknown>): Subject {
  return { name, judge: (bytes) => verdictText(read(bytes)) };
}

// The credulous port and genuine ones alike give usable keys for 32 octets of this kind.
function anchorOf(crypto: CryptoPort): Anchor {
  const { publicKey } = crypto.importSigningKey(new Uint8Array(32));
  const key = crypto.importVerificationKey(publicKey);
  return {
    kid: sliceBytes(crypto.hash(publicKey), 0, 4),
    key: key.ok ? key.value : { publicKey, verify: () => false },
  };
}

function signedSubjects(crypto: CryptoPort): readonly Subject[] {
  const anchors = [anchorOf(crypto)];
  const verifiers: readonly (readonly [
    string,
    (bytes: Uint8Array, anchors: readonly Anchor[]) => Result<unknown>,
  ])[] = [
    ["verifyRingHead", verifyRingHead],
    ["verifyLockCertificate", verifyLockCertificate],
    ["verifyIssuerCertificate", verifyIssuerCertificate],
    ["verifyFloorList", verifyFloorList],
    ["verifyTimeGrant", verifyTimeGrant],
    ["verifyLogHead", verifyLogHead],
    ["verifyLogAck", verifyLogAck],
    ["verifyLockConfig", verifyLockConfig],
    ["verifyFirmwareNote", verifyFirmwareNote],
    ["verifyFirmwarePermit", verifyFirmwarePermit],
    ["verifyServicePermit", verifyServicePermit],
    ["verifyResend", verifyResend],
    ["verifySign1", (bytes) => verifySign1(bytes, TYP_RING_HEAD, anchors)],
  ];
  const subjects: Subject[] = [];
  for (const [name, verify] of verifiers) {
    subjects.push(subjectOf(name, (bytes) => verify(bytes, anchors)));
  }
  subjects.push({ name: "typOf", judge: (bytes) => signOf(typOf(bytes)) });
  subjects.push({ name: "sign1Kid", judge: (bytes) => signOf(sign1Kid(bytes, TYP_RING_HEAD)) });
  return subjects;
}

// Readers that say undefined instead of a fault.
function signOf(value: unknown): string {
  return value === undefined ? "-0" : `+${canonicalText(value)}`;
}

function plainSubjects(crypto: CryptoPort): readonly Subject[] {
  const secret = new Uint8Array(32);
  const station = { stationId: 3, commandKey: secret };
  const question = { atS: 1795500001 };
  const anchor = anchorOf(crypto);
  return [
    subjectOf("decodeSaltedLeaf", decodeSaltedLeaf),
    subjectOf("decodePresentation", decodePresentation),
    subjectOf("decodeRingDelta", decodeRingDelta),
    subjectOf("applyRingDelta", (bytes) => applyFrom(crypto, secret, bytes)),
    subjectOf("decodeRingBundle", decodeRingBundle),
    subjectOf("rootFromPath", (bytes) => pathFrom(crypto, bytes)),
    subjectOf("decodeCredential", (bytes) => decodeCredential(bytes)),
    subjectOf("verifyCredential", (bytes) => verifyCredential(crypto, bytes, [anchor], question)),
    subjectOf("decodeAnchorFile", decodeAnchorFile),
    subjectOf("openAnchorFile", (bytes) => {
      const file = openAnchorFile(crypto, bytes);
      return file.ok ? succeed(anchorsOfLevel(file.value, LEVEL_RINGS)) : file;
    }),
    subjectOf("decodeEntry", decodeEntry),
    subjectOf("decodeLogBatch", decodeLogBatch),
    subjectOf("verifyBatch", (bytes) => {
      const batch = decodeLogBatch(bytes);
      return batch.ok ? verifyBatch(crypto, batch.value, anchor) : batch;
    }),
    subjectOf("openObject", (bytes) => openObject(crypto, bytes, () => secret)),
    subjectOf("decodeHello", decodeHello),
    subjectOf("decodeHelloAnswer", decodeHelloAnswer),
    subjectOf("decodeKeyStation", decodeKeyStation),
    subjectOf("decodeUp", (bytes) => decodeUp(crypto, station, bytes)),
    subjectOf("decodeDown", (bytes) => decodeDown(crypto, station, bytes)),
    subjectOf("decodeRecordAsk", (bytes) => typedFrom(decodeRecordAsk, bytes)),
    subjectOf("decodeRecordAnswer", (bytes) => typedFrom(decodeRecordAnswer, bytes)),
  ];
}

// A delta as it meets a key that holds nothing, under a head that fits it as well as can be.
function applyFrom(crypto: CryptoPort, secret: Uint8Array, bytes: Uint8Array): Result<unknown> {
  const delta = decodeRingDelta(bytes);
  if (!delta.ok) return delta;
  const head: RingHead = {
    expS: 2,
    nbfS: 1,
    iatS: 1,
    holder: { devid: secret, publicKey: secret },
    ringseq: 1,
    size: 40,
    root: crypto.hash(secret),
    flags: 0,
    needlist: 0,
  };
  return applyRingDelta(crypto, secret, [], delta.value, head);
}

// Index and size in two octets, then the path.
function pathFrom(crypto: CryptoPort, bytes: Uint8Array): Result<unknown> {
  if (bytes.length < 2) return fail(CBOR_MALFORMED);
  const [index, size] = [bytes[0] as number, bytes[1] as number];
  return rootFromPath(crypto, bytes, index, size, sliceBytes(bytes, 2));
}

// The type of the record in one octet, then its body.
function typedFrom(
  read: (type: number, bytes: Uint8Array) => Result<unknown>,
  bytes: Uint8Array,
): Result<unknown> {
  return bytes.length === 0 ? fail(CBOR_MALFORMED) : read(bytes[0] as number, sliceBytes(bytes, 1));
}

function cborSubjects(): readonly Subject[] {
  return [
    subjectOf("decodeCbor", decodeCbor),
    {
      name: "checkCbor",
      judge(bytes) {
        const fault = checkCbor(bytes);
        return fault === undefined ? "+" : faultText(fault);
      },
    },
    { name: "createGate", judge: judgeByGate },
  ];
}

// The gate of the door path with room for any number of tokens: their majors and arguments.
function judgeByGate(bytes: Uint8Array): string {
  const tokensAt = (bytes.length + 3) & ~3;
  const tokensMax = bytes.length + 1;
  const arena = new Uint8Array(tokensAt + 12 * tokensMax);
  const words = new Uint32Array(arena.buffer);
  arena.set(bytes, 0);
  const tokens = createGate(arena, words)(0, bytes.length, tokensAt, tokensMax);
  if (tokens === 0) return `-${CBOR_MALFORMED}`;
  const text: string[] = [];
  for (let token = 0; token < tokens; token += 1) {
    const at = (tokensAt >> 2) + 3 * token;
    text.push(`${words[at]}.${words[at + 2]}`);
  }
  return `+${text.join(",")}`;
}

// Octets on the wire, then two honest messages, of which the second must arrive.
function wireSubjects(): readonly Subject[] {
  const honest = encodeFrames(LINK_HELLO, new Uint8Array(HONEST_MESSAGE_BYTES));
  return [
    {
      name: "createFrameReader",
      judge(bytes) {
        const told: string[] = [];
        const reader = createFrameReader(
          (kind, message) => told.push(`${kind}${canonicalText(message)}`),
          (fault) => told.push(faultText(fault)),
        );
        reader.push(bytes);
        const count = told.length;
        reader.push(honest);
        reader.push(honest);
        const last = told[told.length - 1];
        const isBack =
          last === `${LINK_HELLO}${canonicalText(new Uint8Array(HONEST_MESSAGE_BYTES))}`;
        if (!isBack) return "the next honest message is lost";
        return `${count > 0 ? "+" : "-0"}${told.slice(0, count).join(";")}`;
      },
    },
  ];
}
