// SPDX-License-Identifier: EUPL-1.2

// The oracle's own reader of signed objects. It uses cbor-x and node:crypto and nothing of the
// protocol package, so that a defect there cannot hide itself.

import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { Decoder } from "cbor-x";

const decoder = new Decoder({ useRecords: false, mapsAsObjects: false });

/** COSE header label of the algorithm, and the only value in use (RFC 9864). */
const LABEL_ALG = 1;
const ALG_ED25519 = -19;
const LABEL_KID = 4;
const LABEL_TYP = 16;

/** Object kinds of protocol.md §6 that the oracle reads. */
export const TYP_RING_HEAD = 65001;
export const TYP_ISSUER_CERTIFICATE = 65003;
export const TYP_FLOOR_LIST = 65004;
export const TYP_TIME_GRANT = 65005;

/** Decodes CBOR; undefined when the bytes are no CBOR at all. */
export function decodeValue(bytes: Uint8Array): unknown {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The parts of a COSE_Sign1 structure of RFC 9052 §4.2. */
export type Sign1 = {
  readonly typ: number;
  readonly kid: string;
  readonly payload: Uint8Array;
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
};

/** Reads a COSE_Sign1 structure without checking its signature. */
export function readSign1(bytes: Uint8Array): Sign1 | undefined {
  const parts = decodeValue(bytes);
  if (!Array.isArray(parts) || parts.length !== 4) return undefined;
  const [protectedBytes, , payload, signature] = parts as unknown[];
  if (!(protectedBytes instanceof Uint8Array) || !(payload instanceof Uint8Array)) return undefined;
  if (!(signature instanceof Uint8Array)) return undefined;
  const header = decodeValue(protectedBytes);
  if (!(header instanceof Map) || header.get(LABEL_ALG) !== ALG_ED25519) return undefined;
  const typ: unknown = header.get(LABEL_TYP);
  const kid: unknown = header.get(LABEL_KID);
  if (typeof typ !== "number" || !(kid instanceof Uint8Array)) return undefined;
  const signed = sigStructure(protectedBytes, payload);
  return { typ, kid: hex(kid), payload: payload.slice(), signed, signature: signature.slice() };
}

/** What a Sig_structure of RFC 9052 §4.4 was made for. */
export type SignedContent = { readonly typ: number; readonly payload: Uint8Array };

/** Reads a Sig_structure, the message that a verification port is shown. */
export function readSigStructure(bytes: Uint8Array): SignedContent | undefined {
  const parts = decodeValue(bytes);
  if (!Array.isArray(parts) || parts.length !== 4 || parts[0] !== "Signature1") return undefined;
  const [, protectedBytes, , payload] = parts as unknown[];
  if (!(protectedBytes instanceof Uint8Array) || !(payload instanceof Uint8Array)) return undefined;
  const header = decodeValue(protectedBytes);
  if (!(header instanceof Map)) return undefined;
  const typ: unknown = header.get(LABEL_TYP);
  return typeof typ === "number" ? { typ, payload: payload.slice() } : undefined;
}

function sigStructure(protectedBytes: Uint8Array, payload: Uint8Array): Uint8Array {
  const context = Buffer.from("Signature1", "ascii");
  return Buffer.concat([
    Buffer.from([0x84, 0x60 + context.length]),
    context,
    byteStringHead(protectedBytes.length),
    protectedBytes,
    byteStringHead(0),
    byteStringHead(payload.length),
    payload,
  ]);
}

function byteStringHead(length: number): Buffer {
  if (length < 24) return Buffer.from([0x40 + length]);
  if (length < 256) return Buffer.from([0x58, length]);
  return Buffer.from([0x59, length >> 8, length & 0xff]);
}

/** Makes an Ed25519 verification key of its 32 bytes. */
export function ed25519KeyOf(publicKey: Uint8Array): KeyObject {
  const x = Buffer.from(publicKey).toString("base64url");
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
}

/** Whether a structure was signed with this key. */
export function isSignedBy(object: Sign1, key: KeyObject): boolean {
  return verify(null, object.signed, key, object.signature);
}

/** Claims of a ring head. */
export type HeadClaims = {
  readonly expS: number;
  readonly nbfS: number;
  readonly iatS: number;
  readonly holder: string;
  readonly ringseq: number;
  readonly size: number;
  readonly root: string;
  readonly flags: number;
  readonly needlist: number;
};

/** Reads the claims of a ring head; undefined for anything else. */
export function readHeadClaims(payload: Uint8Array): HeadClaims | undefined {
  const claims = decodeValue(payload);
  if (!(claims instanceof Map)) return undefined;
  const confirmation: unknown = claims.get(8);
  const ring: unknown = claims.get(-65537);
  if (!(confirmation instanceof Map) || !Array.isArray(ring) || ring.length !== 5) return undefined;
  const key: unknown = confirmation.get(1);
  if (!(key instanceof Map)) return undefined;
  const holder: unknown = key.get(2);
  const [ringseq, size, root, flags, needlist] = ring as unknown[];
  const numbers = [claims.get(4), claims.get(5), claims.get(6), ringseq, size, flags, needlist];
  if (!numbers.every((value) => typeof value === "number")) return undefined;
  if (!(holder instanceof Uint8Array) || !(root instanceof Uint8Array)) return undefined;
  return {
    expS: Number(claims.get(4)),
    nbfS: Number(claims.get(5)),
    iatS: Number(claims.get(6)),
    holder: hex(holder),
    ringseq: Number(ringseq),
    size: Number(size),
    root: hex(root),
    flags: Number(flags),
    needlist: Number(needlist),
  };
}

/** Content of a floor list. */
export type FloorClaims = {
  readonly expS: number;
  readonly iatS: number;
  readonly listseq: number;
  readonly ringfloor: number;
  readonly floors: ReadonlyMap<string, number>;
};

/** Reads a floor list; undefined for anything else. */
export function readFloorClaims(payload: Uint8Array): FloorClaims | undefined {
  const claims = decodeValue(payload);
  if (!(claims instanceof Map)) return undefined;
  const list: unknown = claims.get(-65540);
  if (!Array.isArray(list) || list.length !== 3) return undefined;
  const [listseq, ringfloor, floors] = list as unknown[];
  if (typeof listseq !== "number" || typeof ringfloor !== "number") return undefined;
  if (!Array.isArray(floors)) return undefined;
  const minimums = new Map<string, number>();
  for (const floor of floors as unknown[]) {
    if (!Array.isArray(floor) || !(floor[0] instanceof Uint8Array)) return undefined;
    minimums.set(hex(floor[0]), Number(floor[1]));
  }
  return {
    expS: Number(claims.get(4)),
    iatS: Number(claims.get(6)),
    listseq,
    ringfloor,
    floors: minimums,
  };
}

/** Reads the time of signing out of any claims map; undefined where there is none. */
export function readIat(payload: Uint8Array): number | undefined {
  const claims = decodeValue(payload);
  const iatS: unknown = claims instanceof Map ? claims.get(6) : undefined;
  return typeof iatS === "number" ? iatS : undefined;
}

/** Level and key of an issuer certificate; undefined for anything else. */
export function readIssuerCertificate(
  payload: Uint8Array,
): { readonly level: number; readonly publicKey: Uint8Array } | undefined {
  const claims = decodeValue(payload);
  if (!(claims instanceof Map)) return undefined;
  const confirmation: unknown = claims.get(8);
  const body: unknown = claims.get(-65539);
  if (!(confirmation instanceof Map) || !Array.isArray(body)) return undefined;
  const key: unknown = confirmation.get(1);
  const x: unknown = key instanceof Map ? key.get(-2) : undefined;
  if (!(x instanceof Uint8Array)) return undefined;
  return { level: Number(body[0]), publicKey: x.slice() };
}

/** One log entry as protocol.md §6 lays it out. */
export type LogEntry = {
  readonly n: number;
  readonly tS: number;
  readonly tq: number;
  readonly kind: number;
  readonly op: number;
  readonly reason: number;
  readonly peer: string;
  readonly ring: number;
  readonly target: number;
};

/** Reads a log entry; undefined for anything else. */
export function readLogEntry(bytes: Uint8Array): LogEntry | undefined {
  const parts = decodeValue(bytes);
  if (!Array.isArray(parts) || parts.length !== 9) return undefined;
  const [n, tS, tq, kind, op, reason, peer, ring, target] = parts as unknown[];
  const numbers = [n, tS, tq, kind, op, reason, ring, target];
  if (!numbers.every((value) => typeof value === "number" && value >= 0)) return undefined;
  if (!(peer instanceof Uint8Array) || peer.length !== 8) return undefined;
  return {
    n: Number(n),
    tS: Number(tS),
    tq: Number(tq),
    kind: Number(kind),
    op: Number(op),
    reason: Number(reason),
    peer: hex(peer),
    ring: Number(ring),
    target: Number(target),
  };
}

/** Lower-case hexadecimal text of bytes. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
