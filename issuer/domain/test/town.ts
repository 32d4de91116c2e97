// SPDX-License-Identifier: EUPL-1.2
import {
  type AgreementKey,
  type Anchor,
  bytesOfHex,
  type CryptoPort,
  chainNext,
  chainStart,
  type DownMessage,
  decodeDown,
  decodeRingBundle,
  devidOf,
  type EntropyPort,
  type Entry,
  encodeEntry,
  encodeLogBatch,
  encodeUp,
  hexOf,
  kidOf,
  type Result,
  type RingHead,
  type SigningKey,
  sealingKey,
  sealObject,
  signLogHead,
  UP_KEY_PRESENT,
  UP_UPLOAD,
  type UpMessage,
  verifyIssuerCertificate,
  verifyRingHead,
} from "@nyckelring/protocol";
import { createNodeCrypto } from "@nyckelring/protocol/host";
import {
  createIssuer,
  createMemoryStore,
  createMemoryVault,
  type Issuer,
  type IssuerStore,
  type KeyProvision,
} from "../src/index.ts";

// A small town for the tests of the domain: two providers, a municipal desk, doors, and devices
// that behave on the wire as real ones do, without their firmware.

/** Monday 7 September 2026, 06:00 in Stockholm. */
export const MORNING_S = Date.UTC(2026, 8, 7, 4) / 1000;
export const HOUR_S = 3600;

export const crypto: CryptoPort = createNodeCrypto();

/** Unwraps a result that must be good. */
export function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`unexpected fault 0x${result.fault.code.toString(16)}`);
  return result.value;
}

/** The code of a result that must be a fault, and 0 for a good one. */
export function codeOf(result: Result<unknown>): number {
  return result.ok ? 0 : result.fault.code;
}

/** Octets that look random and are the same in each run. */
export function createCountedEntropy(seed = 1): EntropyPort {
  let count = 0;
  return {
    fill(target, offset, bytes) {
      for (let done = 0; done < bytes; done += 32) {
        count += 1;
        const block = crypto.hash(new TextEncoder().encode(`${seed} ${count}`));
        for (let index = 0; index < Math.min(32, bytes - done); index += 1) {
          target[offset + done + index] = block[index] ?? 0;
        }
      }
    },
  };
}

/** A device with an identity and a log, as firmware would keep them. */
export interface TestDevice {
  readonly devid: Uint8Array;
  readonly name: string;
  readonly signing: SigningKey;
  readonly agreement: AgreementKey;
  readonly entries: Uint8Array[];
  readonly chains: Uint8Array[];
  append(fields?: Partial<Omit<Entry, "n">>): number;
  /** Entries from one number to another, both included, sealed to the issuer. */
  sealed(issuer: Issuer, first?: number, last?: number): Uint8Array;
}

export function createDevice(name: string): TestDevice {
  const secretOf = (use: string) => crypto.hash(new TextEncoder().encode(`${name} ${use}`));
  const signing = crypto.importSigningKey(secretOf("signing"));
  const agreement = crypto.importAgreementKey(secretOf("agreement"));
  const devid = devidOf(crypto, signing.publicKey);
  const entries: Uint8Array[] = [];
  const chains: Uint8Array[] = [chainStart()];
  let counter = 0;
  return {
    devid,
    name: hexOf(devid),
    signing,
    agreement,
    entries,
    chains,
    append(fields = {}) {
      const n = entries.length + 1;
      const bytes = encodeEntry({
        n,
        tS: MORNING_S + n,
        tq: 2,
        kind: 1,
        op: 1,
        reason: 0,
        peer: new Uint8Array(8),
        ring: 0,
        target: 0,
        ...fields,
      });
      entries.push(bytes);
      chains.push(chainNext(crypto, chains[n - 1] ?? chainStart(), bytes));
      return n;
    },
    sealed(issuer, first = 1, last = entries.length) {
      const { authority } = issuer;
      const chain = chains[last] ?? chainStart();
      const head = signLogHead(
        { devid, logEpoch: 1, authority, n: last, chain, tS: MORNING_S, tq: 2 },
        { kid: kidOf(crypto, signing.publicKey), key: signing },
      );
      const batch = encodeLogBatch({
        devid,
        logEpoch: 1,
        authority,
        first,
        prev: chains[first - 1] ?? chainStart(),
        entries: entries.slice(first - 1, last),
        head,
      });
      const shared = must(agreement.agree(issuer.issuerAgreementKey));
      counter += 1;
      return sealObject(crypto, sealingKey(crypto, shared, devid), devid, counter, batch);
    },
  };
}

