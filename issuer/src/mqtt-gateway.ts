// SPDX-License-Identifier: EUPL-1.2
import { Buffer } from "node:buffer";
import { connect, type IClientOptions, type MqttClient } from "mqtt";
import type { Issuer } from "../domain/src/index.ts";

/** Delivered at least once; the domain makes it exactly once. */
const QOS_AT_LEAST_ONCE = 1;
const UP_TOPICS = "nk/1/+/up";
const UP_TOPIC = /^nk\/1\/([1-9]\d{0,8})\/up$/;
const PRESENCE_TOPICS = "nk/1/+/presence";
const PRESENCE_TOPIC = /^nk\/1\/([1-9]\d{0,8})\/presence$/;
/** Calls of `lookAfterStations` between two looks at what should lie at a station. */
const OUTGOING_ROUNDS = 5;

/** What the gateway needs of the authorization system. @public */
export type StationExchange = Pick<Issuer, "receiveUp" | "outgoing"> &
  Partial<Pick<Issuer, "watchStations">>;

/** A running connection between a broker and the authorization system. @public */
export interface MqttGateway {
  /** Publishes what should lie at a station without having been asked for. */
  publishOutgoing(stationId: number): void;
  /**
   * To be called each minute by whoever has a clock: lets the domain look for silent stations, and
   * every fifth time publishes what should lie at the stations that were heard since the start.
   */
  lookAfterStations(): void;
  /** Closes the connection after the broker has taken what is under way. */
  stop(): Promise<void>;
}

/** How to reach the broker. @public */
export interface MqttGatewaySettings {
  /** For example `mqtts://broker.example:8883`. */
  readonly url: string;
  /** Name of the gateway's lasting session at the broker. */
  readonly clientId: string;
  /** Certificates, credentials and time limits of the `mqtt` package. */
  readonly options?: Omit<IClientOptions, "clientId" | "clean" | "manualConnect">;
  /** Hears what went wrong; the connection mends itself. */
  readonly onFault?: (fault: unknown) => void;
  /**
   * Hears at once that a station's connection came or went. The broker says so, and nobody vouches
   * for it: good for a screen. What counts is the alarm `station-silent`, which goes by genuine
   * messages.
   */
  readonly onPresence?: (stationId: number, isPresent: boolean) => void;
}

/**
 * Connects the authorization system to a broker: topics `nk/1/<station>/up` and `/down`, QoS 1.
 *
 * The broker is a courier and no store. A station's message is confirmed to the broker (PUBACK)
 * only after the domain has committed it, so a gateway that dies or whose store fails before gets
 * it again; and no PUBACK of the broker counts as an acknowledgement to anybody: a station that
 * missed an answer asks again.
 *
 * Security: the topic names the station, and the domain verifies the MAC of that station before it
 * looks at anything. The broker's access list should hold a station to its topics all the same.
 *
 * @returns The gateway once it is subscribed. Rejects if the broker cannot be reached.
 * @public
 */
export async function startMqttGateway(
  exchange: StationExchange,
  settings: MqttGatewaySettings,
): Promise<MqttGateway> {
  const { url, clientId, options = {}, onFault = () => undefined } = settings;
  const onPresence = settings.onPresence ?? (() => undefined);
  const heard = new Set<number>();
  const client = connect(url, { ...options, clientId, clean: false, manualConnect: true });
  // Set before the connection begins: a lasting session delivers what waited for it at once, and
  // the default handler would confirm it unread.
  client.handleMessage = (packet, confirm) => {
    const topic = packet.topic.toString();
    const absent = Number(PRESENCE_TOPIC.exec(topic)?.[1] ?? 0);
    if (absent > 0) {
      onPresence(absent, packet.payload.toString() === "1");
      confirm();
      return;
    }
    try {
      const stationId = receive(client, exchange, topic, packet.payload, onFault);
      if (stationId > 0) heard.add(stationId);
    } catch (fault) {
      // Not committed, so not confirmed. The broker delivers again on the next connection.
      onFault(fault);
      confirm(fault instanceof Error ? fault : new Error("a message was not committed"));
      client.stream.destroy();
      return;
    }
    confirm();
  };
  client.connect();
  try {
    await new Promise<void>((resolve, reject) => {
      client.once("connect", () => resolve());
      client.once("error", reject);
    });
    client.on("error", onFault);
    await client.subscribeAsync([UP_TOPICS, PRESENCE_TOPICS], { qos: QOS_AT_LEAST_ONCE });
  } catch (fault) {
    await client.endAsync(true);
    throw fault;
  }
  const publishOutgoing = (stationId: number): void =>
    publish(client, stationId, exchange.outgoing(stationId), onFault);
  let rounds = 0;
  return {
    publishOutgoing,
    lookAfterStations() {
      rounds += 1;
      exchange.watchStations?.();
      // Without a connection they would only pile up here.
      if (rounds % OUTGOING_ROUNDS === 0 && client.connected) heard.forEach(publishOutgoing);
    },
    stop: () => client.endAsync(),
  };
}

/** Takes a message in; returns the station that its topic names, or 0. */
function receive(
  client: MqttClient,
  exchange: StationExchange,
  topic: string,
  payload: string | Buffer,
  onFault: (fault: unknown) => void,
): number {
  const stationId = Number(UP_TOPIC.exec(topic)?.[1] ?? 0);
  if (stationId === 0) return 0;
  const answers = exchange.receiveUp(stationId, Uint8Array.from(Buffer.from(payload)));
  publish(client, stationId, answers, onFault);
  return stationId;
}

/**
 * Hands messages to the connection in order: a station drops whatever is not newer than the last.
 * It does not wait for the broker, because the connection reads nothing, not even a PUBACK, while a
 * received message is being answered.
 */
function publish(
  client: MqttClient,
  stationId: number,
  messages: readonly Uint8Array[],
  onFault: (fault: unknown) => void,
): void {
  for (const message of messages) {
    client.publish(
      `nk/1/${stationId}/down`,
      Buffer.from(message),
      { qos: QOS_AT_LEAST_ONCE },
      (fault) => {
        if (fault) onFault(fault);
      },
    );
  }
}
