// SPDX-License-Identifier: EUPL-1.2
import {
  BATTERY_LOW,
  type BundleDown,
  DEVICE_BLANK,
  DOWN_BUNDLE,
  DOWN_CONFIG,
  DOWN_OBJECTS,
  DOWN_SERVICE,
  DOWN_UPLOAD_ACK,
  type DownMessage,
  decodeDown,
  decodeHello,
  type ErrorCode,
  encodeHelloAnswer,
  encodeUp,
  FLASH_FULL,
  GRANTED,
  KEY_REVOKED,
  LINK_HELLO,
  LINK_HELLO_ANSWER,
  NO_LINK,
  octetAt,
  PRESIGNED_EXPIRED,
  PROFILE_KEY_POWERED,
  type RingState,
  ROLE_KEY,
  ROLE_STATION,
  SEQUENCE_REPLAYED,
  SERVICE_UNREACHABLE,
  type ServiceDown,
  type StationAccount,
  type StationEvent,
  SYNC_BUNDLE,
  SYNC_OBJECT,
  UNKNOWN_DEVICE,
  UP_KEY_PRESENT,
  UP_STATION_LOG,
  UP_STATUS,
  UP_UPLOAD,
  type UpMessage,
} from "@nyckelring/protocol";
import { LINK_GSM, LINK_NONE, POWER_KEY } from "../ports.ts";
import { openDeviceRecords } from "../shared/device-records.ts";
import { createMessageLink, type MessageLink } from "../shared/link.ts";
import { createNonceCounter, type NonceCounter } from "../shared/nonce-counter.ts";
import type { RecordStore } from "../shared/record-store.ts";
import { takeServicePermit } from "../shared/service-permit.ts";
import { type CommandWindow, openCommandWindow } from "./command-window.ts";
import { createKeySession, type KeySession } from "./key-session.ts";
import { createLinkLadder } from "./link-ladder.ts";
import { createPowerLadder } from "./power-ladder.ts";
import { openRingShelf, type RingShelf } from "./ring-shelf.ts";
import { loadStationProvision } from "./station-commissioning.ts";
import { RECORD_CONFIG, RECORD_UP_SEQ, stationLayout } from "./station-layout.ts";
import type { StationPorts, StationRole } from "./station-role.ts";
import { openUploadQueue, type UploadQueue } from "./upload-queue.ts";

/** The station reports itself so often, in milliseconds, and publishes again what is overdue. */
const HEARTBEAT_MS = 60000;
/** How long a key waits for the issuer over an office network, in milliseconds. */
const ISSUER_WAIT_MS = 20000;
/** How long a key waits for the issuer over the mobile network. */
const ISSUER_WAIT_GSM_MS = 45000;
/** How long a key that handed over logs waits for their acknowledgement. */
const ACK_WAIT_MS = 10000;
/** After the last acknowledgement of uploads, a moment for objects that follow it. */
const LINGER_MS = 400;
const PRESIGNED_DEFAULT = 1;
const EVENTS_MAX = 32;
/** A clock this far from the issuer's is set, in seconds. */
const CLOCK_TOLERANCE_S = 30;
/** A permit in a command names no device: the account that the command is for does. */
const OWN_PERMITS = new Uint8Array(0);

type Commissioned = {
  readonly account: StationAccount;
  readonly records: RecordStore;
  readonly commands: CommandWindow;
  readonly counter: NonceCounter;
  readonly uploads: UploadQueue;
  readonly shelf: RingShelf;
};

/**
 * Boots a station from its flash.
 *
 * Security: the station is a courier. It verifies the MAC and number of what the issuer commands,
 * and nothing else: what it hands over proves itself to the key, and what it stores is sealed. Its
 * own messages carry a MAC, so that nobody at the broker speaks in its name.
 *
 * @param records - The open store of records in the same flash; two stores over one flash would
 *   write over each other.
 */