export function publicOf(device: TestDevice) {
  return {
    signingPublicKey: device.signing.publicKey,
    agreementPublicKey: device.agreement.publicKey,
  };
}

/** A town, its issuer, and what tests do with it again and again. */
export interface Town {
  issuer: Issuer;
  readonly store: IssuerStore;
  readonly crypto: CryptoPort;
  nowS: number;
  readonly desk: number;
  readonly secondDesk: number;
  readonly north: Provider;
  readonly south: Provider;
  readonly owner: number;
  /** Opens the issuer again over the same store. */
  restart(): void;
  /** A building with consent of its owner, an entrance with a lock, and apartments with locks. */
  house(alarmCodes: readonly string[], provider: number): House;
  /** A carer with a key and every right over the provider's clients. */
  carer(provider: Provider, name: string): { carer: number; key: TestDevice; right: number };
  key(provider: Provider, carer: number, name: string): TestDevice;
  lock(door: number, name: string): TestDevice;
  /** What a station receives for a message, with the MAC checked. */
  up(station: Station, message: UpMessage): DownMessage[];
  present(station: Station, key: TestDevice, said?: Partial<KeyState>): DownMessage[];
  upload(station: Station, sealed: Uint8Array, seq?: number): DownMessage[];
  station(provider?: number): Station;
}

export interface Provider {
  readonly provider: number;
  readonly planner: number;
}

export interface House {
  readonly building: number;
  readonly consent: number;
  readonly entrance: number;
  readonly entranceLock: TestDevice;
  readonly apartments: readonly number[];
  readonly apartmentLocks: readonly TestDevice[];
}

export interface Station {
  readonly stationId: number;
  readonly commandKey: Uint8Array;
  seq: number;
}

export interface KeyState {
  readonly ringseq: number;
  readonly root16: Uint8Array;
  readonly listseq: number;
  readonly nonce: Uint8Array;
  readonly timeAsks: readonly { readonly devid: Uint8Array; readonly nonce: Uint8Array }[];
}

