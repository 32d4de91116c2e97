// SPDX-License-Identifier: EUPL-1.2

import {
  ANCHOR_UNKNOWN,
  CLAIMS_MALFORMED,
  DEVICE_BLANK,
  DEVICE_NOT_BLANK,
  HOLDER_MISMATCH,
  KEY_REVOKED,
  OBJECT_OLD,
  SHARED_SECRET_ZERO,
  SIGNATURE_INVALID,
  signFloorList,
  signLockConfig,
} from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";
import { createCutFlash, runUntilCut, TEAR_MODES } from "../../test/cut-flash.ts";
import {
  AUTHORITY,
  configOf,
  createRig,
  crypto,
  DOOR,
  entropyOf,
  issuingOf,
  keyOf,
  plug,
  provisionOf,
  SHIFT_S,
  secretOf,
} from "../../test/lock-rig.ts";
import { openDeviceRecords } from "../shared/device-records.ts";
import { type EnrolledDevice, enrolDevice } from "../shared/identity.ts";
import { commissionLock, configuredState, type LockProvision } from "./lock-commissioning.ts";
import { type LockAuthority, type LockState, readLockState } from "./lock-state.ts";

const city = issuingOf();

function createDevice() {
  const flash = createCutFlash(16, 4096);
  return { flash, device: enrolDevice(flash, entropyOf("device"), crypto) };
}

function faultOf(provision: (device: EnrolledDevice) => LockProvision): number {
  const { flash, device } = createDevice();
  const result = commissionLock(flash, crypto, provision(device));
  const state = readLockState(openDeviceRecords(flash));
  expect(state === undefined).toBe(!result.ok);
  return result.ok ? 0 : result.fault.code;
}

