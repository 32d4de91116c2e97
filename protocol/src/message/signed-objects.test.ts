// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";
import { encodeCbor } from "../cbor/encode.ts";
import { type CborValue, cborMap } from "../cbor/value.ts";
import { signSign1, verifySign1 } from "../cose/sign1.ts";
import { verifyLockCertificate } from "../cwt/certificates.ts";
import { type FloorList, signFloorList, verifyFloorList } from "../cwt/floor-list.ts";
import { type RingHead, signRingHead, verifyRingHead } from "../cwt/ring-head.ts";
import { checkWindow } from "../cwt/windows.ts";
import { CLAIMS_MALFORMED, SIGNATURE_INVALID, WINDOW_TOO_LONG } from "../errors/code.ts";
import { createNodeCrypto } from "../host/node-crypto.ts";
import { SAMPLE_SECRETS, SAMPLE_SHIFT_S, signedSamples } from "../host/samples.ts";
import { acceptedDamages, codeOf, testKeys, unwrap } from "../host/testing.ts";
import {
  type LockConfig,
  type LogAck,
  signLockConfig,
  signLogAck,
  verifyLockConfig,
  verifyLogAck,
} from "./objects.ts";
import * as types from "./types.ts";

const crypto = createNodeCrypto();
const samples = signedSamples(crypto);
const { signer, anchor } = testKeys(crypto, SAMPLE_SECRETS.rings);

function fieldsOf<T>(name: string): T {
  const sample = samples.find((candidate) => candidate.name === name);
  if (sample === undefined) throw new Error(`no sample ${name}`);
  return sample.fields as T;
}

describe.each(samples.map((sample) => [sample.name, sample] as const))("a %s", (_name, sample) => {
  test("gives back every field that was signed", () => {
    expect(unwrap(sample.verify(sample.bytes, [sample.anchor]))).toEqual(sample.fields);
  });

  test("is a fault for every truncation and every flipped bit", () => {
    const read = (damaged: Uint8Array) => sample.verify(damaged, [sample.anchor]);
    expect(acceptedDamages(sample.bytes, read)).toEqual([]);
  });

  test("is refused where any other kind is expected, even when signed by the same key", () => {
    for (const other of samples) {
      if (other.name === sample.name) continue;
      const code = codeOf(other.verify(sample.bytes, [sample.anchor, other.anchor]));
      expect(code, other.name).toBe(SIGNATURE_INVALID);
    }
  });

  test("is refused with claims of another kind under its typ", () => {
    for (const other of samples) {
      const { signer: same, anchor: trusted } = testKeys(crypto, 9);
      const { payload } = unwrap(verifySign1(other.bytes, other.typ, [other.anchor]));
      const forged = signSign1(sample.typ, payload, same);
      const expected = other.name === sample.name ? undefined : CLAIMS_MALFORMED;
      const code = codeOf(sample.verify(forged, [trusted]));
      expect(code, other.name).toBe(expected);
    }
  });

  test("is refused with any payload that is no value of its shape", () => {
    const { signer: same, anchor: trusted } = testKeys(crypto, 9);
    const payloads: readonly CborValue[] = [null, 0, [], cborMap([]), "x", [[]], new Uint8Array(9)];
    for (const payload of payloads) {
      const forged = signSign1(sample.typ, encodeCbor(payload), same);
      expect(codeOf(sample.verify(forged, [trusted]))).toBe(CLAIMS_MALFORMED);
    }
    const broken = signSign1(sample.typ, new Uint8Array([0xff]), same);
    expect(codeOf(sample.verify(broken, [trusted]))).toBe(CLAIMS_MALFORMED);
  });
});

