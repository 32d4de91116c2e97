// SPDX-License-Identifier: EUPL-1.2
import { equalBytes, octetAt } from "@nyckelring/protocol";
import type { StreamPort, TimerPort } from "../../ports.ts";
import {
  asciiBytes,
  CONNACK,
  createPacketReader,
  decodePublish,
  encodeConnect,
  encodeDisconnect,
  encodePing,
  encodePuback,
  encodePublish,
  encodeSubscribe,
  markDuplicate,
  type PacketReader,
  PINGRESP,
  PUBACK,
  PUBLISH,
  SUBACK,
} from "./mqtt-packets.ts";

/** Unacknowledged messages that may be under way at the same time. */
const IN_FLIGHT_MAX = 8;
/** Messages that wait in memory; what comes on top is dropped, for the station to say again. */
const OUTBOX_MESSAGES_MAX = 48;
/** Octets of them; messages up to `SMALL_BYTES` are taken in any case. */
const OUTBOX_BYTES_MAX = 32768;
const SMALL_BYTES = 512;
const IDS_MAX = 65535;
const SUBSCRIPTION_REFUSED = 0x80;
const AWAY = asciiBytes("0");
const PRESENT = asciiBytes("1");

/** The connection was not opened, or was cut by the far side. */
export const END_STREAM = 1;
/** The far side was silent for too long. */
export const END_SILENT = 2;
/** The far side does not speak MQTT. */
export const END_PROTOCOL = 3;
/** The broker wants nothing of this client: CONNACK or SUBACK said no. */
export const END_REFUSED = 4;
/** Why a connection ended. */
export type MqttEnd = 1 | 2 | 3 | 4;

/** Limits of one kind of link. */
export interface MqttPace {
  /** Promise to the broker, in seconds, 10 to 3600; half of it in silence is answered by a ping. */
  readonly keepAliveS: number;
  /** A connection is opened within this time, in milliseconds, modem and all. */
  readonly openMs: number;
  /** An answer of the broker comes within this time, in milliseconds. */
  readonly answerMs: number;
}

/** Who the client is. */
export interface MqttIdentity {
  readonly clientId: string;
  readonly login: { readonly user: string; readonly password: string } | undefined;
  readonly topicUp: string;
  readonly topicDown: string;
  /** Retained there: `1` while the client is connected, `0` from the broker when it is not. */
  readonly topicPresence: string;
}

/** Who is told what the client learns. */
export interface MqttListener {
  /** The broker has taken the client; messages flow. */
  onUp(): void;
  /** One message on the topic down. It is confirmed to the broker when the call has returned. */
  onMessage(payload: Uint8Array): void;
  /** The connection is over or did not come about; not told after `disconnect`. */
  onEnd(reason: MqttEnd): void;
}

/** One MQTT 3.1.1 client with a lasting session; it outlives its connections. */
export interface MqttClient {
  /** Opens a connection, once the last one has ended. */
  connect(stream: StreamPort, pace: MqttPace): void;
  /** Ends the connection, if there is one. What was not confirmed waits for the next. */
  disconnect(): void;
  /**
   * Sends a message with QoS 1, now or when there is a connection. One that waits already is not
   * taken twice.
   *
   * @returns False where it was dropped: too much waits.
   */
  publish(payload: Uint8Array): boolean;
  /** True between `onUp` and the end. */
  isUp(): boolean;
  /** Messages that wait for a PUBACK or for a connection. */
  waiting(): number;
}

type Outgoing = {
  readonly id: number;
  readonly payload: Uint8Array;
  readonly packet: Uint8Array;
  isSent: boolean;
};

/**
 * Creates the client.
 *
 * A message leaves the outbox against PUBACK; after a new connection everything without one is sent
 * again in its order, marked DUP if it was sent before. PUBACK means that the broker has it, and
 * nothing for durability: the station keeps its own queue until the issuer answers.
 *
 * Security: no octet of the broker is trusted. Its packets are bounded, whatever breaks the standard
 * ends the connection, and what it delivers is judged by its MAC elsewhere. TLS below would not
 * change that: an Espruino board verifies no server certificate.
 */
