// SPDX-License-Identifier: EUPL-1.2
// The whole way of a sync with nothing of it pretended: the roles of key and station, the station's
// own MQTT client over TCP, a Mosquitto, the gateway, and the domain of the authorization system.

import { randomBytes } from "node:crypto";
import {
  commissionKey,
  commissionStation,
  createKey,
  createMqttUplink,
  createStation,
  enrolDevice,
  type KeyRole,
  LINK_LAN,
  LINK_NONE,
  mqttIdentityOf,
  POWER_MAINS,
  SIGNAL_LOGS_NOT_HOME,
  SIGNAL_READY,
  type StationRole,
} from "@nyckelring/firmware";
import { startMqttGateway } from "@nyckelring/issuer";
import { createIssuer, createMemoryStore, createMemoryVault } from "@nyckelring/issuer/domain";
import { hexOf, type Result } from "@nyckelring/protocol";
import { createNodeCrypto } from "@nyckelring/protocol/host";
import { expect, test } from "vitest";
import { createCutFlash } from "../../firmware/test/cut-flash.ts";
import { until } from "../../firmware/test/interpreter.ts";
import { createNodeTimer, openNodeStream } from "../../firmware/test/node-ports.ts";
import { type Broker, startBroker } from "../../protocol/test/mosquitto.ts";

const crypto = createNodeCrypto();
const entropy = { fill: (bytes: Uint8Array) => void bytes.set(randomBytes(bytes.length)) };
const PATIENCE_MS = 30_000;
/** A clock of its own: it stands still, so that nothing depends on how long a test takes. */
const NOW_S = Date.UTC(2026, 10, 23, 6) / 1000;
const clock = { nowS: () => NOW_S, set: () => undefined };

function must<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new Error(`fault ${result.fault.code.toString(16)}`);
}

/** An authority with one provider, one door, carers on shift with real keys, and one station. */
function createOffice(broker: Broker, carers: number) {
  const vault = createMemoryVault(crypto, entropy);
  const store = createMemoryStore();
  const issuer = createIssuer({ crypto, entropy, clock, store, vault }, { authority: 1 });
  const { founder } = issuer;
  const provider = must(issuer.addProvider(founder, { organisation: "Home care 1" }));
  const planner = must(issuer.addUser(founder, { role: "planner", provider }));
  const owner = must(issuer.addPropertyOwner(founder, { organisation: "Owner 1" }));
  const building = must(issuer.addBuilding(founder, { owner }));
  must(issuer.addClient(founder, { alarmCode: "A1", building, provider }));
  const place = { building, address: "Street 1", alarmCode: "A1" };
  const door = must(issuer.addDoor(founder, { kind: "apartment", ...place }));
  const consent = { scope: { door }, signatories: ["resident"] as const, evidence: "paper 1" };
  must(issuer.recordConsent(founder, consent));
  const lockPublic = enrolDevice(createCutFlash(48, 4096), entropy, crypto);
  must(issuer.enrolLock(founder, { door, devicePublic: lockPublic, profile: 0 }));
  const timer = createNodeTimer();

  const provision = must(issuer.enrolStation(founder, {}));
  const stationFlash = createCutFlash(192, 4096);
  must(commissionStation(stationFlash, provision));
  let station: StationRole | undefined;
  const stream = openNodeStream(broker.port);
  const uplink = createMqttUplink(
    timer,
    provision.stationId,
    mqttIdentityOf(provision.stationId, undefined),
    [{ kind: LINK_LAN, stream }],
    {
      onDown: (message) => station?.onDown(message),
      onLinks: () => station?.onLink(),
    },
  );
  let plugged: KeyRole | undefined;
  const role = createStation({
    crypto,
    flash: stationFlash,
    contact: { send: (bytes) => void setImmediate(() => plugged?.onBytes(bytes)) },
    timer,
    clock,
    uplink,
    power: { source: () => POWER_MAINS, percent: () => 100 },
  });
  station = role;

  const keys = Array.from({ length: carers }, (_, index) => {
    const carer = must(issuer.addCarer(planner, { provider, staffCode: `S${index}` }));
    must(issuer.grantRight(planner, { carer }));
    must(issuer.planShift(planner, { carer, startS: NOW_S, endS: NOW_S + 8 * 3600 }));
    const flash = createCutFlash(96, 4096);
    const devicePublic = enrolDevice(flash, entropy, crypto);
    must(commissionKey(flash, crypto, must(issuer.enrolKey(founder, { carer, devicePublic }))));
    let signal = 0;
    const key = createKey({
      crypto,
      entropy,
      flash,
      contact: {
        send: (bytes) =>
          void setImmediate(() => {
            if (plugged === key) role.onBytes(bytes);
          }),
      },
      timer,
      clock,
      supply: { millivolts: () => 3700, percent: () => 90 },
      powerOut: { on: () => undefined, off: () => undefined },
      signal: {
        show: (shown) => {
          signal = shown;
        },
      },
    } as Parameters<typeof createKey>[0]);
    return { key, devid: hexOf(devicePublic.devid), signal: () => signal };
  });

  return {
    issuer,
    store,
    station: role,
    uplink,
    stream,
    keys,
    plug({ key }: (typeof keys)[number]) {
      plugged = key;
      role.onContact(true);
      key.onContact(true, true);
    },
    unplug() {
      const key = plugged;
      plugged = undefined;
      role.onContact(false);
      key?.onContact(false, false);
    },
    stop() {
      uplink.use(LINK_NONE);
      timer.clear();
    },
  };
}

