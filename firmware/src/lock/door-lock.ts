// SPDX-License-Identifier: EUPL-1.2

import {
  type ArenaOperations,
  createLockDoor,
  DELIVER_FIRST,
  DEVID_BYTES,
  DOOR_FORCED,
  decodeEntry,
  EDHOC_BYTES_MAX,
  ENTRY_BOLT,
  ENTRY_PASSAGE,
  ENTRY_POWER,
  type ErrorCode,
  FLOOR_STALE,
  type FloorSet,
  GRANTED,
  LINK_EDHOC,
  LINK_RECORD,
  LOCK_ARENA_BYTES,
  type LockDoor,
  MESSAGE,
  OP_ENTER,
  octetAt,
  REPLY,
  sliceBytes,
  TIME_CLOCK_CHECKED,
  TIME_FLOOR_ONLY,
  type TrustedAuthority,
  VOLTAGE_LOW,
  WANT_ACK,
  WANT_FLOORS,
  WANT_TIME_GRANT,
} from "@nyckelring/protocol";
import { createArenaOperations } from "#arena-operations";
import { BOLT_LOCKED, type BoltPosition } from "../ports.ts";
import type { DeviceIdentity } from "../shared/identity.ts";
import type { MessageLink } from "../shared/link.ts";
import type { EntryFields, LogStore } from "../shared/log-store.ts";
import type { RecordStore } from "../shared/record-store.ts";
import { openTimeFloor, type TimeFloor } from "../shared/time-floor.ts";
import { createAttemptBudget } from "./attempt-budget.ts";
import { createBolt, TOWARDS_LOCKED } from "./bolt.ts";
import { createLockClock } from "./lock-clock.ts";
import { openLockLogs } from "./lock-logs.ts";
import {
  createLockRecords,
  type DoorLock,
  type LockRecords,
  RECORD_STEP_MS,
} from "./lock-records.ts";
import type { LockPorts } from "./lock-role.ts";
import {
  hasClock,
  type LockAuthority,
  type LockState,
  readFloors,
  readLockCertificate,
  timeFloorId,
} from "./lock-state.ts";

/** Longest wait for the next message of a handshake, in milliseconds. */
const HANDSHAKE_STEP_MS = 2000;
/** Boots without anything in between after which the motor stays off at boot. */
const RESETS_MAX = 3;
/** From so many entries without acknowledgement on the lock asks for one. */
const WANT_ACK_ENTRIES = 64;
/** First octet of message_1: method 3. A message_3 is a byte string and never begins with it. */
const MESSAGE_1_METHOD = 0x03;

/** What a commissioned lock holds from boot on. */
export type CommissionedLock = {
  readonly identity: DeviceIdentity;
  readonly state: LockState;
  readonly certificate: Uint8Array;
};

/** What a lock saw between its boot and the moment at which it is made. */
export type SinceBoot = {
  /** Somebody has turned the bolt by hand, and will not have it turned back. */
  readonly isTurned: boolean;
  readonly wasDoorOpen: boolean;
};

/** A commissioned lock behind the greeting. */
export interface DoorSteps {
  /** What the lock is at this moment; a configuration changes it. */
  state(): LockState;
  /** A key has been greeted: what message_2 needs is got ready before its first message. */
  prepare(): void;
  /** A message of the link that is no greeting. */
  onMessage(kind: number, message: Uint8Array): void;
  /** Ends whatever was under way. */
  endSession(): void;
  /** A plug went in or out. */
  beginContact(): void;
  onBolt(position: BoltPosition): void;
  onDoor(isOpen: boolean): void;
}

/**
 * Begins the life of a commissioned lock's bolt, door and logs.
 *
 * A door is opened in this order: the decision, the log entry in flash, the time floor in flash, the
 * motor, message_4. Power may go between any two of them: an opening without an entry cannot happen,
 * an entry without an opening can, and means that the key was pulled out too early.
 *
 * A lock without a battery has seconds, and the key works as well while it does: the ephemeral key is made
 * while the key makes message_1; trust is loaded and the log opened while it makes message_3.
 */