export function createStation(
  ports: StationPorts,
  records: RecordStore = openDeviceRecords(ports.flash),
): StationRole {
  let keyState: RingState | undefined;
  /** The issuer has been asked for a ring and has not answered. */
  let awaitsRing = false;
  /** Logs were handed over in this contact, and their acknowledgement may come. */
  let awaitsAcks = false;
  let lastUpload = 0;
  let waitId = 0;
  let heartbeatId = 0;
  let events: StationEvent[] = [];

  function onLinkChange(): void {
    if (own === undefined) return;
    if (ladder.link() === LINK_NONE) {
      // The answer is not coming over a link that is gone; another may take over within the wait.
      noteEvent(NO_LINK, ports.uplink.fault === undefined ? 0 : ports.uplink.fault());
      return;
    }
    sendStatus(own);
    if (awaitsRing && keyState !== undefined) askIssuer(own, keyState);
    own.uploads.restart();
  }

  function nowS(): number | undefined {
    return ports.clock.nowS();
  }

  function noteEvent(event: ErrorCode, detail: number): void {
    const now = nowS();
    if (events.length === EVENTS_MAX) events.shift();
    events.push({ tS: now === undefined ? 0 : now, event, detail });
  }

  // --- To the issuer ---

  function publish(station: Commissioned, message: UpMessage): void {
    if (ladder.link() === LINK_NONE) return;
    const seq = station.counter.next();
    ports.uplink.publish(encodeUp(ports.crypto, station.account, seq, message));
  }

  function sendStatus(station: Commissioned): void {
    const now = nowS();
    publish(station, {
      type: UP_STATUS,
      nowS: now === undefined ? 0 : now,
      power: power.source(),
      batteryPercent: ports.power.percent(),
      link: ladder.link(),
      queued: station.uploads.count(),
    });
  }

  function sendEvents(station: Commissioned): void {
    if (events.length === 0 || ladder.link() === LINK_NONE) return;
    publish(station, { type: UP_STATION_LOG, events });
    events = [];
  }

  function beat(): void {
    heartbeatId = 0;
    // A pin tells of the mains alone: that a key has taken over from the battery is looked for. What the
    // battery has lost since may have cost the modem its place.
    power.update();
    ladder.update();
    // On a key's battery every message is paid for by the carer's next openings.
    if (own !== undefined && power.source() !== POWER_KEY) {
      sendStatus(own);
      sendEvents(own);
      own.uploads.restart();
    }
    scheduleBeat();
  }

  function scheduleBeat(): void {
    if (heartbeatId === 0) heartbeatId = ports.timer.after(HEARTBEAT_MS, beat);
  }

  function askIssuer(station: Commissioned, state: RingState): void {
    publish(station, {
      type: UP_KEY_PRESENT,
      devid: state.devid,
      ringseq: state.ringseq,
      root16: state.root16,
      listseq: state.listseq,
      nonce: state.nonce,
      batteryPercent: state.batteryPercent,
      timeAsks: state.timeAsks,
    });
  }

  // --- With the key ---

  function stopWait(): void {
    if (waitId !== 0) ports.timer.cancel(waitId);
    waitId = 0;
  }

  function waitFor(delayMs: number, onEnd: () => void): void {
    stopWait();
    waitId = ports.timer.after(delayMs, () => {
      waitId = 0;
      onEnd();
      session.poke();
    });
  }

  function onKey(state: RingState): void {
    stopWait();
    keyState = state;
    awaitsRing = false;
    awaitsAcks = false;
    if (own === undefined) {
      session.refuse(DEVICE_BLANK);
    } else if (!power.allowsSync(ladder.link(), state.batteryPercent)) {
      session.refuse(BATTERY_LOW);
    } else if (ladder.link() === LINK_NONE && !ladder.isChanging()) {
      releaseFromShelf(own, NO_LINK);
    } else {
      // Where the modem is about to be taken, the question is asked when it is.
      const station = own;
      const isSlow = ladder.link() === LINK_GSM || ladder.isChanging();
      awaitsRing = true;
      askIssuer(station, state);
      waitFor(isSlow ? ISSUER_WAIT_GSM_MS : ISSUER_WAIT_MS, () => {
        awaitsRing = false;
        releaseFromShelf(station, SERVICE_UNREACHABLE);
      });
    }
  }

  /**
   * Hands over what the issuer signed in advance. It consumes nothing and asks nobody, so a key that
   * comes twice gets the same ring twice.
   *
   * @param otherwise - Why there is no ring where the shelf never had one for this key.
   */
  function releaseFromShelf(station: Commissioned, otherwise: ErrorCode): void {
    const state = keyState;
    if (state === undefined) return;
    const offer = station.shelf.offer(state.devid, nowS());
    if (offer === undefined) {
      session.refuse(station.shelf.hasAny(state.devid) ? PRESIGNED_EXPIRED : otherwise);
      return;
    }
    for (const tag of offer.tags) {
      const part = station.shelf.read(tag);
      if (part !== undefined) offerPart(part);
    }
  }

  function offerPart(part: {
    readonly part: number;
    readonly parts: number;
    readonly bundle: Uint8Array;
    readonly objects: readonly Uint8Array[];
  }): void {
    for (const object of part.objects) session.offer({ type: SYNC_OBJECT, bytes: object });
    const isQueued = session.offer({
      type: SYNC_BUNDLE,
      part: part.part,
      parts: part.parts,
      bytes: part.bundle,
    });
    if (!isQueued) session.refuse(FLASH_FULL);
  }

  function keepBatch(sealed: Uint8Array): ErrorCode {
    if (own === undefined) return DEVICE_BLANK;
    const code = own.uploads.put(sealed);
    if (code !== 0) {
      noteEvent(code, own.uploads.count());
      return code;
    }
    lastUpload = own.uploads.lastSeq();
    if (ladder.link() !== LINK_NONE) {
      own.uploads.pump();
      awaitsAcks = true;
      waitFor(ACK_WAIT_MS, () => {
        awaitsAcks = false;
      });
    }
    return 0;
  }

  function endContact(): void {
    stopWait();
    keyState = undefined;
    awaitsRing = false;
    awaitsAcks = false;
    session.close();
    link.reset();
  }

  function onLinkMessage(kind: number, message: Uint8Array): void {
    if (kind !== LINK_HELLO) {
      session.onMessage(kind, message);
      return;
    }
    const role = decodeHello(message);
    if (!role.ok || role.value !== ROLE_KEY) return;
    const answer = { role: ROLE_STATION, profile: PROFILE_KEY_POWERED, devid: null };
    link.send(LINK_HELLO_ANSWER, encodeHelloAnswer(answer));
  }

  // --- From the issuer ---

  function onDownMessage(station: Commissioned, message: DownMessage, isNewest: boolean): void {
    switch (message.type) {
      case DOWN_BUNDLE:
        onBundle(station, message);
        return;
      case DOWN_OBJECTS:
        if (!session.isWith(message.devid)) return;
        for (const bytes of message.objects) session.offer({ type: SYNC_OBJECT, bytes });
        return;
      case DOWN_UPLOAD_ACK:
        station.uploads.acknowledge(message.seqs);
        station.uploads.pump();
        if (awaitsAcks && !station.uploads.waitsUpTo(lastUpload)) {
          waitFor(LINGER_MS, () => {
            awaitsAcks = false;
          });
        }
        return;
      case DOWN_CONFIG:
        // Settings that newer commands have overtaken are out of date.
        if (isNewest) applyConfig(station, message.nowS, message.presignedPerKey);
        return;
      case DOWN_SERVICE:
        openForService(station, message);
        return;
      default:
        if (message.code === KEY_REVOKED || message.code === UNKNOWN_DEVICE) {
          station.shelf.dropUpTo(message.devid, 0xffffffff);
        }
        if (!session.isWith(message.devid)) return;
        stopWait();
        awaitsRing = false;
        session.refuse(message.code);
    }
  }

  /** The issuer hears of it before the station restarts. */
  function openForService(station: Commissioned, { serial, untilS }: ServiceDown): void {
    const now = nowS();
    // A station that does not know the time cannot tell whether the leave has ended: its time comes first.
    if (now === undefined) return;
    const permit = { devid: OWN_PERMITS, serial, untilS };
    const taken = takeServicePermit(station.records, OWN_PERMITS, permit, now);
    if (!taken.isNew) {
      if (taken.code !== GRANTED) noteEvent(taken.code, serial);
      return;
    }
    noteEvent(GRANTED, serial);
    sendEvents(station);
    if (ports.service !== undefined) ports.service.openConsole();
  }

  function onBundle(station: Commissioned, bundle: BundleDown): void {
    if (bundle.hold === 1) {
      shelve(station, bundle);
      return;
    }
    if (!session.isWith(bundle.devid)) return;
    offerPart(bundle);
    if (bundle.hold === 0 && bundle.part + 1 === bundle.parts) {
      stopWait();
      awaitsRing = false;
    }
  }

  function shelve(station: Commissioned, bundle: BundleDown): void {
    const ringsPerKey = presignedPerKey(station.records);
    if (station.shelf.put(bundle, ringsPerKey) || ringsPerKey === 0) return;
    const now = nowS();
    if (now !== undefined) station.shelf.dropEnded(now);
    if (!station.shelf.put(bundle, ringsPerKey)) noteEvent(FLASH_FULL, bundle.part);
  }

  function applyConfig(station: Commissioned, issuerS: number, ringsPerKey: number): void {
    const now = nowS();
    const isOff =
      now === undefined || now + CLOCK_TOLERANCE_S < issuerS || now > issuerS + CLOCK_TOLERANCE_S;
    if (isOff) ports.clock.set(issuerS);
    if (presignedPerKey(station.records) === ringsPerKey) return;
    station.records.write(RECORD_CONFIG, new Uint8Array([ringsPerKey]));
  }

  const power = createPowerLadder(ports.power);
  const ladder = createLinkLadder(ports.uplink, ports.timer, power.allowsLink, onLinkChange);
  const link: MessageLink = createMessageLink(ports.contact, ports.timer, onLinkMessage, () => {
    // A garbled frame is a lost one: the key asks again in its next contact.
  });
  const session: KeySession = createKeySession(link, ports.timer, {
    onKey,
    keepBatch,
    isPending: () => awaitsRing || awaitsAcks,
    onVerdict(code) {
      noteEvent(code, 0);
    },
    onDone() {
      power.noteSync();
    },
  });
  const own = openStation(ports, records, (account, seq, sealed) => {
    if (ladder.link() === LINK_NONE) return;
    ports.uplink.publish(encodeUp(ports.crypto, account, seq, { type: UP_UPLOAD, sealed }));
  });
  ladder.update();
  scheduleBeat();

  return {
    onContact(isPlugged) {
      endContact();
      if (isPlugged) power.noteKey();
    },
    onBytes(bytes) {
      link.push(bytes);
    },
    onDown(bytes) {
      if (own === undefined) return;
      const decoded = decodeDown(ports.crypto, own.account, bytes);
      if (!decoded.ok) {
        noteEvent(decoded.fault.code, 0);
        return;
      }
      const seq = decoded.value.seq;
      if (!own.commands.isFresh(seq)) {
        noteEvent(SEQUENCE_REPLAYED, seq);
        return;
      }
      // First the effect, then the number: a power cut in between makes the issuer's repetition
      // welcome, and every effect can bear to happen twice.
      onDownMessage(own, decoded.value.message, own.commands.isNewest(seq));
      own.commands.take(seq);
      session.poke();
    },
    onLink() {
      ladder.update();
    },
    onPower() {
      if (!power.update()) return;
      ladder.update();
      if (own !== undefined) sendStatus(own);
    },
    status() {
      return {
        power: power.source(),
        batteryPercent: ports.power.percent(),
        link: ladder.link(),
        queued: own === undefined ? 0 : own.uploads.count(),
        presigned: own === undefined ? 0 : own.shelf.keyCount(),
      };
    },
  };
}

function presignedPerKey(records: RecordStore): number {
  const value = records.read(RECORD_CONFIG);
  return value === undefined ? PRESIGNED_DEFAULT : octetAt(value, 0);
}

/** Opens the stores of a commissioned station; undefined on a blank one. */
function openStation(
  ports: StationPorts,
  records: RecordStore,
  publish: (account: StationAccount, seq: number, sealed: Uint8Array) => void,
): Commissioned | undefined {
  const layout = stationLayout(ports.flash.pageCount);
  const account = loadStationProvision(records);
  if (layout === undefined || account === undefined) return undefined;
  const counter = createNonceCounter(records, RECORD_UP_SEQ);
  return {
    account,
    records,
    commands: openCommandWindow(records),
    counter,
    uploads: openUploadQueue(ports.flash, layout.uploads, ports.crypto, counter, (seq, sealed) => {
      publish(account, seq, sealed);
    }),
    shelf: openRingShelf(ports.flash, layout.shelf),
  };
}