type Office = ReturnType<typeof createOffice>;

/** Puts a key in until it shows that it is ready. */
async function sync(office: Office, key: Office["keys"][number]): Promise<void> {
  office.plug(key);
  const missing = () => `signal ${key.signal()}, ${JSON.stringify(office.station.status())}`;
  await until(() => key.signal() === SIGNAL_READY, PATIENCE_MS, missing);
  office.unplug();
}

/** Numbers of a key's entries at the issuer, sorted; one that is there twice shows twice. */
function numbersOf(office: Office, devid: string): number[] {
  const entries = [...office.store.entries({})];
  return entries
    .filter((entry) => entry.devid === devid)
    .map(({ n }) => n)
    .sort((a, b) => a - b);
}

test("T1, T3, F23, F24: keys sync over a real broker that dies in between, and each event is at the issuer once", async () => {
  const broker = await startBroker();
  const office = createOffice(broker, 4);
  const settings = {
    url: `mqtt://127.0.0.1:${broker.port}`,
    clientId: "gateway",
    options: { reconnectPeriod: 50 },
  };
  const gateway = await startMqttGateway(office.issuer, settings);
  try {
    await until(office.uplink.isConnected, PATIENCE_MS, () => "the station's connection");
    // Shift start: one key after the other.
    for (const key of office.keys) await sync(office, key);
    await until(
      () => office.station.status().queued === 0,
      PATIENCE_MS,
      () => "an empty queue",
    );
    expect(office.keys.map(({ devid }) => numbersOf(office, devid))).toEqual([[1], [1], [1], [1]]);

    // The broker dies without a memory, once while nobody is there and once in the middle of a sync.
    await broker.kill();
    const [first, second] = office.keys;
    if (first === undefined || second === undefined) throw new Error("keys");
    await until(
      () => !office.uplink.isConnected(),
      PATIENCE_MS,
      () => "the end of a connection",
    );
    office.plug(first);
    const told = ({ signal }: typeof first) => `signal ${signal()}`;
    const isLeft = () => first.signal() === SIGNAL_LOGS_NOT_HOME;
    await until(isLeft, PATIENCE_MS, () => told(first));
    office.unplug();
    expect(office.station.status().queued).toBe(1);
    await broker.start();
    await until(
      () => office.station.status().queued === 0,
      3 * PATIENCE_MS,
      () => "an empty queue",
    );
    office.plug(second);
    await broker.kill();
    const isOver = () => [SIGNAL_READY, SIGNAL_LOGS_NOT_HOME].includes(second.signal());
    await until(isOver, 2 * PATIENCE_MS, () => told(second));
    office.unplug();
    await broker.start();
    const isHome = () => office.station.status().queued === 0 && office.uplink.isConnected();
    await until(isHome, 3 * PATIENCE_MS, () => JSON.stringify(office.station.status()));
    // The keys that were in meanwhile bring the rest with their next sync.
    for (const key of [first, second]) await sync(office, key);
    await until(isHome, 3 * PATIENCE_MS, () => JSON.stringify(office.station.status()));
    for (const { devid } of office.keys) {
      const numbers = numbersOf(office, devid);
      expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    }
    for (const { devid } of [first, second]) {
      expect(numbersOf(office, devid).length).toBeGreaterThanOrEqual(3);
    }
    const health = must(office.issuer.stationHealth(office.issuer.founder));
    expect(health).toMatchObject([{ power: POWER_MAINS, link: LINK_LAN, isSilent: false }]);
  } finally {
    office.stop();
    await gateway.stop();
    await broker.remove();
  }
}, 300_000);
