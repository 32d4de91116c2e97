// SPDX-License-Identifier: EUPL-1.2
import { hexOf, octetAt } from "../../bytes.ts";
import { decodeCbor } from "../../cbor/decode.ts";
import { type CborValue, isArray, isBytes, isMap, mapGet } from "../../cbor/value.ts";
import { sign1Kid, verifySign1 } from "../../cose/sign1.ts";
import { anchorsOfLevel, type OpenAnchorFile } from "../../credential/anchor-file.ts";
import { verifyCredential } from "../../credential/credential.ts";
import type { CryptoPort } from "../../crypto/crypto-port.ts";
import {
  ANCHOR_UNKNOWN,
  CBOR_MALFORMED,
  CLAIMS_MALFORMED,
  FRAME_GARBLED,
  MESSAGE_MALFORMED,
  OBJECT_TOO_LONG,
  SIGNATURE_INVALID,
  WINDOW_TOO_LONG,
} from "../../errors/code.ts";
import type { ErrorCode } from "../../errors/result.ts";
import { createFrameReader } from "../../link/frame.ts";
import * as types from "../../message/types.ts";
import { diagnose } from "../diagnostic.ts";
import { PAYLOADS, SIGNED_HEADER, STRUCTURES, signedOf } from "./catalogue.ts";
import { encoded, type Field } from "./forms.ts";

const FRAME_START = 0xa5;
const MESSAGE_1_BYTES = 37;
// METHOD 3, SUITES_I 0, and the head of G_X: RFC 9528 §5.2.1.
const MESSAGE_1_HEAD = "03005820";
const LINK_KINDS = ["", "hello", "hello-answer", "edhoc", "record", "key-station"];

/** What octets are and whether a reader would take them. @public */
export interface DecodedOctets {
  /** Rule of the specification, or what comes closest. */
  readonly kind: string;
  readonly fields: readonly Field[];
  /** 0 where no reader would refuse, as far as it can be known. */
  readonly code: ErrorCode;
  /** Why it would be refused, or what was not checked. */
  readonly verdict: string;
}

/** With what signatures are checked. @public */
export interface DecodeTrust {
  readonly crypto: CryptoPort;
  readonly anchor: OpenAnchorFile;
}

/**
 * Says what octets of the protocol are: frames, messages or objects, with the names of their parts,
 * and why a reader would refuse them.
 *
 * @param trust - undefined where there is no anchor file; signatures are then not checked
 * @public
 */
export function decodeOctets(bytes: Uint8Array, trust: DecodeTrust | undefined): DecodedOctets {
  if (bytes.length > 0 && octetAt(bytes, 0) === FRAME_START) return decodeFrames(bytes, trust);
  if (bytes.length === MESSAGE_1_BYTES && hexOf(bytes).startsWith(MESSAGE_1_HEAD)) {
    return decodeMessage1(bytes);
  }
  const value = decodeCbor(bytes);
  if (!value.ok) {
    const at = value.fault.detail ?? 0;
    const why = `not the deterministic CBOR that is spoken here, from octet ${at} on`;
    return refused("octets", CBOR_MALFORMED, why, [{ name: "octets", value: hexOf(bytes) }]);
  }
  return decodeValue(bytes, value.value, trust);
}

function decodeValue(
  bytes: Uint8Array,
  value: CborValue,
  trust: DecodeTrust | undefined,
): DecodedOctets {
  if (isSign1(value)) return decodeSigned(bytes, value, trust);
  for (const [kind, form] of STRUCTURES) {
    const field = form(kind, value);
    if (field === undefined) continue;
    const fields = field.members ?? [field];
    if (kind === "credential") return judgeCredential(bytes, fields, trust);
    return { kind, fields, code: 0, verdict: openQuestion(kind) };
  }
  if (isBytes(value)) {
    const fields = [{ name: "ciphertext", value: hexOf(value), note: `${value.length} octets` }];
    const verdict =
      "encrypted: EDHOC message_2 to message_4 or a record; only its peers can read it";
    return { kind: "encrypted message", fields, code: 0, verdict };
  }
  const fields = [{ name: "value", value: diagnose(value) }];
  return refused("unknown", MESSAGE_MALFORMED, "it has the form of no message or object", fields);
}

