// SPDX-License-Identifier: EUPL-1.2
import {
  LINK_GSM,
  LINK_NONE,
  type LinkKind,
  type StreamPort,
  type TimerPort,
  type UplinkPort,
} from "../../ports.ts";
import {
  createMqttClient,
  END_REFUSED,
  type MqttEnd,
  type MqttIdentity,
  type MqttPace,
} from "./mqtt-client.ts";

/** Limits by kind of link; the modem has to dial first, and every ping over it is paid for. */
const OFFICE_PACE: MqttPace = { keepAliveS: 40, openMs: 15000, answerMs: 10000 };
const GSM_PACE: MqttPace = { keepAliveS: 600, openMs: 300000, answerMs: 60000 };
/** A link that failed is looked at again after this, doubled with each failure, in milliseconds. */
const RETRY_FIRST_MS = 1000;
const RETRY_OFFICE_MAX_MS = 120000;
/** Where connections are taken and no broker answers: each attempt costs a call of the modem. */
const RETRY_HOLLOW_MAX_MS = 900000;
const RETRY_GSM_MAX_MS = 1800000;
/** A broker that refuses the client is not asked before, in milliseconds. */
const RETRY_REFUSED_MS = 60000;
const DOUBLINGS_MAX = 16;
/** A connection that has lasted so long ends the row of failures. */
const STABLE_MS = 60000;
const PROBE_MS = 10000;
/** Added to what the hardware of a link says of itself. */
const OWN_FAULT = 16;

/** One way to the broker. */
export interface LinkStream {
  readonly kind: Exclude<LinkKind, 0>;
  readonly stream: StreamPort;
}

/** Who is told; never from inside a call of the port. */
export interface UplinkListener {
  /** One message of the issuer has come down. */
  onDown(message: Uint8Array): void;
  /** The set of links that are up has changed. */
  onLinks(): void;
}

/** The uplink with what the hardware tells it. */
export interface MqttUplink extends UplinkPort {
  /** A cable, a radio or a modem is there (again), or is not. All are at the beginning. */
  setCarrier(kind: LinkKind, isThere: boolean): void;
  /** True while the broker has taken the station. */
  isConnected(): boolean;
  /** Messages that wait in memory for the broker. */
  waiting(): number;
}

type Way = {
  readonly kind: LinkKind;
  readonly stream: StreamPort;
  hasCarrier: boolean;
  /** What `links` says of it: usable, as far as anybody knows. */
  isUp: boolean;
  failures: number;
  retryId: number;
};

/** Topics of a station and its name at the broker; docs/wire-format.md. */
export function mqttIdentityOf(
  stationId: number,
  login: { readonly user: string; readonly password: string } | undefined,
): MqttIdentity {
  const root = `nk/1/${stationId}`;
  return {
    clientId: `nk-station-${stationId}`,
    login,
    topicUp: `${root}/up`,
    topicDown: `${root}/down`,
    topicPresence: `${root}/presence`,
  };
}

/**
 * Creates the way to the issuer: one MQTT session that moves between links.
 *
 * A link counts as up until a connection over it fails or ends; then the ladder of the station may
 * take the next one, while this one is looked at again with growing pauses: an office network by a
 * connection to the broker that is closed at once, the modem, which costs, by using it. So a network
 * that is plugged in and leads nowhere is down, and a broker that restarts makes the station ask and
 * send again what the broker may have forgotten.
 *
 * The pauses differ between stations by their number, so that a broker that comes back is not met by
 * all of them in one second; no chance is needed for that.
 */
