// SPDX-License-Identifier: EUPL-1.2
import { commissionKey, enrolDevice } from "@nyckelring/firmware";
import { createNodeCrypto } from "@nyckelring/protocol/host";
import { must, type RandomStream, type World } from "@nyckelring/simulator";
import { Key, Lock, type LogLine, noteErased, Station, storedLog } from "./devices.ts";

type Issuer = World["issuer"];

const CRYPTO = createNodeCrypto();

/** What somebody of the staff has. */
export type CarerRequest = {
  /** False leaves the carer without any right. */
  readonly hasRight?: boolean;
  /** False plans no shift. */
  readonly hasShift?: boolean;
  readonly provider?: number;
};

/**
 * One authority with its people and houses, as the office of a municipality sees it. Its doors have
 * consent, its carers a shift from now on for eight hours and every right of their provider.
 */
export class Town {
  readonly authority: number;
  readonly world: World;
  readonly provider: number;
  readonly planner: number;
  readonly building: number;
  readonly owner: number;
  readonly #random: (label: string) => RandomStream;
  readonly #install: (board: object) => Promise<void>;
  #staff = 0;
  #clients = 0;

  /** @param install - Brings what was written into a device to where the device is. */
  constructor(
    authority: number,
    world: World,
    random: RandomStream,
    install: (board: object) => Promise<void>,
  ) {
    this.#install = install;
    this.#random = (label) => random.split(label);
    this.authority = authority;
    this.world = world;
    const { issuer, desk } = this;
    this.provider = must(issuer.addProvider(desk, { organisation: `Home care ${authority}` }));
    this.planner = must(issuer.addUser(desk, { role: "planner", provider: this.provider }));
    this.owner = must(issuer.addPropertyOwner(desk, { organisation: "Owner" }));
    this.building = this.addBuilding();
  }

  /** The authorization system. */
  get issuer(): Issuer {
    return this.world.issuer;
  }

  /** The on-call centre of the municipality, which may do everything. */
  get desk(): number {
    return this.world.issuer.founder;
  }

  /** A building with its owner's consent. */
  addBuilding(): number {
    const { issuer, desk, owner } = this;
    const building = must(issuer.addBuilding(desk, { owner }));
    const signed = { scope: { building }, signatories: ["owner"] as const, evidence: "paper" };
    must(issuer.recordConsent(desk, signed));
    return building;
  }

  /** An entrance of the building; the number of its door. */
  addEntrance(groups: readonly number[] = []): number {
    const { issuer, desk, building } = this;
    return must(issuer.addDoor(desk, { kind: "entrance", building, address: "Entrance", groups }));
  }

  /** A client in the building; the alarm code. */
  addClient(provider = this.provider): string {
    const { issuer, desk, building } = this;
    this.#clients += 1;
    const alarmCode = `A${this.#clients}`;
    must(issuer.addClient(desk, { alarmCode, building, provider }));
    return alarmCode;
  }

  /** A client with an apartment; its door and alarm code. */
  addApartment(provider = this.provider): { readonly door: number; readonly client: string } {
    const { issuer, desk, building } = this;
    const alarmCode = this.addClient(provider);
    const door = must(
      issuer.addDoor(desk, { kind: "apartment", building, address: alarmCode, alarmCode }),
    );
    const scope = { door };
    must(issuer.recordConsent(desk, { scope, signatories: ["resident"], evidence: alarmCode }));
    return { door, client: alarmCode };
  }

  /** Somebody of the staff. */
  addCarer({ hasRight = true, hasShift = true, provider = this.provider }: CarerRequest = {}) {
    const { issuer, desk } = this;
    this.#staff += 1;
    const carer = must(issuer.addCarer(desk, { provider, staffCode: `S${this.#staff}` }));
    const right = hasRight ? must(issuer.grantRight(desk, { carer })) : 0;
    const shift = hasShift ? this.planShift(carer) : 0;
    return { carer, right, shift };
  }

  /** Plans a shift that begins now, or so many hours from now. */
  planShift(carer: number, hours = 8, inHours = 0): number {
    const startS = this.world.clock.nowS() + inHours * 3600;
    return must(this.issuer.planShift(this.desk, { carer, startS, endS: startS + hours * 3600 }));
  }

  /** Commissions a lock at a door. */
  async addLock(door: number): Promise<Lock> {
    const unit = this.world.addLock(door);
    await this.#install(unit.board);
    return new Lock(this.world, unit);
  }

  /**
   * Commissions a lock with its own battery and clock.
   *
   * @param whenUnknown - What it does while it does not know the time: let in and flag it, or deny.
   * @param driftPpm - How fast its clock runs.
   */
  async addClockLock(
    door: number,
    whenUnknown: "flag" | "deny" = "deny",
    driftPpm = 40,
  ): Promise<Lock> {
    const wishes = { driftPpm, clockUnknown: whenUnknown === "flag" ? 0 : 1 } as const;
    const unit = this.world.addLock(door, wishes);
    await this.#install(unit.board);
    return new Lock(this.world, unit);
  }

  /**
   * Enrols a key for a carer.
   *
   * @param pageCount - Pages of its flash; few of them make a short log.
   */
  async addKey(carer: number, pageCount?: number): Promise<Key> {
    const unit = this.world.addKey(carer, 5, pageCount);
    await this.#install(unit.board);
    return new Key(this.world, unit);
  }

  /** Enrols a station of one provider, or of the municipality. */
  async addStation(provider?: number): Promise<Station> {
    const unit = this.world.addStation(provider);
    await this.#install(unit.board);
    return new Station(this.world, unit);
  }

  /** Gives a key to another carer: it is enrolled anew and has a new name for the system. */
  async reassignKey(key: Key, carer: number): Promise<Key> {
    const { board } = key.unit;
    noteErased(key.unit);
    board.powerOff();
    const enrolled = enrolDevice(board.flash.cable, this.#random("reassignment"), CRYPTO);
    const request = { devid: key.devidBytes, carer, devicePublic: enrolled };
    const provision = must(this.issuer.reassignKey(this.desk, request));
    must(commissionKey(board.flash.cable, CRYPTO, provision));
    board.powerOn();
    return new Key(this.world, key.unit, enrolled.devid);
  }

  /** Apartments of clients whose locks are one public key each, for a ring of many rights. */
  addManyDoors(count: number): void {
    const { issuer, desk } = this;
    const random = this.#random("many doors");
    for (let index = 0; index < count; index += 1) {
      const secret = new Uint8Array(32);
      random.fill(secret, 0, secret.length);
      const devicePublic = {
        signingPublicKey: CRYPTO.importSigningKey(secret).publicKey,
        agreementPublicKey: CRYPTO.importAgreementKey(secret).publicKey,
      };
      const { door } = this.addApartment();
      must(issuer.enrolLock(desk, { door, devicePublic, profile: 0 }));
    }
  }

  /** What a thief has who read out a key, with a clock that stands still at `claimedS`. */
  copyOf(key: Key, claimedS: number = this.world.clock.nowS()): Key {
    return new Key(this.world, this.world.copyKey(key.unit, claimedS));
  }

  /** Entries of a device that the authorization system keeps. */
  stored(device: { readonly devid: string }): LogLine[] {
    return storedLog(this.world, device.devid);
  }
}