describe("commissioning of a lock", () => {
  test("L1: takes over a provision that verifies below the root and names this device", () => {
    expect(faultOf((device) => provisionOf(city, device))).toBe(0);
  });

  test("X6: refuses what is signed by others, for others, or contradicts itself", () => {
    const other = issuingOf("another city");
    const stranger = createDevice().device;
    expect(stranger.devid).toBeDefined();
    const twin = enrolDevice(createCutFlash(16, 4096), entropyOf("twin"), crypto);
    expect(faultOf((device) => provisionOf(other, device))).toBe(0);
    expect(
      faultOf((device) => ({
        ...provisionOf(city, device),
        rootKey: other.root.key.publicKey,
      })),
    ).toBe(SIGNATURE_INVALID);
    expect(
      faultOf((device) => ({
        ...provisionOf(city, device),
        config: signLockConfig(configOf(city, device.devid), city.ring),
      })),
    ).toBe(SIGNATURE_INVALID);
    expect(faultOf(() => provisionOf(city, twin))).toBe(HOLDER_MISMATCH);
    for (const field of ["devid", "signingPublicKey", "agreementPublicKey"] as const) {
      const chimera = (device: EnrolledDevice) => ({
        ...provisionOf(city, { ...device, [field]: twin[field] }),
        config: provisionOf(city, device).config,
      });
      expect(faultOf(chimera)).toBe(HOLDER_MISMATCH);
    }
    expect(
      faultOf((device) => ({
        ...provisionOf(city, device),
        config: signLockConfig(configOf(city, device.devid, { door: 2 }), city.device),
      })),
    ).toBe(CLAIMS_MALFORMED);
    expect(
      faultOf((device) => ({
        ...provisionOf(city, device),
        issuerCertificates: city.certificates.slice(0, 1),
      })),
    ).toBe(ANCHOR_UNKNOWN);
    expect(
      faultOf((device) => ({
        ...provisionOf(city, device),
        config: signLockConfig(configOf(other, device.devid), city.device),
      })),
    ).toBe(CLAIMS_MALFORMED);
    expect(
      faultOf((device) => ({
        ...provisionOf(city, device),
        issuerAgreementKey: new Uint8Array(32),
      })),
    ).toBe(CLAIMS_MALFORMED);
    const nobody = { ...city, agreementPublicKey: new Uint8Array(32) };
    expect(faultOf((device) => provisionOf(nobody, device))).toBe(SHARED_SECRET_ZERO);
  });

  test("threat 12: refuses certificates below the lowest epoch of its configuration", () => {
    const rotated = issuingOf("city", 2);
    const [own] = configOf(city, new Uint8Array(8)).anchors;
    if (own === undefined) throw new Error("no anchor");
    const anchors = [{ ...own, issuerEpochMin: 2 }];
    expect(faultOf((device) => provisionOf(city, device, { anchors }))).toBe(CLAIMS_MALFORMED);
    expect(faultOf((device) => provisionOf(rotated, device, { anchors }))).toBe(0);
    const mixed = [city.certificates[0], rotated.certificates[1]].flatMap((bytes) => bytes ?? []);
    expect(
      faultOf((device) => ({
        ...provisionOf(rotated, device, { anchors }),
        issuerCertificates: mixed,
      })),
    ).toBe(OBJECT_OLD);
  });

  test("L1: a device that was never enrolled cannot become a lock", () => {
    const flash = createCutFlash(16, 4096);
    const { device } = createDevice();
    const result = commissionLock(flash, crypto, provisionOf(city, device));
    expect(result.ok ? 0 : result.fault.code).toBe(DEVICE_BLANK);
  });

  test("X6: floors given at commissioning hold from the first contact", () => {
    const rig = createRig();
    const carer = keyOf("carer", city);
    const floors = signFloorList(
      {
        expS: SHIFT_S,
        iatS: SHIFT_S - 900,
        listseq: 3,
        ringfloor: 0,
        floors: [{ devid: carer.devid, minring: 70_001 }],
      },
      city.ring,
    );
    expect(commissionLock(rig.flash, crypto, { ...rig.provision, floors }).ok).toBe(true);
    rig.boot();
    expect(plug(rig, carer).open()).toMatchObject({ code: KEY_REVOKED });
  });

  test("L4: a cut at every write leaves a blank lock that can be commissioned again", () => {
    const { flash, device } = createDevice();
    const provision = provisionOf(city, device);
    const image = flash.image();
    flash.cutAt(undefined);
    commissionLock(flash, crypto, provision);
    const operations = flash.operations();
    for (let operation = 0; operation < operations; operation += 1) {
      for (const mode of TEAR_MODES) {
        flash.restore(image);
        flash.cutAt(operation, mode);
        expect(runUntilCut(() => commissionLock(flash, crypto, provision))).toBe(true);
        flash.cutAt(undefined);
        // The last two writes are those that make the lock, each whole without the other; a cut may
        // take no more than the padding of the first.
        if (operation < operations - 2) {
          expect(readLockState(openDeviceRecords(flash))).toBeUndefined();
        }
        expect(commissionLock(flash, crypto, provision).ok).toBe(true);
        expect(readLockState(openDeviceRecords(flash))?.door).toBe(1041);
      }
    }
  });

  test("C8: a lock passes to another authority or door by a new enrolment, which takes its log", () => {
    const testing = issuingOf("testing", 1, SHIFT_S - 30 * 86_400, 99);
    const { flash, device } = createDevice();
    expect(commissionLock(flash, crypto, provisionOf(city, device)).ok).toBe(true);
    const image = flash.image();
    for (const provision of [
      provisionOf(testing, device),
      provisionOf(city, device, { door: DOOR + 1 }),
    ]) {
      const refused = commissionLock(flash, crypto, provision);
      expect(refused).toEqual({ ok: false, fault: { code: DEVICE_NOT_BLANK } });
      expect(flash.image()).toEqual(image);
    }
    expect(commissionLock(flash, crypto, provisionOf(city, device)).ok).toBe(true);
    const again = enrolDevice(flash, entropyOf("again"), crypto);
    expect(commissionLock(flash, crypto, provisionOf(testing, again)).ok).toBe(true);
  });

  test("L6: an authority keeps its slot while others come and go", () => {
    const anchors = [1, 2, 3, 4, 5].map((authority) => {
      const root = issuingOf(`body ${authority}`).root;
      return {
        authority,
        kid: root.kid,
        publicKey: root.key.publicKey,
        opsmask: 3,
        maxvalidS: 100,
        agreementKey: city.agreementPublicKey,
        issuerEpochMin: 1,
      };
    });
    const pick = (...numbers: number[]) =>
      anchors.filter((anchor) => numbers.includes(anchor.authority));
    const identity = { devid: new Uint8Array(8), agreementSecret: () => secretOf("lock") };
    const configured = (picked: typeof anchors, known: readonly LockAuthority[]) => {
      const config = { ...configOf(city, identity.devid), anchors: picked };
      const state = configuredState(crypto, identity, config, known);
      if (!state.ok) throw new Error("state");
      return state.value;
    };
    const slotsOf = (state: LockState) =>
      state.authorities.map((item) => [item.keys.authority, item.slot]);
    const first = configured(pick(1, 2, 3, 4), []);
    expect(slotsOf(first)).toEqual([
      [1, 0],
      [2, 1],
      [3, 2],
      [4, 3],
    ]);
    const second = configured(pick(1, 3, 5), first.authorities);
    expect(slotsOf(second)).toEqual([
      [1, 0],
      [3, 2],
      [5, 1],
    ]);
    const third = configured(pick(5, 1).reverse(), second.authorities);
    expect(slotsOf(third)).toEqual([
      [5, 1],
      [1, 0],
    ]);
    expect(AUTHORITY).toBe(1);
  });
});