export function createTown(
  onStep: (step: "before-commit" | "after-commit") => void = () => undefined,
  settings: { readonly stopsAtFullLog?: boolean } = {},
): Town {
  const store = createMemoryStore(onStep);
  const entropy = createCountedEntropy();
  const vault = createMemoryVault(crypto, entropy);
  const state = { nowS: MORNING_S };
  const clock = { nowS: () => state.nowS };
  const open = () =>
    createIssuer({ crypto, entropy, clock, store, vault }, { authority: 7, ...settings });
  let issuer = open();
  let nonces = 0;
  const desk = issuer.founder;

  function provider(organisation: string): Provider {
    const number = must(issuer.addProvider(desk, { organisation }));
    const planner = must(issuer.addUser(desk, { role: "planner", provider: number }));
    return { provider: number, planner };
  }

  const secondDesk = must(issuer.addUser(desk, { role: "trygghetsjouren" }));
  const north = provider("Hemtjänst Norr");
  const south = provider("Hemtjänst Söder");
  const owner = must(issuer.addPropertyOwner(desk, { organisation: "Bostads AB" }));

  const town: Town = {
    get issuer() {
      return issuer;
    },
    set issuer(opened) {
      issuer = opened;
    },
    store,
    crypto,
    get nowS() {
      return state.nowS;
    },
    set nowS(nowS) {
      state.nowS = nowS;
    },
    desk,
    secondDesk,
    north,
    south,
    owner,
    restart() {
      issuer = open();
    },
    house(alarmCodes, providerNumber) {
      const building = must(issuer.addBuilding(desk, { owner }));
      const signed = { scope: { building }, signatories: ["owner"] as const, evidence: "avtal" };
      const consent = must(issuer.recordConsent(desk, signed));
      const place = { building, address: `Storgatan ${building}` };
      const entrance = must(issuer.addDoor(desk, { kind: "entrance", ...place }));
      const apartments = alarmCodes.map((alarmCode) => {
        must(issuer.addClient(desk, { alarmCode, building, provider: providerNumber }));
        const door = must(issuer.addDoor(desk, { kind: "apartment", ...place, alarmCode }));
        const scope = { door };
        must(issuer.recordConsent(desk, { scope, signatories: ["resident"], evidence: "avtal" }));
        return door;
      });
      return {
        building,
        consent,
        entrance,
        entranceLock: town.lock(entrance, `entrance ${building}`),
        apartments,
        apartmentLocks: apartments.map((door) => town.lock(door, `apartment ${door}`)),
      };
    },
    carer({ provider: number, planner }, name) {
      const carer = must(issuer.addCarer(planner, { provider: number, staffCode: name }));
      const right = must(issuer.grantRight(planner, { carer }));
      return { carer, right, key: town.key({ provider: number, planner }, carer, `key ${name}`) };
    },
    key({ planner }, carer, name) {
      const key = createDevice(name);
      must(issuer.enrolKey(planner, { carer, devicePublic: publicOf(key) }));
      return key;
    },
    lock(door, name) {
      const lock = createDevice(name);
      must(issuer.enrolLock(desk, { door, devicePublic: publicOf(lock), profile: 0 }));
      return lock;
    },
    up(station, message) {
      station.seq += 1;
      const answers = issuer.receiveUp(
        station.stationId,
        encodeUp(crypto, station, station.seq, message),
      );
      return readDown(station, answers);
    },
    present(station, key, said = {}) {
      nonces += 1;
      return town.up(station, {
        type: UP_KEY_PRESENT,
        devid: key.devid,
        ringseq: 0,
        root16: new Uint8Array(16),
        listseq: 0,
        nonce: bytesOfHex(nonces.toString(16).padStart(16, "0")),
        batteryPercent: 90,
        timeAsks: [],
        ...said,
      });
    },
    upload(station, sealed, seq) {
      if (seq === undefined) return town.up(station, { type: UP_UPLOAD, sealed });
      const bytes = encodeUp(crypto, station, seq, { type: UP_UPLOAD, sealed });
      return readDown(station, issuer.receiveUp(station.stationId, bytes));
    },
    station(providerNumber) {
      const request = providerNumber === undefined ? {} : { provider: providerNumber };
      return { ...must(issuer.enrolStation(desk, request)), seq: 0 };
    },
  };
  return town;
}

export function readDown(station: Station, messages: readonly Uint8Array[]): DownMessage[] {
  return messages.map((bytes) => must(decodeDown(crypto, station, bytes)).message);
}

/** Level 1 keys as a device learns them from the root. */
export function ringAnchors(provision: KeyProvision): Anchor[] {
  const root = anchorOf(provision.rootKey);
  return provision.issuerCertificates.flatMap((bytes) => {
    const certificate = must(verifyIssuerCertificate(bytes, [root]));
    return certificate.level === 1 ? [anchorOf(certificate.issuer.publicKey)] : [];
  });
}

/** The anchors of an issuer, from its own register. */
export function anchorsOf(issuer: Issuer, level: 1 | 2): Anchor[] {
  const epoch = issuer.register.issuerEpoch;
  const bytes = level === 1 ? epoch?.ringCertificate : epoch?.deviceCertificate;
  const root = anchorOf(issuer.rootKey);
  const certificate = must(verifyIssuerCertificate(bytesOfHex(bytes ?? ""), [root]));
  return [anchorOf(certificate.issuer.publicKey)];
}

export function anchorOf(publicKey: Uint8Array): Anchor {
  return { kid: kidOf(crypto, publicKey), key: must(crypto.importVerificationKey(publicKey)) };
}

/** The heads among messages, in order and verified. */
export function headsIn(issuer: Issuer, messages: readonly DownMessage[]): RingHead[] {
  return messages.flatMap((message) => {
    if (message.type !== 1 || message.part !== 0) return [];
    return [
      must(verifyRingHead(must(decodeRingBundle(message.bundle)).head, anchorsOf(issuer, 1))),
    ];
  });
}