function openQuestion(kind: string): string {
  if (kind === "up" || kind === "down") {
    return "form good; the MAC is not checked: that takes the command key";
  }
  if (kind === "sealed") return "form good; only device and issuer can open it";
  return "form good; it carries no signature of its own";
}

function refused(
  kind: string,
  code: ErrorCode,
  verdict: string,
  fields: readonly Field[],
): DecodedOctets {
  return { kind, fields, code, verdict };
}

function isSign1(value: CborValue): value is readonly CborValue[] {
  if (!isArray(value) || value.length !== 4) return false;
  const [header, unprotected, payload] = value;
  return (
    header !== undefined &&
    unprotected !== undefined &&
    payload !== undefined &&
    isBytes(header) &&
    isMap(unprotected) &&
    isBytes(payload)
  );
}

function decodeSigned(
  bytes: Uint8Array,
  value: readonly CborValue[],
  trust: DecodeTrust | undefined,
): DecodedOctets {
  const parts = ["protected", "unprotected", "payload", "signature"];
  const raw = value.map((item, index) => ({ name: parts[index] ?? "", value: diagnose(item) }));
  const typ = typIn(value[0]);
  const known = typ === undefined ? undefined : PAYLOADS.get(typ);
  if (typ === undefined || known === undefined) {
    const why = typ === undefined ? "its header has no typ" : `typ ${typ} is no kind of ours`;
    return refused("signed object", SIGNATURE_INVALID, why, raw);
  }
  const [kind, payload] = known;
  if (bytes.length > types.OBJECT_BYTES_MAX) {
    return refused(kind, OBJECT_TOO_LONG, `it has ${bytes.length} octets`, raw);
  }
  const kid = sign1Kid(bytes, typ);
  if (kid === undefined) {
    const isHeaderGood = encoded(SIGNED_HEADER)("protected", value[0] ?? null) !== undefined;
    const why = isHeaderGood
      ? "its unprotected header or signature has not the prescribed form"
      : "its protected header is not {1: -19, 4: kid of four octets, 16: typ}";
    return refused(kind, SIGNATURE_INVALID, why, raw);
  }
  const field = signedOf(payload)(kind, value);
  if (field?.members === undefined) {
    return refused(kind, CLAIMS_MALFORMED, `its payload has not the form of a ${kind}`, raw);
  }
  const late = kind === "ring-head" ? windowFault(value[2]) : undefined;
  if (late !== undefined) return refused(kind, late.code, late.why, field.members);
  return { kind, fields: field.members, ...judgeSignature(bytes, typ, kid, trust) };
}

function typIn(header: CborValue | undefined): number | undefined {
  if (header === undefined || !isBytes(header)) return undefined;
  const value = decodeCbor(header);
  const typ = value.ok && isMap(value.value) ? mapGet(value.value, 16) : undefined;
  return typeof typ === "number" ? typ : undefined;
}

function windowFault(payload: CborValue | undefined): { code: number; why: string } | undefined {
  const claims = payload !== undefined && isBytes(payload) ? decodeCbor(payload) : undefined;
  if (claims === undefined || !claims.ok || !isMap(claims.value)) return undefined;
  const [exp, nbf, iat] = [4, 5, 6].map((key) => Number(mapGet(claims.value as never, key)));
  if (exp === undefined || nbf === undefined || iat === undefined) return undefined;
  if (exp <= nbf || exp <= iat) return { code: CLAIMS_MALFORMED, why: "its window is empty" };
  const isLong = exp - nbf > types.WINDOW_S_MAX || nbf - iat > types.LEAD_S_MAX;
  return isLong ? { code: WINDOW_TOO_LONG, why: "its window is longer than allowed" } : undefined;
}

