// SPDX-License-Identifier: EUPL-1.2
import {
  BATTERY_LOW,
  CONTACT_OVERLOADED,
  createKeyDoor,
  DEVICE_BLANK,
  decodeHelloAnswer,
  ENTRY_DENIED_AT_KEY,
  type ErrorCode,
  encodeHello,
  FLAG_STOP_AT_FULL_LOG,
  KEY_ARENA_BYTES,
  LINK_HELLO,
  LINK_HELLO_ANSWER,
  LOG_FULL,
  RING_EXPIRED,
  ROLE_KEY,
  ROLE_LOCK,
  ROLE_STATION,
} from "@nyckelring/protocol";
import { createArenaOperations } from "#arena-operations";
import { createBlobQueue } from "../shared/blob-queue.ts";
import { openDeviceRecords, RECORD_LOG_STATE } from "../shared/device-records.ts";
import { loadIdentity } from "../shared/identity.ts";
import { createMessageLink, type MessageLink } from "../shared/link.ts";
import { createLogStore } from "../shared/log-store.ts";
import { KEY_BATTERY, warningPercent } from "./battery.ts";
import { createCourierStore } from "./courier-store.ts";
import { openKeyClock } from "./key-clock.ts";
import { loadKeyCommission } from "./key-commissioning.ts";
import { type KeyContext, lacksFloors, type Visit } from "./key-context.ts";
import { keyLayout, RING_EMERGENCY, RING_SHIFT } from "./key-layout.ts";
import { openKeyLog } from "./key-log.ts";
import { openKeyRings } from "./key-rings.ts";
import {
  KEY_AT_LOCK,
  KEY_AT_STATION,
  KEY_FINISHED,
  KEY_GREETING,
  KEY_IDLE,
  type KeyPorts,
  type KeyRole,
  type KeyState,
} from "./key-role.ts";
import { openKeyTrust } from "./key-trust.ts";
import { createLockVisit } from "./lock-visit.ts";
import { createPassageMemory } from "./passage-memory.ts";
import {
  SIGNAL_BATTERY_LOW,
  SIGNAL_EXPIRED,
  SIGNAL_LOGS_NOT_HOME,
  SIGNAL_NEEDS_SYNC,
  SIGNAL_NO_CONTACT,
  SIGNAL_READY,
  SIGNAL_WORKING,
} from "./signals.ts";
import { createStationVisit } from "./station-visit.ts";
import { openTimeAsks } from "./time-asks.ts";

/** One hello every so many milliseconds, a lock may still be booting. */
const HELLO_EVERY_MS = 50;
/** Hellos before the key gives up: 3 s. */
const HELLOS_MAX = 60;
/** Charge at which the carer is warned, in percent. */
const BATTERY_WARNING_PERCENT = warningPercent(KEY_BATTERY);
/** Entries that a full log keeps free, for a sync and for what goes wrong at it. */
const LOG_RESERVE = 8;
const NO_DEVID_BYTES = 8;

/**
 * Boots a key from its flash.
 *
 * A blank key, or one whose commissioning was cut off, answers to the plug with `needs sync` and
 * does nothing else.
 */