export function createMqttClient(
  timer: TimerPort,
  identity: MqttIdentity,
  listener: MqttListener,
): MqttClient {
  let stream: StreamPort | undefined;
  let pace: MqttPace | undefined;
  let reader: PacketReader | undefined;
  let isUp = false;
  let outbox: Outgoing[] = [];
  let outboxBytes = 0;
  let lastId = 0;
  let subscribeId = 0;
  /** Opening, CONNACK, SUBACK or PINGRESP is due. */
  let answerId = 0;
  /** A PUBACK is due. */
  let ackId = 0;
  let beatId = 0;
  let hasSent = false;
  let hasHeard = false;

  function cancel(id: number): number {
    if (id !== 0) timer.cancel(id);
    return 0;
  }

  function forget(): void {
    answerId = cancel(answerId);
    ackId = cancel(ackId);
    beatId = cancel(beatId);
    stream = undefined;
    reader = undefined;
    isUp = false;
  }

  function end(reason: MqttEnd): void {
    if (stream === undefined) return;
    stream.close();
    forget();
    listener.onEnd(reason);
  }

  function send(bytes: Uint8Array): void {
    if (stream === undefined) return;
    hasSent = true;
    stream.send(bytes);
  }

  function expectAnswer(delayMs: number): void {
    cancel(answerId);
    answerId = timer.after(delayMs, () => {
      answerId = 0;
      end(END_SILENT);
    });
  }

  function expectAck(answerMs: number): void {
    ackId = cancel(ackId);
    let isDue = false;
    for (const one of outbox) if (one.isSent) isDue = true;
    if (!isDue) return;
    ackId = timer.after(answerMs, () => {
      ackId = 0;
      end(END_SILENT);
    });
  }

  function nextId(): number {
    for (;;) {
      lastId = lastId === IDS_MAX ? 1 : lastId + 1;
      let isFree = true;
      for (const one of outbox) if (one.id === lastId) isFree = false;
      if (isFree) return lastId;
    }
  }

  function pump(): void {
    if (!isUp || pace === undefined) return;
    let count = 0;
    for (const one of outbox) {
      if (count === IN_FLIGHT_MAX) break;
      count += 1;
      if (!one.isSent) {
        one.isSent = true;
        send(one.packet);
      }
    }
    if (ackId === 0) expectAck(pace.answerMs);
  }

  function beat(): void {
    beatId = 0;
    if (!isUp || pace === undefined) return;
    if (!hasSent || !hasHeard) {
      send(encodePing());
      if (answerId === 0) expectAnswer(pace.answerMs);
    }
    hasSent = false;
    hasHeard = false;
    beatId = timer.after(pace.keepAliveS * 500, beat);
  }

  function onConnack(body: Uint8Array): void {
    if (isUp || body.length !== 2 || octetAt(body, 0) > 1) {
      end(END_PROTOCOL);
      return;
    }
    if (octetAt(body, 1) !== 0) {
      end(END_REFUSED);
      return;
    }
    isUp = true;
    subscribeId = nextId();
    send(encodeSubscribe(subscribeId, identity.topicDown));
    send(encodePublish(identity.topicPresence, PRESENT, undefined));
    if (pace !== undefined) {
      expectAnswer(pace.answerMs);
      beatId = timer.after(pace.keepAliveS * 500, beat);
    }
    for (const one of outbox) {
      if (one.isSent) markDuplicate(one.packet);
      one.isSent = false;
    }
    pump();
    listener.onUp();
  }

  function onSuback(body: Uint8Array): void {
    if (body.length !== 3 || subscribeId === 0 || idOf(body) !== subscribeId) {
      end(END_PROTOCOL);
      return;
    }
    subscribeId = 0;
    answerId = cancel(answerId);
    if (octetAt(body, 2) === SUBSCRIPTION_REFUSED) end(END_REFUSED);
    else if (octetAt(body, 2) > 1) end(END_PROTOCOL);
  }

  function onPuback(body: Uint8Array): void {
    if (body.length !== 2) {
      end(END_PROTOCOL);
      return;
    }
    const id = idOf(body);
    const kept: Outgoing[] = [];
    for (const one of outbox) {
      if (one.id === id && one.isSent) outboxBytes -= one.packet.length;
      else kept.push(one);
    }
    // A confirmation of nothing is not a sign of life of what is under way.
    if (kept.length === outbox.length) return;
    outbox = kept;
    if (pace !== undefined) expectAck(pace.answerMs);
    pump();
  }

  function onPublish(flags: number, body: Uint8Array): void {
    const publish = decodePublish(flags, body);
    if (publish === undefined) {
      end(END_PROTOCOL);
      return;
    }
    const from = stream;
    if (publish.topic === identity.topicDown) listener.onMessage(publish.payload);
    if (publish.qos === 1 && stream === from) send(encodePuback(publish.id));
  }

  function onPacket(type: number, flags: number, body: Uint8Array): boolean {
    const from = stream;
    hasHeard = true;
    if (!isUp && type !== CONNACK) {
      end(END_PROTOCOL);
    } else {
      switch (type) {
        case CONNACK:
          onConnack(body);
          break;
        case PUBLISH:
          onPublish(flags, body);
          break;
        case PUBACK:
          onPuback(body);
          break;
        case SUBACK:
          onSuback(body);
          break;
        case PINGRESP:
          if (body.length !== 0) end(END_PROTOCOL);
          else if (subscribeId === 0) answerId = cancel(answerId);
          break;
        default:
          end(END_PROTOCOL);
      }
    }
    return stream !== undefined && stream === from;
  }

  return {
    connect(over, limits) {
      if (stream !== undefined) return;
      stream = over;
      pace = limits;
      subscribeId = 0;
      const fresh = createPacketReader(onPacket, () => end(END_PROTOCOL));
      reader = fresh;
      expectAnswer(limits.openMs);
      over.open({
        onOpen() {
          if (reader !== fresh) return;
          send(
            encodeConnect({
              clientId: identity.clientId,
              isClean: false,
              keepAliveS: limits.keepAliveS,
              login: identity.login,
              will: { topic: identity.topicPresence, payload: AWAY },
            }),
          );
          expectAnswer(limits.answerMs);
        },
        onBytes(bytes) {
          if (reader === fresh) fresh.push(bytes);
        },
        onEnd() {
          if (reader !== fresh) return;
          forget();
          listener.onEnd(END_STREAM);
        },
      });
    },
    disconnect() {
      if (stream === undefined) return;
      if (isUp) {
        send(encodePublish(identity.topicPresence, AWAY, undefined));
        send(encodeDisconnect());
      }
      stream.close();
      forget();
    },
    publish(payload) {
      for (const one of outbox) if (equalBytes(one.payload, payload)) return true;
      const isLarge = payload.length > SMALL_BYTES;
      if (outbox.length >= OUTBOX_MESSAGES_MAX) return false;
      if (isLarge && outboxBytes + payload.length > OUTBOX_BYTES_MAX) return false;
      const id = nextId();
      const packet = encodePublish(identity.topicUp, payload, id);
      outbox.push({ id, payload, packet, isSent: false });
      outboxBytes += packet.length;
      pump();
      return true;
    },
    isUp: () => isUp,
    waiting: () => outbox.length,
  };
}

function idOf(body: Uint8Array): number {
  return octetAt(body, 0) * 256 + octetAt(body, 1);
}
