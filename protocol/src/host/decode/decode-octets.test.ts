// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";
import { concatBytes } from "../../bytes.ts";
import { encodeCbor } from "../../cbor/encode.ts";
import { cborMap } from "../../cbor/value.ts";
import { signSign1 } from "../../cose/sign1.ts";
import { openAnchorFile } from "../../credential/anchor-file.ts";
import {
  ANCHOR_UNKNOWN,
  CBOR_MALFORMED,
  CLAIMS_MALFORMED,
  FRAME_GARBLED,
  MESSAGE_MALFORMED,
  SIGNATURE_INVALID,
  WINDOW_TOO_LONG,
} from "../../errors/code.ts";
import { encodeFrames } from "../../link/frame.ts";
import * as types from "../../message/types.ts";
import { credentialSamples } from "../credential-samples.ts";
import { createNodeCrypto } from "../node-crypto.ts";
import { signedSamples } from "../samples.ts";
import { damagesOf, testKeys, unwrap } from "../testing.ts";
import { unsignedSamples } from "../unsigned-samples.ts";
import { decodeOctets } from "./decode-octets.ts";
import type { Field } from "./forms.ts";

const crypto = createNodeCrypto();
const signed = signedSamples(crypto);
const unsigned = [...unsignedSamples(crypto), ...credentialSamples(crypto)];
const anchorFile = unsigned.find(({ rule }) => rule === "anchor-file")?.bytes ?? new Uint8Array(0);
const trust = { crypto, anchor: unwrap(openAnchorFile(crypto, anchorFile)) };
const head = signed.find(({ name }) => name === "ring-head")?.bytes ?? new Uint8Array(0);

function namesIn(fields: readonly Field[]): string[] {
  return fields.flatMap((field) => [field.name, ...namesIn(field.members ?? [])]);
}

describe("octets with names", () => {
  test("tell every sample for what it is, and refuse none", () => {
    for (const { name, bytes } of signed) {
      const decoded = decodeOctets(bytes, undefined);
      expect([decoded.kind, decoded.code], name).toEqual([name, 0]);
      expect(decoded.verdict).toContain("unknown without an anchor file");
    }
    for (const { rule, name, bytes } of unsigned) {
      const decoded = decodeOctets(bytes, undefined);
      expect([decoded.kind, decoded.code], name).toEqual([rule, 0]);
      expect(decoded.fields.length, name).toBeGreaterThan(0);
    }
  });

  test("name claims, labels and codes", () => {
    const names = namesIn(decodeOctets(head, undefined).fields);
    for (const name of ["alg (1)", "exp (4)", "ringseq", "needlist", "signature"]) {
      expect(names).toContain(name);
    }
    const refusal = unsigned.find(({ name }) => name === "down, refused")?.bytes ?? head;
    expect(JSON.stringify(decodeOctets(refusal, undefined).fields)).toContain("E0404 KEY_REVOKED");
  });

  test("judge signatures where there is an anchor file", () => {
    expect(decodeOctets(head, trust)).toMatchObject({ code: 0 });
    expect(decodeOctets(head, trust).verdict).toContain("signed by authority 180");
    const flipped = head.slice();
    flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
    expect(decodeOctets(flipped, trust).code).toBe(SIGNATURE_INVALID);
    const certificate = signed.find(({ name }) => name === "lock-cert")?.bytes ?? head;
    expect(decodeOctets(certificate, trust).code).toBe(ANCHOR_UNKNOWN);
    const credential = unsigned.find(({ rule }) => rule === "credential")?.bytes ?? head;
    expect(decodeOctets(credential, trust).verdict).toContain("genuine under authority 180");
  });

  test("say why they would be refused", () => {
    const { signer } = testKeys(crypto, 2);
    const sign = (typ: number) => signSign1(typ, encodeCbor([1]), signer);
    const cases: readonly (readonly [Uint8Array, number, string])[] = [
      [new Uint8Array([0x82, 0x01, 0x18, 0x17]), CBOR_MALFORMED, "from octet 2 on"],
      [sign(64999), SIGNATURE_INVALID, "typ 64999 is no kind of ours"],
      [sign(types.TYP_LOG_ACK), CLAIMS_MALFORMED, "not the form of a log-ack"],
      [encodeCbor(["what"]), MESSAGE_MALFORMED, "no message or object"],
      [encodeCbor([encodeCbor(cborMap([[16, 65001]])), cborMap([]), head, head]), 0x202, "header"],
      [encodeFrames(1, new Uint8Array([1])).slice(0, 5), FRAME_GARBLED, "end within"],
      [damagedFrame(), FRAME_GARBLED, "damaged"],
    ];
    for (const [bytes, code, why] of cases) {
      const decoded = decodeOctets(bytes, undefined);
      expect([decoded.code, decoded.verdict]).toEqual([code, expect.stringContaining(why)]);
    }
    const claims = unwrapPayload();
    const long = signSign1(types.TYP_RING_HEAD, claims, signer);
    expect(decodeOctets(long, undefined).code).toBe(WINDOW_TOO_LONG);
  });

  test("put frames together and look into them", () => {
    const frames = concatBytes([
      encodeFrames(types.LINK_HELLO, new Uint8Array([0x82, 1, 1])),
      encodeFrames(types.LINK_EDHOC, message1()),
    ]);
    const decoded = decodeOctets(frames, undefined);
    expect(decoded.code).toBe(0);
    expect(decoded.fields.map(({ name }) => name)).toEqual(["hello message", "edhoc message"]);
    expect(namesIn(decoded.fields)).toContain("G_X");
  });

  test("never throw, whatever the octets", () => {
    for (const { bytes } of [...signed, ...unsigned].slice(0, 16)) {
      for (const damage of damagesOf(bytes)) {
        if (damage.bytes.length % 5 === 0 || damage.bytes.length < 24) {
          expect(() => decodeOctets(damage.bytes, undefined), damage.what).not.toThrow();
        }
      }
    }
  });
});

function damagedFrame(): Uint8Array {
  const frame = encodeFrames(1, new Uint8Array([0x82, 1, 1]));
  frame[5] = 9;
  return frame;
}

function message1(): Uint8Array {
  return concatBytes([new Uint8Array([3, 0, 0x58, 32]), new Uint8Array(33).fill(7)]);
}

// The claims of the sample head with a window of one day more.
function unwrapPayload(): Uint8Array {
  const key = cborMap([
    [1, 1],
    [2, new Uint8Array(8)],
    [-1, 4],
    [-2, new Uint8Array(32)],
  ]);
  return encodeCbor(
    cborMap([
      [4, 200_000],
      [5, 100_000],
      [6, 100_000],
      [8, cborMap([[1, key]])],
      [-65537, [1, 1, new Uint8Array(32), 0, 0]],
    ]),
  );
}