describe("the bounds of signed objects", () => {
  const head = fieldsOf<RingHead>("ring-head");

  test("hold a window to 12 h 30 min, its lead to 24 h and an emergency to 4 h (T2, L5)", () => {
    const at = (nbfS: number, expS: number, iatS: number, flags: number) =>
      checkWindow({ nbfS, expS, iatS, flags })?.code;
    const t = SAMPLE_SHIFT_S;
    expect(at(t, t + 45000, t, 0)).toBeUndefined();
    expect(at(t, t + 45001, t, 0)).toBe(WINDOW_TOO_LONG);
    expect(at(t + 86400, t + 86401, t, 0)).toBeUndefined();
    expect(at(t + 86401, t + 86402, t, 0)).toBe(WINDOW_TOO_LONG);
    expect(at(t - 5, t + 14400, t, types.FLAG_EMERGENCY)).toBeUndefined();
    expect(at(t - 5, t + 14401, t, types.FLAG_EMERGENCY)).toBe(WINDOW_TOO_LONG);
    expect(at(t, t, t - 1, 0)).toBe(CLAIMS_MALFORMED);
    expect(at(t - 9, t, t, 0)).toBe(CLAIMS_MALFORMED);
  });

  test("refuse a genuine head with a window beyond the bound", () => {
    const t = SAMPLE_SHIFT_S;
    const cnf = cborMap([
      [
        1,
        cborMap([
          [1, 1],
          [2, head.holder.devid],
          [-1, 4],
          [-2, head.root],
        ]),
      ],
    ]);
    const claims = (expS: number) =>
      encodeCbor(
        cborMap([
          [4, expS],
          [5, t],
          [6, t],
          [8, cnf],
          [-65537, [1, 1, head.root, 0, 0]],
        ]),
      );
    const good = signSign1(types.TYP_RING_HEAD, claims(t + 45000), signer);
    expect(verifyRingHead(good, [anchor]).ok).toBe(true);
    const long = signSign1(types.TYP_RING_HEAD, claims(t + 45001), signer);
    expect(codeOf(verifyRingHead(long, [anchor]))).toBe(WINDOW_TOO_LONG);
    const empty = signSign1(types.TYP_RING_HEAD, claims(t), signer);
    expect(codeOf(verifyRingHead(empty, [anchor]))).toBe(CLAIMS_MALFORMED);
    expect(() => signRingHead({ ...head, expS: head.nbfS + 45001 }, signer)).toThrow(/409/);
  });

  test("hold the tree of a ring to 4096 slots", () => {
    expect(verifyRingHead(signRingHead({ ...head, size: 4096 }, signer), [anchor]).ok).toBe(true);
    expect(() => signRingHead({ ...head, size: 4097 }, signer)).toThrow();
  });

  test("hold a floor list to 256 floors, and all of them fit one object", () => {
    const list = fieldsOf<FloorList>("floor-list");
    const floors = (count: number) =>
      Array.from({ length: count }, (_, index) => ({
        devid: new Uint8Array(8).fill(index),
        minring: 4294967295,
      }));
    const full = signFloorList({ ...list, floors: floors(256) }, signer);
    expect(full.length).toBeLessThanOrEqual(4096);
    expect(unwrap(verifyFloorList(full, [anchor])).floors.length).toBe(256);
    expect(() => signFloorList({ ...list, floors: floors(257) }, signer)).toThrow();
  });

  test("hold an acknowledgement to 1 to 25 logs", () => {
    const ack = fieldsOf<LogAck>("log-ack");
    const acks = (count: number) => Array.from({ length: count }, () => ack.acks[0] ?? fail());
    const full = signLogAck({ authority: 1, acks: acks(25) }, signer);
    expect(unwrap(verifyLogAck(full, [anchor])).acks.length).toBe(25);
    expect(() => signLogAck({ authority: 1, acks: acks(26) }, signer)).toThrow();
    expect(() => signLogAck({ authority: 1, acks: [] }, signer)).toThrow();
  });

  test("hold a lock to 4 authorities and 8 groups (L6)", () => {
    const config = fieldsOf<LockConfig>("lock-config");
    const configOf = (anchors: number, groups: number) => ({
      ...config,
      anchors: Array.from({ length: anchors }, () => config.anchors[0] ?? fail()),
      groups: Array.from({ length: groups }, (_, index) => index),
    });
    const full = signLockConfig(configOf(4, 8), signer);
    expect(unwrap(verifyLockConfig(full, [anchor])).anchors.length).toBe(4);
    for (const [anchors, groups] of [
      [5, 8],
      [0, 8],
      [4, 9],
    ] as const) {
      expect(() => signLockConfig(configOf(anchors, groups), signer)).toThrow();
    }
  });

  test("refuse a certificate whose key is of another curve or size", () => {
    const key = (crv: number, kid: Uint8Array, x: Uint8Array) =>
      cborMap([
        [
          1,
          cborMap([
            [1, 1],
            [2, kid],
            [-1, crv],
            [-2, x],
          ]),
        ],
      ]);
    const sign = (cnf: CborValue) =>
      signSign1(
        types.TYP_LOCK_CERTIFICATE,
        encodeCbor(
          cborMap([
            [4, 9],
            [6, 1],
            [8, cnf],
            [-65538, [1, [], head.root]],
          ]),
        ),
        signer,
      );
    const devid = head.holder.devid;
    const code = (cnf: CborValue) => codeOf(verifyLockCertificate(sign(cnf), [anchor]));
    expect(code(key(4, devid, head.root))).toBeUndefined();
    expect(code(key(6, devid, head.root))).toBe(CLAIMS_MALFORMED);
    expect(code(key(4, devid.slice(1), head.root))).toBe(CLAIMS_MALFORMED);
    expect(code(key(4, devid, head.root.slice(1)))).toBe(CLAIMS_MALFORMED);
  });
});

function fail(): never {
  throw new Error("a sample is empty");
}