export function createDoorLock(
  ports: LockPorts,
  records: RecordStore,
  commissioned: CommissionedLock,
  link: MessageLink,
  sinceBoot: SinceBoot,
): DoorSteps {
  const crypto = ports.crypto;
  const identity = commissioned.identity;
  const bolt = createBolt(ports, { onRelocked, onFailed });
  const logs = openLockLogs(ports.flash, crypto, records);
  const budget = createAttemptBudget(ports.timer);
  const arena = new Uint8Array(LOCK_ARENA_BYTES);
  const operations: ArenaOperations =
    ports.operations === undefined
      ? createArenaOperations(crypto, ports.entropy, arena)
      : ports.operations(arena);
  const door: LockDoor = createLockDoor(operations, arena, adoptCertificate);
  let floors: TimeFloor[] = [];
  let isLoaded = false;
  let wasDoorOpen = sinceBoot.wasDoorOpen;
  /** True from message_2 to the decision on message_3. */
  let awaitsMessage3 = false;
  /** What comes after the decision: made when the first key asks for it. */
  let later: LockRecords | undefined;
  const now: DoorLock = {
    crypto,
    records,
    identity,
    door,
    arena,
    link,
    logs,
    service: ports.service,
    state: commissioned.state,
    clock: undefined,
    trusted: [],
    visitor: undefined,
    isClockOld: false,
    isCredentialOld: true,
    isTrustOld: true,
    isSettled: false,
    isDecisionOpen: false,
    peer: new Uint8Array(DEVID_BYTES),
    log,
    floorOf,
    replaceState,
    loadTrust,
    entryTime,
    append,
    finalDecision,
    commitDecision,
    endSession,
  };

  function log(): LogStore {
    return now.visitor === undefined ? logs.owner() : logs.of(now.visitor);
  }

  function floorOf(authority: LockAuthority): TimeFloor {
    const floor = floors[authority.slot];
    if (floor !== undefined) return floor;
    const ringKey = authority.keys.ringKey;
    const opened = openTimeFloor(
      records,
      timeFloorId(authority.slot),
      authority.keys.authority,
      ringKey === undefined ? 0 : ringKey.issuerEpoch,
      ringKey === undefined ? 0 : ringKey.iatS,
    );
    floors[authority.slot] = opened;
    return opened;
  }

  function replaceState(next: LockState): void {
    now.state = next;
    floors = [];
    if (!hasClock(now.state)) {
      now.clock = undefined;
    } else if (now.clock === undefined) {
      now.clock = createLockClock(ports.clock, ports.timer, ports.entropy);
    }
  }

  function loadCredential(): void {
    // At a boot it was read a moment ago.
    const stored = isLoaded ? readLockCertificate(records) : undefined;
    isLoaded = true;
    door.loadCredential({
      agreementSecret: identity.agreementSecret(),
      certificate: stored === undefined ? commissioned.certificate : stored,
    });
    now.isCredentialOld = false;
  }

  function loadTrust(): void {
    const anchors: TrustedAuthority[] = [];
    const floorSets: FloorSet[] = [];
    now.trusted = [];
    for (const authority of now.state.authorities) {
      const ringKey = authority.keys.ringKey;
      if (ringKey !== undefined) {
        now.trusted.push(authority);
        anchors.push({
          authority: authority.keys.authority,
          kid: ringKey.kid,
          publicKey: ringKey.publicKey,
          opsmask: authority.opsmask,
          maxvalidS: authority.maxvalidS,
          loS: floorOf(authority).loS(),
        });
        floorSets.push(readFloors(records, authority.slot, authority.keys));
      }
    }
    door.loadTrust({
      owner: now.state.authorities[0] === undefined ? 0 : now.state.authorities[0].keys.authority,
      door: now.state.door,
      groups: now.state.groups,
      anchors,
      floors: floorSets,
      hasClock: now.clock !== undefined,
      clockUnknownPolicy: now.state.clockUnknown,
    });
    now.isTrustOld = false;
  }

  /** The best time for an entry: the clock, or the highest time that an issuer has signed. */
  function entryTime(): { readonly tS: number; readonly tq: number } {
    const nowS =
      now.clock === undefined || now.clock.interval() === undefined ? 0 : ports.clock.nowS();
    if (nowS !== undefined && nowS > 0) return { tS: nowS, tq: TIME_CLOCK_CHECKED };
    let highestS = 0;
    for (const authority of now.state.authorities) {
      const loS = floorOf(authority).loS();
      if (loS > highestS) highestS = loS;
    }
    return { tS: highestS, tq: TIME_FLOOR_ONLY };
  }

  function append(kind: number, op: 0 | 1 | 2, reason: ErrorCode, ring: number, target: number) {
    const time = entryTime();
    const fields: EntryFields = {
      tS: time.tS,
      tq: time.tq,
      kind,
      op,
      reason,
      peer: now.peer,
      ring,
      target,
    };
    return log().append(fields);
  }

  /** What the bolt does is the owner's to know, but not whose key a guest has sent. */
  function appendBolt(reason: ErrorCode, direction: number): void {
    const time = entryTime();
    const owner = logs.owner();
    owner.append({
      tS: time.tS,
      tq: time.tq,
      kind: ENTRY_BOLT,
      op: 0,
      reason,
      peer: log() === owner ? now.peer : new Uint8Array(DEVID_BYTES),
      ring: 0,
      target: direction,
    });
  }

  function onRelocked(): void {
    appendBolt(GRANTED, TOWARDS_LOCKED);
  }

  function onFailed(code: ErrorCode, direction: number): void {
    appendBolt(code, direction);
  }

  function afterwards(): LockRecords {
    if (later === undefined) later = createLockRecords(now);
    return later;
  }

  function adoptCertificate(bytes: Uint8Array): boolean {
    return afterwards().adoptCertificate(bytes);
  }

  // Messages of the link

  function onMessage(kind: number, message: Uint8Array): void {
    switch (kind) {
      case LINK_EDHOC:
        takeEdhoc(message);
        break;
      case LINK_RECORD:
        afterwards().take(message);
        break;
      default:
        endSession();
        break;
    }
  }

  function prepare(): void {
    if (now.isCredentialOld) loadCredential();
    door.prepare();
  }

  function takeEdhoc(message: Uint8Array): void {
    if (message.length === 0 || message.length > EDHOC_BYTES_MAX) {
      endSession();
    } else if (octetAt(message, 0) === MESSAGE_1_METHOD) {
      beginSession(message);
    } else if (awaitsMessage3) {
      judge(message);
    } else {
      endSession();
    }
  }

  function beginSession(message: Uint8Array): void {
    endSession();
    if (!budget.spend()) return;
    if (now.isCredentialOld) loadCredential();
    arena.set(message, MESSAGE);
    const bytes = door.answerMessage1(message.length);
    if (bytes === 0) return;
    link.send(LINK_EDHOC, sliceBytes(arena, REPLY, REPLY + bytes));
    link.expect(HANDSHAKE_STEP_MS, endSession);
    if (now.isTrustOld) loadTrust();
    if (now.clock !== undefined) door.setClock(now.clock.interval());
    logs.owner();
    awaitsMessage3 = true;
  }

  /** Ends whatever was under way; a decision that was never taken is a denial. */
  function endSession(): void {
    link.relax();
    if (now.isDecisionOpen) {
      append(ENTRY_PASSAGE, opOf(door.op), FLOOR_STALE, door.ringseq, door.target);
    }
    awaitsMessage3 = false;
    now.isSettled = false;
    now.isDecisionOpen = false;
    if (later !== undefined) later.forget();
    now.peer = new Uint8Array(DEVID_BYTES);
    now.visitor = undefined;
    door.reset();
  }

  function judge(message: Uint8Array): void {
    link.relax();
    awaitsMessage3 = false;
    arena.set(message, MESSAGE);
    const code = door.judgeMessage3(message.length);
    if (code < 0) {
      // Nobody proved anything, so nobody is told anything; the log keeps the reason.
      append(ENTRY_PASSAGE, 0, door.faultCode, 0, 0);
      endSession();
      return;
    }
    budget.refund();
    now.peer = door.peerDevid();
    now.visitor = now.trusted[door.anchor];
    now.isSettled = true;
    let decision = code;
    let lockseq = log().lastN();
    if (code === DELIVER_FIRST) {
      now.isDecisionOpen = true;
      learnTime();
    } else {
      decision = finalDecision(code);
      lockseq = commitDecision(decision);
    }
    const bytes = door.buildMessage4(decision, lockseq, entryTime().tS, wantsOf(code));
    if (bytes > 0) link.send(LINK_EDHOC, sliceBytes(arena, REPLY, REPLY + bytes));
    link.expect(RECORD_STEP_MS, endSession);
  }

  /** A right that cannot be obeyed is denied honestly instead of granted in vain. */
  function finalDecision(code: ErrorCode): ErrorCode {
    return code === GRANTED && door.op === OP_ENTER && !bolt.canMove() ? VOLTAGE_LOW : code;
  }

  function commitDecision(decision: ErrorCode): number {
    const headIatS = door.headIatS;
    const time = entryTime();
    const isHeadNewer = time.tq === TIME_FLOOR_ONLY && headIatS > time.tS;
    const lockseq = log().append({
      tS: isHeadNewer ? headIatS : time.tS,
      tq: time.tq,
      kind: ENTRY_PASSAGE,
      op: opOf(door.op),
      reason: decision,
      peer: now.peer,
      ring: door.ringseq,
      target: door.target,
    });
    learnTime();
    if (decision === GRANTED) {
      if (door.op === OP_ENTER) {
        bolt.unlock();
      } else {
        bolt.lock();
      }
    }
    return lockseq;
  }

  /** The head was signed at `headIatS`: it is that late at least. */
  function learnTime(): void {
    const authority = now.trusted[door.anchor];
    if (authority !== undefined && door.headIatS > floorOf(authority).loS()) {
      floorOf(authority).raise(door.headIatS);
      now.isTrustOld = true;
    }
    // The clock is the owner's: a guest's issuer moves its own time floor and no more.
    if (now.clock !== undefined && authority === now.state.authorities[0])
      now.clock.advance(door.headIatS);
  }

  function wantsOf(code: ErrorCode): number[] {
    const wants: number[] = [];
    if (code === DELIVER_FIRST) wants.push(WANT_FLOORS);
    const wantsTime =
      now.clock !== undefined && (now.isClockOld || now.clock.interval() === undefined);
    if (wantsTime) wants.push(WANT_TIME_GRANT);
    if (log().unackedCount() >= WANT_ACK_ENTRIES) wants.push(WANT_ACK);
    return wants;
  }

  replaceState(commissioned.state);
  // A key-powered lock boots at every insertion, which the passage itself tells.
  const isCalm = !hasClock(now.state) || !endsInResets(log());
  if (hasClock(now.state)) append(ENTRY_POWER, 0, GRANTED, 0, 0);
  // A motor that has pulled the supply down at every boot is left alone until a key commands it.
  if (isCalm && !sinceBoot.isTurned) bolt.start();

  return {
    state: () => now.state,
    prepare,
    onMessage,
    endSession,
    beginContact() {
      logs.beginCollection();
      if (later !== undefined) later.beginContact();
    },
    onBolt(position: BoltPosition) {
      bolt.onPosition(position);
    },
    onDoor(isOpen) {
      // Whoever opens by key or handle draws the bolt first; a door that opens past it was forced.
      const isForced = isOpen && !wasDoorOpen && ports.motor.position() === BOLT_LOCKED;
      wasDoorOpen = isOpen;
      if (isForced) appendBolt(DOOR_FORCED, 0);
    },
  };
}

/** True where the last boots came to nothing but the next boot: three resets in a row. */
function endsInResets(log: LogStore): boolean {
  for (let back = 0; back < RESETS_MAX; back += 1) {
    const bytes = log.read(log.lastN() - back);
    const entry = bytes === undefined ? undefined : decodeEntry(bytes);
    if (entry === undefined || !entry.ok || entry.value.kind !== ENTRY_POWER) return false;
  }
  return true;
}

function opOf(op: number): 0 | 1 | 2 {
  return op === 1 || op === 2 ? op : 0;
}
