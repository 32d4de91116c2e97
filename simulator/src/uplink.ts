// SPDX-License-Identifier: EUPL-1.2

import {
  LINK_GSM,
  LINK_LAN,
  LINK_NONE,
  LINK_WIFI,
  type LinkKind,
  type UplinkPort,
} from "@nyckelring/firmware";
import type { RandomStream } from "./prng.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** How fast and how far a link is. */
export type LinkQuality = {
  /** One way, in milliseconds; the drawn part comes on top. */
  readonly latencyMs: number;
  /** Largest drawn extra latency, in milliseconds. */
  readonly jitterMs: number;
  /** Bits in a second. */
  readonly bitsPerS: number;
};

/** What each kind of link is like; estimates of an office network and of a 2G/LTE-M modem. */
export const LINK_QUALITIES: { readonly [kind in Exclude<LinkKind, 0>]: LinkQuality } = {
  [LINK_LAN]: { latencyMs: 12, jitterMs: 8, bitsPerS: 10_000_000 },
  [LINK_WIFI]: { latencyMs: 18, jitterMs: 30, bitsPerS: 5_000_000 },
  [LINK_GSM]: { latencyMs: 450, jitterMs: 700, bitsPerS: 50_000 },
};

/** How unkind the broker is, in each 1000 messages. */
export type BrokerFaults = {
  /** Messages that arrive twice, as QoS 1 allows. */
  readonly duplicatePermille: number;
  /** Messages that are late. */
  readonly delayPermille: number;
  /** Longest such delay, in milliseconds. */
  readonly delayMsMax: number;
};

/** A broker without faults, for the second phase of a run. */
export const KIND_BROKER: BrokerFaults = { duplicatePermille: 0, delayPermille: 0, delayMsMax: 0 };

/** Counts of what the broker and the links did. */
export type UplinkCounts = {
  published: number;
  duplicated: number;
  delayed: number;
  lostInOutage: number;
  overGsm: number;
};

/** One station's way to the issuer and back: links, and a broker with QoS 1 behind them. */
export interface VirtualUplink {
  readonly port: UplinkPort;
  /** Puts one message of the issuer into the broker for this station. */
  sendDown(message: Uint8Array): void;
  /** Sets which links are up. The station learns it through its own port. */
  setLinks(links: readonly LinkKind[]): void;
  /** Sets how unkind the broker is from now on. */
  setFaults(faults: BrokerFaults): void;
  /** The link in use. */
  link(): LinkKind;
  /** Messages that wait in the broker for the station, or that are on their way. */
  pending(): number;
  readonly counts: UplinkCounts;
}

/** Who is told what the uplink does. */
export type UplinkListeners = {
  /** A message of the station has reached the issuer. */
  readonly onUp: (message: Uint8Array) => void;
  /** A message of the issuer has reached the station. */
  readonly onDown: (message: Uint8Array) => void;
  /** The set of links has changed. */
  readonly onLinks: () => void;
  /** Anything was handed to the broker; for the trace. */
  readonly onPublished: (direction: "up" | "down", message: Uint8Array, link: LinkKind) => void;
};

/**
 * Makes the uplink of one station.
 *
 * The broker keeps what is meant for a station without a link and delivers it when the link is
 * back. A message that is on its way up when its link dies is lost: the acknowledgement of a broker
 * says nothing about the issuer, so the station has to ask again by itself.
 *
 * @public
 */
export function createVirtualUplink(
  clock: VirtualClock,
  random: RandomStream,
  listeners: UplinkListeners,
): VirtualUplink {
  let links: readonly LinkKind[] = [LINK_LAN];
  let inUse: LinkKind = LINK_NONE;
  let epoch = 0;
  let faults = KIND_BROKER;
  let onTheWay = 0;
  let sentUntilUs = 0;
  let receivedUntilUs = 0;
  let kept: Uint8Array[] = [];
  const counts: UplinkCounts = {
    published: 0,
    duplicated: 0,
    delayed: 0,
    lostInOutage: 0,
    overGsm: 0,
  };

  function arrivalUs(link: Exclude<LinkKind, 0>, bytes: number, notBeforeUs: number): number {
    const quality = LINK_QUALITIES[link];
    const wireUs = Math.ceil((bytes * 8 * 1_000_000) / quality.bitsPerS);
    const latencyUs = (quality.latencyMs + random.drawBelow(quality.jitterMs + 1)) * 1000;
    // A connection keeps its order: what was sent later does not arrive earlier.
    return Math.max(clock.nowUs() + wireUs + latencyUs, notBeforeUs);
  }

  function copies(): number[] {
    const isTwice = random.drawChance(faults.duplicatePermille);
    if (isTwice) counts.duplicated += 1;
    return (isTwice ? [0, 1] : [0]).map((copy) => {
      const isLate = random.drawChance(faults.delayPermille);
      if (isLate) counts.delayed += 1;
      const lateUs = isLate ? random.drawBelow(faults.delayMsMax + 1) * 1000 : 0;
      return lateUs + copy * 200_000;
    });
  }

  function publish(message: Uint8Array): void {
    const link = inUse;
    if (link === LINK_NONE || !links.includes(link)) {
      counts.lostInOutage += 1;
      return;
    }
    counts.published += 1;
    if (link === LINK_GSM) counts.overGsm += 1;
    listeners.onPublished("up", message, link);
    const bornIn = epoch;
    sentUntilUs = arrivalUs(link, message.length, sentUntilUs);
    for (const lateUs of copies()) {
      onTheWay += 1;
      clock.scheduleAt(sentUntilUs + lateUs, () => {
        onTheWay -= 1;
        // Once late in the broker, a message is safe from what happens to the link.
        if (bornIn === epoch || lateUs > 0) listeners.onUp(message.slice());
        else counts.lostInOutage += 1;
      });
    }
  }

  function sendDown(message: Uint8Array): void {
    counts.published += 1;
    listeners.onPublished("down", message, inUse);
    for (const lateUs of copies()) {
      if (lateUs === 0) {
        deliver(message);
      } else {
        onTheWay += 1;
        clock.scheduleAfter(lateUs, () => {
          onTheWay -= 1;
          deliver(message);
        });
      }
    }
  }

  function deliver(message: Uint8Array): void {
    const link = inUse;
    if (link === LINK_NONE || !links.includes(link)) {
      kept.push(message);
      return;
    }
    if (link === LINK_GSM) counts.overGsm += 1;
    const bornIn = epoch;
    receivedUntilUs = arrivalUs(link, message.length, receivedUntilUs);
    onTheWay += 1;
    clock.scheduleAt(receivedUntilUs, () => {
      onTheWay -= 1;
      if (bornIn === epoch) listeners.onDown(message.slice());
      else kept.push(message);
    });
  }

  function release(): void {
    const waiting = kept;
    kept = [];
    for (const message of waiting) deliver(message);
  }

  function use(link: LinkKind): void {
    if (link === inUse) return;
    inUse = link;
    epoch += 1;
    sentUntilUs = clock.nowUs();
    receivedUntilUs = clock.nowUs();
    // A modem that has just dialled in gets what waited for it a moment later, not inside the
    // call that switched the link.
    clock.scheduleAfter(50_000, release);
  }

  return {
    port: { publish, links: () => links, use },
    sendDown,
    setLinks: (next) => {
      links = next;
      if (!links.includes(inUse)) epoch += 1;
      clock.scheduleAfter(50_000, release);
      listeners.onLinks();
    },
    setFaults: (next) => {
      faults = next;
    },
    link: () => (links.includes(inUse) ? inUse : LINK_NONE),
    pending: () => kept.length + onTheWay,
    counts,
  };
}
