// SPDX-License-Identifier: EUPL-1.2

import { devidOf, fingerprintOf } from "@nyckelring/protocol";
import { createNodeCrypto } from "@nyckelring/protocol/host";
import { describe, expect, test } from "vitest";
import { createCutFlash, runUntilCut, TEAR_MODES } from "../../test/cut-flash.ts";
import { entropyOf } from "../../test/lock-rig.ts";
import { openDeviceRecords } from "./device-records.ts";
import { enrolDevice, loadIdentity } from "./identity.ts";
import { openTimeFloor } from "./time-floor.ts";

const crypto = createNodeCrypto();

describe("enrolment", () => {
  test("K4: makes one identity that the device finds again at every boot", () => {
    const flash = createCutFlash(12, 1024);
    const device = enrolDevice(flash, entropyOf("a"), crypto);
    expect(device.devid).toEqual(devidOf(crypto, device.signingPublicKey));
    expect(device.fingerprint).toBe(fingerprintOf(crypto, device.signingPublicKey));
    const identity = loadIdentity(openDeviceRecords(flash), crypto);
    expect(identity?.devid).toEqual(device.devid);
    const secret = identity?.agreementSecret() ?? new Uint8Array(32);
    expect(crypto.importAgreementKey(secret).publicKey).toEqual(device.agreementPublicKey);
    const seed = identity?.signingSeed() ?? new Uint8Array(32);
    expect(crypto.importSigningKey(seed).publicKey).toEqual(device.signingPublicKey);
    expect(seed).not.toEqual(secret);
  });

  test("K4: enrolling again ends the old identity and wipes what the device held", () => {
    const flash = createCutFlash(12, 1024);
    const first = enrolDevice(flash, entropyOf("a"), crypto);
    flash.program(9 * 1024, new Uint8Array([1, 2, 3, 4]));
    openDeviceRecords(flash).write(40, new Uint8Array([5]));
    const second = enrolDevice(flash, entropyOf("b"), crypto);
    expect(second.devid).not.toEqual(first.devid);
    expect(flash.read(9 * 1024, 4)).toEqual(new Uint8Array(4).fill(0xff));
    expect(openDeviceRecords(flash).read(40)).toBeUndefined();
  });

  test("X6: refuses a generator that stands still or repeats itself", () => {
    const stuck = { fill: (target: Uint8Array) => void target.fill(0x55) };
    let next = 0;
    const counting = {
      fill(target: Uint8Array) {
        for (let index = 0; index < 32; index += 1) target[index] = (next + index) & 0xff;
        next += 32;
      },
    };
    const repeating = { fill: (target: Uint8Array) => target.set(crypto.hash(new Uint8Array(1))) };
    const flash = createCutFlash(12, 1024);
    const before = enrolDevice(flash, entropyOf("a"), crypto);
    expect(() => enrolDevice(flash, stuck, crypto)).toThrow();
    expect(() => enrolDevice(flash, repeating, crypto)).toThrow();
    expect(loadIdentity(openDeviceRecords(flash), crypto)?.devid).toEqual(before.devid);
    // A counter is not found out by such a check: the board's own generator must be a good one.
    expect(() => enrolDevice(flash, counting, crypto)).not.toThrow();
  });

  test("L4: a cut at any write of an enrolment leaves the old identity, none, or the new one", () => {
    const flash = createCutFlash(12, 1024);
    const first = enrolDevice(flash, entropyOf("a"), crypto);
    const image = flash.image();
    flash.cutAt(undefined);
    const second = enrolDevice(flash, entropyOf("b"), crypto);
    const operations = flash.operations();
    for (let operation = 0; operation < operations; operation += 1) {
      for (const mode of TEAR_MODES) {
        flash.restore(image);
        flash.cutAt(operation, mode);
        expect(runUntilCut(() => enrolDevice(flash, entropyOf("b"), crypto))).toBe(true);
        flash.cutAt(undefined);
        const found = loadIdentity(openDeviceRecords(flash), crypto)?.devid;
        if (found !== undefined) expect([first.devid, second.devid]).toContainEqual(found);
        expect(enrolDevice(flash, entropyOf("b"), crypto).devid).toEqual(second.devid);
      }
    }
  });
});

describe("time floor", () => {
  test("T2: never sinks within an epoch and starts anew with a higher one", () => {
    const flash = createCutFlash(12, 1024);
    const open = (epoch: number, iatS: number, authority = 1) =>
      openTimeFloor(openDeviceRecords(flash), 20, authority, epoch, iatS);
    const floor = open(1, 1000);
    expect(floor.loS()).toBe(1000);
    floor.raise(5000);
    floor.raise(4000);
    expect(floor.loS()).toBe(5000);
    expect(open(1, 1000).loS()).toBe(5000);
    expect(open(1, 6000).loS()).toBe(6000);
    expect(open(2, 2000).loS()).toBe(2000);
    expect(open(1, 1000, 2).loS()).toBe(1000);
    open(2, 2000).raise(3000);
    expect(open(2, 2000).loS()).toBe(3000);
  });

  test("L4: writes flash only when time has moved", () => {
    const flash = createCutFlash(12, 1024);
    openDeviceRecords(flash).write(1, new Uint8Array(1));
    const floor = openTimeFloor(openDeviceRecords(flash), 20, 1, 1, 1000);
    flash.cutAt(undefined);
    floor.raise(999);
    floor.raise(1000);
    expect(flash.operations()).toBe(0);
    floor.raise(1001);
    // The value and its twin.
    expect(flash.operations()).toBe(2);
  });
});
