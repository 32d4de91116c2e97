// SPDX-License-Identifier: EUPL-1.2
// Devices ready for use, as the octets of their flash: everything that interpreters or boards need to
// open a door for each other without this process.

import { bytesOfHex, type Result } from "@nyckelring/protocol";

import { createRandomStream } from "./prng.ts";
import { withoutRealWorld } from "./real-world-trap.ts";
import { createTrace } from "./trace.ts";
import type { VirtualFlash } from "./virtual-flash.ts";
import { createWorld, type KeyUnit, must, type StationUnit, type World } from "./world.ts";

/** One device with what it was given. */
export type ProvisionedDevice = {
  readonly name: string;
  readonly role: "key" | "lock" | "station";
  /** 16 hexadecimal digits; the number of the station. */
  readonly id: string;
  /** What it is good for, a sentence for people. */
  readonly what: string;
  /** The pages of the role's area, as they are on the device. */
  readonly flash: Uint8Array;
  /** UTC seconds at which its clock starts; undefined for a device without a clock. */
  readonly clockS: number | undefined;
};

/** A small town of devices, frozen in the middle of a shift. */
export type Provisioning = {
  readonly devices: readonly ProvisionedDevice[];
  /** UTC seconds of the frozen moment, and of the end of the rights that were given. */
  readonly nowS: number;
  readonly untilS: number;
  /** The permit for the service of the lock that `key` carries, or why there is none; undefined where nobody asked. */
  readonly service: Result<ServicePermission> | undefined;
};

/** A permit for the console of a locked device, as the authority gave it. */
export type ServicePermission = {
  readonly devid: string;
  readonly serial: number;
  /** UTC seconds. */
  readonly untilS: number;
  /** The user who gave it, as the audit has it. */
  readonly by: number;
};

/** The town, still running: a test brings an image back and looks what became of it. */
export type ProvisioningTown = Provisioning & {
  readonly world: World;
  readonly station: StationUnit;
  readonly key: KeyUnit;
};

const MINUTE_S = 60;
const SHIFT_S = 8 * 3600;

/**
 * Provisions a lock, three keys and a station in the way of the system: consents, rights, a shift, a
 * synchronisation of each key.
 *
 * The lock knows no floor list; the key `key` carries one that its head demands, because the key `lost` was
 * revoked before. `other` has a right to another door.
 *
 * @param seed - Decimal digits; the same seed gives the same octets.
 * @param startS - UTC seconds of the beginning of the shift.
 * @param serviceS - Seconds for which the console of the lock may be opened, once; `key` then carries the
 *   permit. Without it there is none.
 * @public
 */
export function provisionTown(seed: string, startS: number, serviceS?: number): ProvisioningTown {
  return withoutRealWorld(() => {
    const random = createRandomStream(seed).split("world");
    const world = createWorld(random, startS, 1, createTrace(undefined));
    const { issuer } = world;
    const { founder } = issuer;
    const provider = must(issuer.addProvider(founder, { organisation: "Home care 1" }));
    const owner = must(issuer.addPropertyOwner(founder, { organisation: "Owner 1" }));
    const building = must(issuer.addBuilding(founder, { owner }));
    const doors = ["A1", "A2"].map((alarmCode) => {
      must(issuer.addClient(founder, { alarmCode, building, provider }));
      const door = must(
        issuer.addDoor(founder, { kind: "apartment", building, address: alarmCode, alarmCode }),
      );
      const consent = { scope: { door }, signatories: ["resident"] as const, evidence: alarmCode };
      must(issuer.recordConsent(founder, consent));
      return door;
    });
    const [first, second] = doors;
    if (first === undefined || second === undefined) throw new Error("two doors");
    const lock = world.addLock(first);
    world.addLock(second);
    const station = world.addStation(undefined);
    const endS = startS + SHIFT_S;
    const addKey = (staffCode: string, alarmCode: string): KeyUnit => {
      const carer = must(issuer.addCarer(founder, { provider, staffCode }));
      must(issuer.grantRight(founder, { carer, scope: [alarmCode] }));
      must(issuer.planShift(founder, { carer, startS, endS }));
      return world.addKey(carer, 5);
    };
    const key = addKey("S1", "A1");
    const lost = addKey("S2", "A1");
    const other = addKey("S3", "A2");
    sync(world, lost, station);
    must(issuer.revokeKey(founder, { devid: lost.devidBytes, reason: "lost" }));
    sync(world, other, station);
    const service = serviceS === undefined ? undefined : permitService(world, lock, serviceS);
    sync(world, key, station);
    const nowS = startS + Math.ceil(world.clock.nowUs() / 1_000_000);
    const keyOf = (unit: KeyUnit, name: string, what: string): ProvisionedDevice => {
      const flash = imageOf(unit.board.flash);
      return { name, role: "key", id: unit.devid, what, flash, clockS: nowS };
    };
    return {
      world,
      station,
      key,
      nowS,
      untilS: endS,
      service,
      devices: [
        {
          name: "lock",
          role: "lock",
          id: lock.devid,
          what: "the door of A1, without a clock",
          flash: imageOf(lock.board.flash),
          clockS: undefined,
        },
        keyOf(key, "key", "has a right to A1 and carries the floor list that its head demands"),
        keyOf(other, "other", "has a right to A2 alone"),
        keyOf(lost, "lost", "has a right to A1 and was reported lost"),
        {
          name: "station",
          role: "station",
          id: String(station.id),
          what: "the station of the office",
          flash: imageOf(station.board.flash),
          clockS: nowS,
        },
      ],
    };
  });
}

function permitService(
  { issuer, clock }: World,
  { devid }: { readonly devid: string },
  serviceS: number,
): Result<ServicePermission> {
  const untilS = clock.nowS() + serviceS;
  const permitted = issuer.permitService(issuer.founder, { devid: bytesOfHex(devid), untilS });
  if (!permitted.ok) return permitted;
  const audited = must(issuer.audit(issuer.founder)).at(-1);
  if (audited?.fact.kind !== "service-permitted" || !("user" in audited.by)) {
    throw new Error("a service permit without a person in the audit");
  }
  return { ok: true, value: { devid, serial: permitted.value, untilS, by: audited.by.user } };
}

/** The devices alone. @public */
export function provisionDevices(seed: string, startS: number, serviceS?: number): Provisioning {
  const { devices, nowS, untilS, service } = provisionTown(seed, startS, serviceS);
  return { devices, nowS, untilS, service };
}

/** Puts a key into a station for as long as it wants. @public */
export function sync(world: World, key: KeyUnit, station: StationUnit): string {
  let signal = "";
  world.visitStation({ key, station, pull: undefined }, (outcome) => {
    signal = outcome.signal;
  });
  world.clock.runUntil(world.clock.nowUs() + 2 * MINUTE_S * 1_000_000);
  return signal;
}

/** All pages of a flash, in their order. @public */
export function imageOf(flash: VirtualFlash): Uint8Array {
  const { pageBytes, pageCount } = flash.cable;
  return flash.cable.read(0, pageBytes * pageCount);
}

/** Replaces all pages of a flash. @public */
export function putImage(flash: VirtualFlash, image: Uint8Array): void {
  const { pageBytes, pageCount } = flash.cable;
  if (image.length !== pageBytes * pageCount) {
    throw new Error(`an image of ${image.length} octets for ${pageCount} pages of ${pageBytes}`);
  }
  const pages = new Map<number, Uint8Array>();
  for (let page = 0; page < pageCount; page += 1) {
    pages.set(page, image.slice(page * pageBytes, (page + 1) * pageBytes));
  }
  flash.restore(pages);
}