export function createMqttUplink(
  timer: TimerPort,
  stationId: number,
  identity: MqttIdentity,
  streams: readonly LinkStream[],
  listener: UplinkListener,
): MqttUplink {
  let inUse: LinkKind = LINK_NONE;
  let stableId = 0;
  let isTelling = false;
  let lastFault = 0;
  const ways: Way[] = [];
  for (const one of streams) {
    ways.push({
      kind: one.kind,
      stream: one.stream,
      hasCarrier: true,
      isUp: true,
      failures: 0,
      retryId: 0,
    });
  }

  const client = createMqttClient(timer, identity, {
    onUp() {
      stopStable();
      stableId = timer.after(STABLE_MS, () => {
        stableId = 0;
        const way = wayOf(inUse);
        if (way !== undefined) way.failures = 0;
      });
    },
    onMessage: (payload) => listener.onDown(payload),
    onEnd(reason) {
      stopStable();
      const way = wayOf(inUse);
      if (way === undefined) return;
      // Until the station chooses again nothing is in use: a retry must find the stream free.
      inUse = LINK_NONE;
      fail(way, reason);
    },
  });

  function stopStable(): void {
    if (stableId !== 0) timer.cancel(stableId);
    stableId = 0;
  }

  function wayOf(kind: LinkKind): Way | undefined {
    for (const way of ways) if (way.kind === kind) return way;
    return undefined;
  }

  /** Tells the station in a moment: it may be the one who is calling. */
  function tell(): void {
    if (isTelling) return;
    isTelling = true;
    timer.after(0, () => {
      isTelling = false;
      listener.onLinks();
    });
  }

  function fail(way: Way, reason: MqttEnd): void {
    way.isUp = false;
    const own = way.stream.fault === undefined ? 0 : way.stream.fault();
    lastFault = way.kind * 256 + (own > 0 ? OWN_FAULT + own : reason);
    const firstMs = reason === END_REFUSED ? RETRY_REFUSED_MS : RETRY_FIRST_MS;
    retryLater(way, firstMs, way.kind === LINK_GSM ? RETRY_GSM_MAX_MS : RETRY_HOLLOW_MAX_MS);
    tell();
  }

  function retryLater(way: Way, firstMs: number, longestMs: number): void {
    stopRetry(way);
    if (!way.hasCarrier) return;
    let pauseMs = firstMs;
    for (let times = 0; times < way.failures && pauseMs < longestMs; times += 1) pauseMs *= 2;
    if (pauseMs > longestMs) pauseMs = longestMs;
    // Between three and five quarters of it.
    const part = (stationId * 131 + way.failures * 17 + way.kind * 31) % 101;
    pauseMs = Math.floor((pauseMs * (150 + part)) / 200);
    if (way.failures < DOUBLINGS_MAX) way.failures += 1;
    way.retryId = timer.after(pauseMs, () => {
      way.retryId = 0;
      if (way.kind === LINK_GSM) comeBack(way);
      else probe(way);
    });
  }

  function stopRetry(way: Way): void {
    if (way.retryId !== 0) timer.cancel(way.retryId);
    way.retryId = 0;
  }

  function comeBack(way: Way): void {
    way.isUp = true;
    tell();
  }

  /** Asks whether the broker's host answers over a link that is not in use. */
  function probe(way: Way): void {
    let isOver = false;
    const finish = (isReached: boolean): void => {
      if (isOver) return;
      isOver = true;
      stopRetry(way);
      if (isReached) comeBack(way);
      else retryLater(way, RETRY_FIRST_MS, RETRY_OFFICE_MAX_MS);
    };
    way.retryId = timer.after(PROBE_MS, () => {
      way.retryId = 0;
      way.stream.close();
      finish(false);
    });
    way.stream.open({
      onOpen() {
        if (isOver) return;
        way.stream.close();
        finish(true);
      },
      onBytes: () => undefined,
      onEnd: () => finish(false),
    });
  }

  return {
    publish(message) {
      if (inUse !== LINK_NONE) client.publish(message);
    },
    links() {
      const up: LinkKind[] = [];
      for (const way of ways) if (way.isUp && way.hasCarrier) up.push(way.kind);
      return up;
    },
    use(link) {
      if (link === inUse) return;
      client.disconnect();
      stopStable();
      inUse = link;
      const way = wayOf(link);
      if (way === undefined) return;
      stopRetry(way);
      client.connect(way.stream, link === LINK_GSM ? GSM_PACE : OFFICE_PACE);
    },
    fault: () => lastFault,
    setCarrier(kind, isThere) {
      const way = wayOf(kind);
      if (way === undefined || way.hasCarrier === isThere) return;
      way.hasCarrier = isThere;
      way.isUp = isThere;
      way.failures = 0;
      stopRetry(way);
      tell();
    },
    isConnected: () => client.isUp(),
    waiting: () => client.waiting(),
  };
}