export function createKey(ports: KeyPorts): KeyRole {
  let state: KeyState = KEY_IDLE;
  let signal = 0;
  let hellos = 0;
  let greetingId = 0;
  let sensesVoltage = false;
  let visit: Visit | undefined;
  /** Presses while the other side still boots: an odd number chooses the other direction. */
  let isReversed = false;

  function show(shown: number): void {
    signal = shown;
    ports.signal.show(shown);
  }

  /** What the key shows when nobody works with it; what the next door can be spared is done now. */
  function rest(): void {
    show(restingSignal());
    if (key === undefined) return;
    const shift = key.rings.ringAt(RING_SHIFT);
    if (shift !== undefined) key.passages.recall(shift.claims.nbfS);
    key.door.prepare();
  }

  function restingSignal(): number {
    if (key === undefined) return SIGNAL_NEEDS_SYNC;
    const reason = reasonToStayShut(key);
    if (reason === RING_EXPIRED) return SIGNAL_EXPIRED;
    if (reason !== 0 || lacksFloors(key)) return SIGNAL_NEEDS_SYNC;
    if (isStoppedByLog(key)) return SIGNAL_LOGS_NOT_HOME;
    if (ports.supply.percent() <= BATTERY_WARNING_PERCENT) return SIGNAL_BATTERY_LOW;
    return SIGNAL_READY;
  }

  /** What the key shows after a sync: as at rest, but events that stayed are worth a word. */
  function showSyncResult(result: ErrorCode): void {
    const resting = result === BATTERY_LOW ? SIGNAL_BATTERY_LOW : restingSignal();
    const isReady = key !== undefined && resting === SIGNAL_READY;
    const hasLogs = isReady && (key.log.store.unackedCount() > 0 || key.carried.tags().length > 0);
    show(hasLogs ? SIGNAL_LOGS_NOT_HOME : resting);
  }

  function greet(): void {
    if (hellos === HELLOS_MAX) {
      state = KEY_FINISHED;
      show(SIGNAL_NO_CONTACT);
      return;
    }
    hellos += 1;
    link.send(LINK_HELLO, encodeHello(ROLE_KEY));
    greetingId = ports.timer.after(HELLO_EVERY_MS, () => {
      greetingId = 0;
      greet();
    });
  }

  function stopGreeting(): void {
    if (greetingId !== 0) ports.timer.cancel(greetingId);
    greetingId = 0;
  }

  function onMessage(kind: number, message: Uint8Array): void {
    if (state === KEY_GREETING && kind === LINK_HELLO_ANSWER) onHelloAnswer(message);
    else if (visit !== undefined) visit.onMessage(kind, message);
  }

  function onHelloAnswer(message: Uint8Array): void {
    const answer = decodeHelloAnswer(message);
    if (!answer.ok) return;
    const role = answer.value.role;
    if (role !== ROLE_LOCK && role !== ROLE_STATION) return;
    stopGreeting();
    if (key === undefined) {
      state = KEY_FINISHED;
      show(SIGNAL_NEEDS_SYNC);
    } else if (role === ROLE_STATION) {
      state = KEY_AT_STATION;
      visit = createStationVisit(key, !sensesVoltage, (result) => {
        state = KEY_FINISHED;
        showSyncResult(result);
      });
    } else {
      meetLock(key, answer.value.devid);
    }
  }

  /** Outside its window the key stays shut by itself and says no word to the lock. */
  function meetLock(opened: KeyContext, devid: Uint8Array | null): void {
    const blank = devid === null ? DEVICE_BLANK : 0;
    const reason = blank === 0 ? reasonAtLock(opened) : blank;
    if (reason === 0 && devid !== null) {
      state = KEY_AT_LOCK;
      visit = createLockVisit(opened, devid, isReversed);
      return;
    }
    noteDenial(opened, devid === null ? new Uint8Array(NO_DEVID_BYTES) : devid, reason);
    state = KEY_FINISHED;
    show(signalOfDenial(reason));
  }

  function noteDenial(opened: KeyContext, peer: Uint8Array, reason: ErrorCode): void {
    const shift = opened.rings.ringAt(RING_SHIFT);
    opened.log.note({
      kind: ENTRY_DENIED_AT_KEY,
      op: 0,
      reason,
      peer,
      ring: shift === undefined ? 0 : shift.claims.ringseq,
      target: 0,
    });
  }

  function endVisit(): void {
    stopGreeting();
    if (visit !== undefined) visit.onWithdrawn();
    visit = undefined;
    link.reset();
    isReversed = false;
  }

  const link = createMessageLink(ports.contact, ports.timer, onMessage, () => {
    // A garbled frame is a lost one: the wait that is under way ends by itself.
  });
  const key = openKey(ports, link, show);
  rest();
  return {
    onContact(isPlugged, senses) {
      endVisit();
      sensesVoltage = senses;
      if (!isPlugged) {
        state = KEY_IDLE;
        rest();
        return;
      }
      state = KEY_GREETING;
      hellos = 0;
      show(SIGNAL_WORKING);
      greet();
    },
    onOverload() {
      endVisit();
      state = KEY_FINISHED;
      if (key !== undefined) noteDenial(key, new Uint8Array(NO_DEVID_BYTES), CONTACT_OVERLOADED);
      show(SIGNAL_NO_CONTACT);
    },
    onBytes: link.push,
    onButton() {
      if (visit !== undefined) visit.onButton();
      else if (state === KEY_GREETING) isReversed = !isReversed;
      else if (state === KEY_IDLE) rest();
    },
    status() {
      const shift = key === undefined ? undefined : key.rings.ringAt(RING_SHIFT);
      return {
        devid: key === undefined ? undefined : key.identity.devid,
        state,
        ringseq: shift === undefined ? 0 : shift.claims.ringseq,
        expS: shift === undefined ? 0 : shift.claims.expS,
        signal,
        unacknowledged: key === undefined ? 0 : key.log.store.unackedCount(),
        carried: key === undefined ? 0 : key.carried.tags().length,
      };
    },
  };
}

