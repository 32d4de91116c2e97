// SPDX-License-Identifier: EUPL-1.2
import { Buffer } from "node:buffer";
import { decodeDown, encodeUp, type StationAccount } from "@nyckelring/protocol";
import { connectAsync, type MqttClient } from "mqtt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Broker, freePort, startBroker } from "../../protocol/test/mosquitto.ts";
import { createTown, crypto, HOUR_S, MORNING_S, must } from "../domain/test/town.ts";
import { type MqttGateway, type StationExchange, startMqttGateway } from "./mqtt-gateway.ts";

// The broker is the real one. Waiting is waiting for an event of it, never for a length of time.

let broker: Broker;

/** A station's side of the broker, with what it has received in order. */
async function connectStation(stationId: number) {
  const client = await connectAsync(broker.url, { clientId: `station-${stationId}` });
  const received: Uint8Array[] = [];
  let wake: () => void = () => undefined;
  client.on("message", (_topic, payload) => {
    received.push(Uint8Array.from(payload));
    wake();
  });
  await client.subscribeAsync(`nk/1/${stationId}/down`, { qos: 1 });
  return {
    client,
    received,
    publish: (bytes: Uint8Array) => publishUp(client, stationId, bytes),
    async until(isDone: () => boolean): Promise<void> {
      while (!isDone()) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

async function publishUp(client: MqttClient, stationId: number, bytes: Uint8Array): Promise<void> {
  await client.publishAsync(`nk/1/${stationId}/up`, Buffer.from(bytes), { qos: 1 });
}

function townWithStation() {
  const town = createTown();
  town.house(["A1"], town.north.provider);
  const anna = town.carer(town.north, "anna");
  const station = town.station(town.north.provider);
  const shift = { carer: anna.carer, startS: MORNING_S, endS: MORNING_S + 8 * HOUR_S };
  must(town.issuer.planShift(town.north.planner, shift));
  return { town, key: anna.key, station };
}

function keyPresent(station: StationAccount, devid: Uint8Array): Uint8Array {
  return encodeUp(crypto, station, 1, {
    type: 2,
    devid,
    ringseq: 0,
    root16: new Uint8Array(16),
    listseq: 0,
    nonce: new Uint8Array(8),
    batteryPercent: 80,
    timeAsks: [],
  });
}

describe("gateway at a real Mosquitto broker", () => {
  beforeAll(async () => {
    broker = await startBroker();
  });
  afterAll(async () => {
    await broker.remove();
  });

  async function withGateway(
    exchange: StationExchange,
    clientId: string,
    use: (gateway: MqttGateway) => Promise<void>,
    onFault?: (fault: unknown) => void,
  ): Promise<void> {
    const options = { reconnectPeriod: 20 };
    const settings = { url: broker.url, clientId, options };
    const gateway = await startMqttGateway(
      exchange,
      onFault === undefined ? settings : { ...settings, onFault },
    );
    try {
      await use(gateway);
    } finally {
      await gateway.stop();
    }
  }

  test("T1, T3: a key's ring comes down and its log goes up, acknowledged after the commit", async () => {
    const { town, key, station } = townWithStation();
    key.append();
    await withGateway(town.issuer, "gateway-1", async () => {
      const side = await connectStation(station.stationId);
      await side.publish(keyPresent(station, key.devid));
      const read = () => side.received.map((bytes) => must(decodeDown(crypto, station, bytes)));
      await side.until(() => read().some(({ message }) => message.type === 1));
      await side.publish(
        encodeUp(crypto, station, 2, { type: 3, sealed: key.sealed(town.issuer) }),
      );
      await side.until(() => read().some(({ message }) => message.type === 3));
      expect(town.store.entry(key.name, 1, 1)).toBeDefined();
      const seqs = read().map(({ seq }) => seq);
      expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
      await side.client.endAsync();
    });
  });

  test("T8: heads signed in advance are published without being asked for", async () => {
    const { town, station } = townWithStation();
    await withGateway(town.issuer, "gateway-2", async (gateway) => {
      const side = await connectStation(station.stationId);
      gateway.publishOutgoing(station.stationId);
      await side.until(() => side.received.length > 0);
      const { message } = must(decodeDown(crypto, station, side.received[0] ?? new Uint8Array()));
      expect(message).toMatchObject({ type: 1, hold: 1 });
      await side.client.endAsync();
    });
  });

  test("a message that the store did not commit is not confirmed and comes again", async () => {
    const { town, key, station } = townWithStation();
    key.append();
    const faults: unknown[] = [];
    let failures = 2;
    const flaky: StationExchange = {
      outgoing: town.issuer.outgoing,
      receiveUp(stationId, bytes) {
        failures -= 1;
        if (failures >= 0) throw new Error("the store is away");
        return town.issuer.receiveUp(stationId, bytes);
      },
    };
    const use = async () => {
      const side = await connectStation(station.stationId);
      await side.publish(
        encodeUp(crypto, station, 1, { type: 3, sealed: key.sealed(town.issuer) }),
      );
      await side.until(() => side.received.length > 0);
      expect(town.store.entry(key.name, 1, 1)).toBeDefined();
      await side.client.endAsync();
    };
    await withGateway(flaky, "gateway-3", use, (fault) => faults.push(fault));
    expect(faults.length).toBeGreaterThanOrEqual(2);
  });

  test("what stations sent while the gateway was away waits for it", async () => {
    const { town, key, station } = townWithStation();
    key.append();
    await withGateway(town.issuer, "gateway-4", async () => undefined);
    const side = await connectStation(station.stationId);
    await side.publish(encodeUp(crypto, station, 1, { type: 3, sealed: key.sealed(town.issuer) }));
    expect(town.store.entry(key.name, 1, 1)).toBeUndefined();
    await withGateway(town.issuer, "gateway-4", async () => {
      await side.until(() => side.received.length > 0);
      expect(town.store.entry(key.name, 1, 1)).toBeDefined();
    });
    await side.client.endAsync();
  });

  test("F24: silent stations are looked for each minute, and what should lie at a station is sent anew", async () => {
    const rounds: string[] = [];
    let goOn: () => void = () => undefined;
    const exchange: StationExchange = {
      receiveUp() {
        goOn();
        return [];
      },
      outgoing(stationId) {
        rounds.push(`outgoing ${stationId}`);
        return [];
      },
      watchStations: () => void rounds.push("watch"),
    };
    await withGateway(exchange, "gateway-7", async (gateway) => {
      const side = await connectStation(12);
      const isHeard = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      await side.publish(Uint8Array.of(1));
      await isHeard;
      for (let minute = 0; minute < 10; minute += 1) gateway.lookAfterStations();
      await side.client.endAsync();
    });
    const four = ["watch", "watch", "watch", "watch"];
    const five = [...four, "watch", "outgoing 12"];
    expect(rounds).toEqual([...five, ...five]);
  });

  test("T5: what the broker says of a station's presence is passed on as hearsay", async () => {
    const told: string[] = [];
    let goOn: () => void = () => undefined;
    const settings = {
      url: broker.url,
      clientId: "gateway-8",
      onPresence: (stationId: number, isPresent: boolean) => {
        told.push(`${stationId} ${isPresent}`);
        goOn();
      },
    };
    const exchange: StationExchange = { outgoing: () => [], receiveUp: () => [] };
    const gateway = await startMqttGateway(exchange, settings);
    const will = {
      topic: "nk/1/13/presence",
      payload: Buffer.from("0"),
      qos: 1,
      retain: true,
    } as const;
    const station = await connectAsync(broker.url, { clientId: "station-13", will });
    const next = () =>
      new Promise<void>((resolve) => {
        goOn = resolve;
      });
    const first = next();
    await station.publishAsync("nk/1/13/presence", "1", { retain: true });
    await first;
    const second = next();
    station.stream.destroy();
    await second;
    await station.endAsync(true);
    await gateway.stop();
    expect(told.slice(0, 2)).toEqual(["13 true", "13 false"]);
  });

  test("topics that name no station are left alone", async () => {
    const heard: number[] = [];
    const exchange: StationExchange = {
      outgoing: () => [],
      receiveUp(stationId) {
        heard.push(stationId);
        return [Uint8Array.of(1)];
      },
    };
    await withGateway(exchange, "gateway-5", async () => {
      const side = await connectStation(12);
      for (const name of ["0", "x", "-1", "1e3", "0012"]) {
        await side.client.publishAsync(`nk/1/${name}/up`, Buffer.of(1), { qos: 1 });
      }
      await side.publish(Uint8Array.of(1));
      await side.until(() => side.received.length > 0);
      expect(heard).toEqual([12]);
      await side.client.endAsync();
    });
  });

  test("a broker that is not there is told at once", async () => {
    const settings = { url: `mqtt://127.0.0.1:${await freePort()}`, clientId: "gateway-6" };
    const exchange: StationExchange = { outgoing: () => [], receiveUp: () => [] };
    await expect(startMqttGateway(exchange, settings)).rejects.toThrow(/ECONNREFUSED/);
  });
});
