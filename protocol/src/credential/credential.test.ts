// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";
import { hexOf } from "../bytes.ts";
import { encodeCbor } from "../cbor/encode.ts";
import { signIssuerCertificate } from "../cwt/certificates.ts";
import { signRingHead } from "../cwt/ring-head.ts";
import {
  ANCHOR_UNKNOWN,
  CBOR_MALFORMED,
  CLAIMS_MALFORMED,
  LEAF_NOT_IN_RING,
  MESSAGE_MALFORMED,
  OBJECT_TOO_LONG,
  PUBLIC_KEY_INVALID,
  RIGHT_EXPIRED,
  RING_EXPIRED,
  RING_NOT_YET_VALID,
  SIGNATURE_INVALID,
  TARGET_MISMATCH,
} from "../errors/code.ts";
import { credentialSamples } from "../host/credential-samples.ts";
import { createNobleCrypto } from "../host/noble-crypto.ts";
import { createNodeCrypto } from "../host/node-crypto.ts";
import { SAMPLE_SHIFT_S } from "../host/samples.ts";
import { acceptedDamages, codeOf, testKeys, unwrap } from "../host/testing.ts";
import { LEAF_FOREIGN, LEAF_GROUP, LEVEL_DEVICES, LEVEL_RINGS } from "../message/types.ts";
import { type Leaf, slotBytes } from "../ring/leaf.ts";
import { ringRoot } from "../ring/tree.ts";
import { anchorsOfLevel, encodeAnchorFile, openAnchorFile } from "./anchor-file.ts";
import {
  CREDENTIAL_BYTES_MAX,
  type CredentialQuestion,
  decodeCredential,
  encodeCredential,
  verifyCredential,
} from "./credential.ts";

const crypto = createNodeCrypto();
const [door, group, alone, anchorFile] = credentialSamples(crypto).map(({ bytes }) => bytes);
if (!door || !group || !alone || !anchorFile) throw new Error("samples are missing");
const anchors = anchorsOfLevel(unwrap(openAnchorFile(crypto, anchorFile)), LEVEL_RINGS);
const atS = SAMPLE_SHIFT_S + 60;
const sampleDoor: Uint8Array = door;