function judgeSignature(
  bytes: Uint8Array,
  typ: number,
  kid: Uint8Array,
  trust: DecodeTrust | undefined,
): { code: ErrorCode; verdict: string } {
  if (trust === undefined) {
    return { code: 0, verdict: "form good; the signature is unknown without an anchor file" };
  }
  if (typ === types.TYP_LOG_HEAD) {
    return { code: 0, verdict: "form good; a device signed it, and no anchor file names devices" };
  }
  const { anchor } = trust;
  const anchors =
    typ === types.TYP_ISSUER_CERTIFICATE ? [anchor.root] : anchorsOfLevel(anchor, levelOf(typ));
  const isNamed = anchors.some((one) => hexOf(one.kid) === hexOf(kid));
  if (!isNamed) {
    const why = `no key ${hexOf(kid)} that may sign this kind stands in the anchor file`;
    return { code: ANCHOR_UNKNOWN, verdict: why };
  }
  if (verifySign1(bytes, typ, anchors).ok) {
    return { code: 0, verdict: `signed by authority ${anchor.authority}; its time is not judged` };
  }
  return { code: SIGNATURE_INVALID, verdict: "altered, or not signed by the key that it names" };
}

function levelOf(typ: number): number {
  const isFirmware = typ === types.TYP_FIRMWARE_NOTE || typ === types.TYP_FIRMWARE_PERMIT;
  if (isFirmware) return types.LEVEL_FIRMWARE;
  const isDevices =
    typ === types.TYP_LOCK_CERTIFICATE ||
    typ === types.TYP_LOCK_CONFIG ||
    typ === types.TYP_SERVICE_PERMIT;
  return isDevices ? types.LEVEL_DEVICES : types.LEVEL_RINGS;
}

function judgeCredential(
  bytes: Uint8Array,
  fields: readonly Field[],
  trust: DecodeTrust | undefined,
): DecodedOctets {
  const kind = "credential";
  if (trust === undefined) {
    const verdict = "form good; the signature is unknown without an anchor file";
    return { kind, fields, code: 0, verdict };
  }
  const anchors = anchorsOfLevel(trust.anchor, types.LEVEL_RINGS);
  const judged = verifyCredential(trust.crypto, bytes, anchors, {});
  if (!judged.ok) return refused(kind, judged.fault.code, "the verifier refuses it", fields);
  const verdict = `genuine under authority ${trust.anchor.authority}; its time is not judged`;
  return { kind, fields, code: 0, verdict };
}

function decodeMessage1(bytes: Uint8Array): DecodedOctets {
  const fields: Field[] = [
    { name: "METHOD", value: 3, note: "static Diffie-Hellman on both sides" },
    { name: "SUITES_I", value: 0, note: "X25519, AES-CCM-16-64-128, SHA-256" },
    { name: "G_X", value: hexOf(bytes.slice(4, 36)), note: "32 octets" },
    { name: "C_I", value: hexOf(bytes.slice(36)) },
  ];
  return { kind: "EDHOC message_1", fields, code: 0, verdict: "form good" };
}

function decodeFrames(bytes: Uint8Array, trust: DecodeTrust | undefined): DecodedOctets {
  const fields: Field[] = [];
  let code: ErrorCode = 0;
  let verdict = "";
  const reader = createFrameReader(
    (kind, message) => {
      const inner = decodeOctets(message, trust);
      const label = LINK_KINDS[kind] ?? `kind ${kind}`;
      fields.push({
        name: `${label} message`,
        note: `${message.length} octets, ${inner.kind}: ${inner.verdict}`,
        members: inner.fields,
      });
      if (code === 0) code = inner.code;
      if (verdict === "") verdict = inner.verdict;
    },
    (fault) => {
      code = fault.code;
      verdict = "a frame is damaged or out of order";
    },
  );
  reader.push(bytes);
  if (fields.length === 0 && code === 0) {
    code = FRAME_GARBLED;
    verdict = "the octets end within a frame or a message";
  }
  return { kind: "frames", fields, code, verdict };
}