/** 0 where one of both rings may be used now, else what the shift ring says. */
function reasonToStayShut(key: KeyContext): ErrorCode {
  const reason = key.rings.judge(RING_SHIFT);
  return key.rings.judge(RING_EMERGENCY) === 0 ? 0 : reason;
}

/** The same, and what the key's own state forbids at a lock but not at a station. */
function reasonAtLock(key: KeyContext): ErrorCode {
  const reason = reasonToStayShut(key);
  return reason === 0 && isStoppedByLog(key) ? LOG_FULL : reason;
}

/**
 * True where the issuer wants no opening whose entry could push out one that is not home yet. An
 * emergency goes before it.
 */
function isStoppedByLog(key: KeyContext): boolean {
  const shift = key.rings.ringAt(RING_SHIFT);
  if (shift === undefined || (shift.claims.flags & FLAG_STOP_AT_FULL_LOG) === 0) return false;
  return key.log.store.room() <= LOG_RESERVE && key.rings.judge(RING_EMERGENCY) !== 0;
}

function signalOfDenial(reason: ErrorCode): number {
  if (reason === RING_EXPIRED) return SIGNAL_EXPIRED;
  return reason === LOG_FULL ? SIGNAL_LOGS_NOT_HOME : SIGNAL_NEEDS_SYNC;
}

/**
 * Opens the stores of a commissioned key; undefined on a blank one. A bench does so with the memory
 * of a stolen key, to act as no honest role would.
 */
export function openKey(
  ports: KeyPorts,
  link: MessageLink,
  show: (signal: number) => void,
): KeyContext | undefined {
  const flash = ports.flash;
  const crypto = ports.crypto;
  const layout = keyLayout(flash.pageBytes, flash.pageCount);
  const records = openDeviceRecords(flash);
  const identity = loadIdentity(records, crypto);
  const commission = loadKeyCommission(records);
  if (layout === undefined || identity === undefined || commission === undefined) return undefined;
  const trust = openKeyTrust(crypto, records, commission.rootKey);
  const clock = openKeyClock(ports.clock, records);
  const secret = commission.ringSecret;
  const rings = openKeyRings(
    { flash, crypto, records, slotOperations: ports.slotOperations },
    layout,
    identity,
    secret,
    trust,
    clock,
  );
  const store = createLogStore(flash, layout.log, crypto, records, RECORD_LOG_STATE);
  const log = openKeyLog(
    crypto,
    records,
    store,
    identity,
    trust.homeAuthority(),
    commission.sealingKey,
    clock,
    () => {
      const shift = rings.ringAt(RING_SHIFT);
      return shift === undefined ? 0 : shift.claims.ringseq;
    },
  );
  const arena = new Uint8Array(KEY_ARENA_BYTES);
  const operations =
    ports.operations === undefined
      ? createArenaOperations(crypto, ports.entropy, arena)
      : ports.operations(arena);
  const door = createKeyDoor(operations, arena);
  door.load({
    agreementSecret: identity.agreementSecret(),
    anchors: trust.certificateAuthorities(),
  });
  return {
    ports,
    records,
    identity,
    trust,
    clock,
    rings,
    log,
    passages: createPassageMemory(store),
    carried: createBlobQueue(flash, layout.carried),
    courier: createCourierStore(flash, layout.courier),
    timeAsks: openTimeAsks(records),
    arena,
    door,
    link,
    show,
  };
}