describe("S6: a credential, verified with the anchor file alone", () => {
  test.each([
    ["node", createNodeCrypto()],
    ["noble", createNobleCrypto()],
  ] as const)("is good for its own door and time with the %s port", (_name, port) => {
    const own = anchorsOfLevel(unwrap(openAnchorFile(port, anchorFile)), LEVEL_RINGS, atS);
    const verified = unwrap(verifyCredential(port, door, own, { atS, door: 70003 }));
    expect(verified.leaf).toMatchObject({ kind: 0, target: 70003, ops: 3 });
    expect(verified.index).toBe(2);
    expect(verified.head.ringseq).toBe(65538);
    expect(unwrap(verifyCredential(port, alone, own, { atS })).head.size).toBe(1);
  });

  test("is good for a group only when that group is asked for", () => {
    expect(unwrap(verifyCredential(crypto, group, anchors, { group: 7 })).leaf.kind).toBe(
      LEAF_GROUP,
    );
    expect(verifyCredential(crypto, group, anchors, { door: 9, group: 7 }).ok).toBe(true);
    expect(codeOf(verifyCredential(crypto, group, anchors, { door: 7 }))).toBe(TARGET_MISMATCH);
    expect(codeOf(verifyCredential(crypto, door, anchors, { group: 70003 }))).toBe(TARGET_MISMATCH);
  });

  test("is refused for another door, with the door that it is for", () => {
    const refused = verifyCredential(crypto, door, anchors, { door: 1 });
    expect(refused).toEqual({ ok: false, fault: { code: TARGET_MISMATCH, detail: 70003 } });
  });

  test("is refused on both sides of its half-open window, and at the end of the right", () => {
    const { head } = unwrap(verifyCredential(crypto, door, anchors, {}));
    const codeAt = (time: number) => codeOf(verifyCredential(crypto, door, anchors, { atS: time }));
    expect(codeAt(head.nbfS - 1)).toBe(RING_NOT_YET_VALID);
    expect(codeAt(head.nbfS)).toBeUndefined();
    expect(codeAt(head.expS - 1)).toBeUndefined();
    expect(codeAt(head.expS)).toBe(RING_EXPIRED);
  });

  test("is refused under an authority that did not sign it", () => {
    const stranger = testKeys(crypto, 77).anchor;
    expect(codeOf(verifyCredential(crypto, door, [stranger], {}))).toBe(ANCHOR_UNKNOWN);
    expect(codeOf(verifyCredential(crypto, door, [], {}))).toBe(ANCHOR_UNKNOWN);
    const namesake = { kid: anchors[0]?.kid ?? stranger.kid, key: stranger.key };
    expect(codeOf(verifyCredential(crypto, door, [namesake], {}))).toBe(SIGNATURE_INVALID);
  });

  test("is refused with every truncation and every flipped bit", () => {
    for (const bytes of [door, group, alone]) {
      const judge = (damaged: Uint8Array) => verifyCredential(crypto, damaged, anchors, {});
      expect(acceptedDamages(bytes, judge)).toEqual([]);
    }
  });

  test("is refused in another's slot, under another head, or with another leaf", () => {
    const shown = unwrap(decodeCredential(door));
    const other = unwrap(decodeCredential(group));
    const mixtures = [
      { ...shown, index: 3 },
      { ...shown, head: unwrap(decodeCredential(alone)).head },
      { ...shown, leaf: other.leaf },
      { ...shown, path: other.path },
      { ...shown, leaf: new Uint8Array(0) },
    ];
    for (const mixture of mixtures) {
      const judged = verifyCredential(crypto, encodeCredential(mixture), anchors, {});
      expect(codeOf(judged)).toBe(LEAF_NOT_IN_RING);
    }
  });

  test("is refused by form before anything is trusted", () => {
    expect(codeOf(decodeCredential(new Uint8Array(CREDENTIAL_BYTES_MAX + 1)))).toBe(
      OBJECT_TOO_LONG,
    );
    expect(decodeCredential(new Uint8Array([0x84, 0x40, 0x18, 1, 0x40, 0x40]))).toEqual({
      ok: false,
      fault: { code: CBOR_MALFORMED, detail: 2 },
    });
    const halfHash = encodeCbor([new Uint8Array(1), 0, new Uint8Array(1), new Uint8Array(31)]);
    expect(codeOf(decodeCredential(halfHash))).toBe(MESSAGE_MALFORMED);
    expect(codeOf(decodeCredential(encodeCbor([1])))).toBe(MESSAGE_MALFORMED);
  });
});

describe("an anchor file", () => {
  const { signer, anchor: root } = testKeys(crypto, 1);
  const certificateOf = (authority: number, level: number, octet = 2) =>
    signIssuerCertificate(
      {
        expS: SAMPLE_SHIFT_S + 10,
        iatS: SAMPLE_SHIFT_S,
        issuer: {
          kid: testKeys(crypto, 2).anchor.kid,
          publicKey: testKeys(crypto, octet).anchor.key.publicKey,
        },
        level,
        issuerEpoch: 1,
        authority,
      },
      signer,
    );
  const open = (rootKey: Uint8Array, certificates: readonly Uint8Array[]) =>
    openAnchorFile(crypto, encodeAnchorFile({ rootKey, certificates }));
  const rootKey = root.key.publicKey;

  test("gives the keys of each level, as long as their certificates last", () => {
    const file = unwrap(
      open(rootKey, [certificateOf(7, LEVEL_RINGS), certificateOf(7, LEVEL_DEVICES)]),
    );
    expect(file.authority).toBe(7);
    expect(hexOf(file.root.kid)).toBe(hexOf(root.kid));
    expect(anchorsOfLevel(file, LEVEL_RINGS).length).toBe(1);
    expect(anchorsOfLevel(file, LEVEL_RINGS, SAMPLE_SHIFT_S + 9).length).toBe(1);
    expect(anchorsOfLevel(file, LEVEL_RINGS, SAMPLE_SHIFT_S + 10).length).toBe(0);
  });

  test("is refused with a certificate of another root, another authority or a wrong kid", () => {
    const good = certificateOf(7, LEVEL_RINGS);
    const stranger = testKeys(crypto, 9).anchor.key.publicKey;
    expect(codeOf(open(stranger, [good]))).toBe(SIGNATURE_INVALID);
    expect(codeOf(open(rootKey, [good, certificateOf(8, LEVEL_RINGS)]))).toBe(CLAIMS_MALFORMED);
    expect(codeOf(open(rootKey, [certificateOf(7, LEVEL_RINGS, 3)]))).toBe(CLAIMS_MALFORMED);
    expect(codeOf(open(new Uint8Array(32), [good]))).toBe(PUBLIC_KEY_INVALID);
    expect(codeOf(open(rootKey, []))).toBe(MESSAGE_MALFORMED);
    expect(codeOf(openAnchorFile(crypto, new Uint8Array([0x80, 0])))).toBe(CBOR_MALFORMED);
  });

  test("is refused with every truncation and every flipped bit", () => {
    const judge = (bytes: Uint8Array) => openAnchorFile(crypto, bytes);
    expect(acceptedDamages(anchorFile, judge)).toEqual([]);
  });
});

/** A credential of a ring of one leaf, valid around `atS`. */
function credentialOf(leaf: Leaf): Uint8Array {
  const secret = new Uint8Array(32);
  const { signer } = testKeys(crypto, 2);
  const holder = unwrap(verifyCredential(crypto, sampleDoor, anchors, {})).head.holder;
  const times = { expS: atS + 600, nbfS: atS - 600, iatS: atS - 600 };
  const ring = { ringseq: 1, size: 1, root: ringRoot(crypto, secret, [leaf]) };
  const head = signRingHead({ ...times, ...ring, holder, flags: 0, needlist: 0 }, signer);
  const shown = { head, index: 0, leaf: slotBytes(crypto, secret, leaf), path: new Uint8Array(0) };
  return encodeCredential(shown);
}

test("a right that has ended is refused although its ring has not", () => {
  const bytes = credentialOf({ kind: 0, target: 5, ops: 3, untilS: atS });
  expect(verifyCredential(crypto, bytes, anchors, { atS: atS - 1 }).ok).toBe(true);
  expect(codeOf(verifyCredential(crypto, bytes, anchors, { atS }))).toBe(RIGHT_EXPIRED);
});

test("L6: a right to a door of another authority answers for that door and for no own one", () => {
  const judge = (leaf: Partial<Leaf>, question: CredentialQuestion) => {
    const bytes = credentialOf({ kind: 0, target: 5, ops: 3, untilS: atS, ...leaf });
    return codeOf(verifyCredential(crypto, bytes, anchors, question));
  };
  const abroad = { kind: LEAF_FOREIGN + 9 };
  expect(judge(abroad, { door: 5, owner: 9 })).toBeUndefined();
  expect(judge(abroad, {})).toBeUndefined();
  for (const question of [
    { door: 5 },
    { door: 5, owner: 8 },
    { door: 6, owner: 9 },
    { group: 5 },
  ]) {
    expect(judge(abroad, question)).toBe(TARGET_MISMATCH);
  }
  expect(judge({}, { door: 5, owner: 0 })).toBe(TARGET_MISMATCH);
  expect(judge({ kind: LEAF_GROUP }, { door: 5, owner: 9 })).toBe(TARGET_MISMATCH);
});
