// SPDX-License-Identifier: EUPL-1.2
import {
  type ArenaOperations,
  type CborValue,
  CONTACT_ENTRIES_MAX,
  createArenaOperations,
  createLockDoor,
  DELIVER_FIRST,
  DEVID_BYTES,
  DOOR_FORCED,
  decodeEntry,
  decodeHello,
  decodeRecordAsk,
  EDHOC_BYTES_MAX,
  ENTRY_BOLT,
  ENTRY_OBJECT,
  ENTRY_PASSAGE,
  ENTRY_POWER,
  type ErrorCode,
  encodeCbor,
  encodeHelloAnswer,
  FLOOR_STALE,
  type FloorSet,
  GRANTED,
  kidOf,
  LINK_EDHOC,
  LINK_HELLO,
  LINK_HELLO_ANSWER,
  LINK_MESSAGE_BYTES_MAX,
  LINK_RECORD,
  LOCK_ARENA_BYTES,
  LOG_ASK,
  LOG_PART_BYTES_MAX,
  type LockDoor,
  MESSAGE,
  MESSAGE_MALFORMED,
  OBJECT_ASK,
  OP_ENTER,
  octetAt,
  PROFILE_KEY_POWERED,
  RECORD_DONE,
  RECORD_LOG_PART,
  RECORD_LOG_REQUEST,
  RECORD_OBJECT,
  RECORD_TIME_ASK,
  RECORD_WANT,
  REPLY,
  ROLE_KEY,
  ROLE_LOCK,
  sliceBytes,
  TIME_CLOCK_CHECKED,
  TIME_FLOOR_ONLY,
  type TrustedAuthority,
  TYP_FLOOR_LIST,
  TYP_ISSUER_CERTIFICATE,
  TYP_TIME_GRANT,
  typOf,
  VOLTAGE_LOW,
  WANT_ACK,
  WANT_FLOORS,
  WANT_TIME_GRANT,
} from "@nyckelring/protocol";
import { BOLT_LOCKED, type BoltPosition } from "../ports.ts";
import { openDeviceRecords, RECORD_SEALING_COUNTER } from "../shared/device-records.ts";
import { type DeviceIdentity, loadIdentity } from "../shared/identity.ts";
import { createMessageLink } from "../shared/link.ts";
import type { EntryFields, LogStore } from "../shared/log-store.ts";
import { createNonceCounter } from "../shared/nonce-counter.ts";
import type { RecordStore } from "../shared/record-store.ts";
import { sealBatch } from "../shared/sealed-batch.ts";
import { openTimeFloor, type TimeFloor } from "../shared/time-floor.ts";
import { createAttemptBudget } from "./attempt-budget.ts";
import { createBolt, TOWARDS_LOCKED } from "./bolt.ts";
import { createLockClock, type LockClock } from "./lock-clock.ts";
import { openLockLogs } from "./lock-logs.ts";
import { applyObject, type LockUnderObjects, type ObjectOutcome } from "./lock-objects.ts";
import type { LockPorts, LockRole } from "./lock-role.ts";
import {
  hasClock,
  type LockAuthority,
  type LockState,
  readFloors,
  readLockCertificate,
  readLockState,
  timeFloorId,
} from "./lock-state.ts";

/** Longest wait for the next message of a handshake, in milliseconds. */
const HANDSHAKE_STEP_MS = 2000;
/** Longest wait for the next record, in milliseconds. */
const RECORD_STEP_MS = 10_000;
/** Boots without anything in between after which the motor stays off at boot. */
const RESETS_MAX = 3;
/** From so many entries without acknowledgement on the lock asks for one. */
const WANT_ACK_ENTRIES = 64;
/** First octet of message_1: method 3. A message_3 is a byte string and never begins with it. */
const MESSAGE_1_METHOD = 0x03;

const NOTHING = new Uint8Array(0);

/** What a commissioned lock holds from boot on. */
type CommissionedLock = {
  readonly identity: DeviceIdentity;
  readonly state: LockState;
  readonly certificate: Uint8Array;
};

/**
 * Boots a lock from its flash.
 *
 * Whatever the flash holds, the first thing that happens is that the motor is off. A device that was
 * never commissioned answers `hello` with no devid and nothing else.
 *
 * A door is opened in this order: the decision, the log entry in flash, the time floor in flash, the
 * motor, message_4. Power may go between any two of them: an opening without an entry cannot happen,
 * an entry without an opening can, and means that the key was pulled out too early.
 */
export function createLock(ports: LockPorts): LockRole {
  ports.motor.stop();
  const records = openDeviceRecords(ports.flash);
  const held = readCommissioned(ports, records);
  const role = held === undefined ? createBlankLock(ports) : createDoorLock(ports, records, held);

  /** Runs one step; a broken promise in it leaves the motor off before it restarts the device. */
  function runGuarded(step: () => void): void {
    let isDone = false;
    try {
      step();
      isDone = true;
    } finally {
      if (!isDone) ports.motor.stop();
    }
  }

  return {
    onContact(isPlugged) {
      runGuarded(() => role.onContact(isPlugged));
    },
    onBytes(bytes) {
      runGuarded(() => role.onBytes(bytes));
    },
    onBolt(position) {
      runGuarded(() => role.onBolt(position));
    },
    onDoor(isOpen) {
      runGuarded(() => role.onDoor(isOpen));
    },
  };
}

function readCommissioned(ports: LockPorts, records: RecordStore): CommissionedLock | undefined {
  const identity = loadIdentity(records, ports.crypto);
  const state = readLockState(records);
  const certificate = readLockCertificate(records);
  if (identity === undefined || state === undefined || certificate === undefined) return undefined;
  return { identity, state, certificate };
}

function createBlankLock(ports: LockPorts): LockRole {
  const link = createMessageLink(ports.contact, ports.timer, onMessage, ignoreFault);

  function onMessage(kind: number, message: Uint8Array): void {
    if (kind !== LINK_HELLO) return;
    const hello = decodeHello(message);
    if (!hello.ok || hello.value !== ROLE_KEY) return;
    const answer = { role: ROLE_LOCK, profile: PROFILE_KEY_POWERED, devid: null };
    link.send(LINK_HELLO_ANSWER, encodeHelloAnswer(answer));
  }

  return {
    onContact() {
      link.reset();
    },
    onBytes(bytes) {
      link.push(bytes);
    },
    onBolt() {
      // A blank lock never moves its bolt, so its end switches tell nothing of interest.
    },
    onDoor() {
      // Nor is there anybody yet who would be told of its door.
    },
  };
}

function ignoreFault(): void {
  // A damaged frame is no event of the door: the key repeats itself or gives up.
}

function createDoorLock(
  ports: LockPorts,
  records: RecordStore,
  commissioned: CommissionedLock,
): LockRole {
  const crypto = ports.crypto;
  const identity = commissioned.identity;
  const bolt = createBolt(ports, { onRelocked, onFailed });
  const logs = openLockLogs(ports.flash, crypto, records);
  const counter = createNonceCounter(records, RECORD_SEALING_COUNTER);
  const budget = createAttemptBudget(ports.timer);
  const arena = new Uint8Array(LOCK_ARENA_BYTES);
  const operations: ArenaOperations = createArenaOperations(crypto, ports.entropy, arena);
  const door: LockDoor = createLockDoor(operations, arena, adoptCertificate);
  const link = createMessageLink(ports.contact, ports.timer, onMessage, ignoreFault);

  let state = commissioned.state;
  let clock: LockClock | undefined;
  let floors: TimeFloor[] = [];
  /** Authorities in the order in which the door path knows them. */
  let trusted: LockAuthority[] = [];

  /** Where entries go: the log of the authority whose key is here, otherwise the owner's. */
  let log: LogStore = logs.owner();
  /** True while a clock that is known was set under an issuing key that may since be withdrawn. */
  let isClockOld = false;
  /** True while the door path judges by an older time floor than the flash holds. */
  let isTrustOld = false;
  let wasDoorOpen = ports.door?.isOpen() === true;
  /** True from message_2 to the decision on message_3. */
  let awaitsMessage3 = false;
  /** True from a decision on: records may come. */
  let isSettled = false;
  /** True while the key owes a floor list for which the decision waits. */
  let isDecisionOpen = false;
  let peer: Uint8Array = new Uint8Array(DEVID_BYTES);
  let sealed: Uint8Array = NOTHING;
  let sealedUpTo = 0;
  let isResent = false;
  let contactEntries = 0;

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
    state = next;
    floors = [];
    if (!hasClock(state)) {
      clock = undefined;
    } else if (clock === undefined) {
      clock = createLockClock(ports.clock, ports.timer, ports.entropy);
    }
  }

  function loadTrust(): void {
    isTrustOld = false;
    const anchors: TrustedAuthority[] = [];
    const floorSets: FloorSet[] = [];
    trusted = [];
    for (const authority of state.authorities) {
      const ringKey = authority.keys.ringKey;
      if (ringKey !== undefined) {
        trusted.push(authority);
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
    const certificate = readLockCertificate(records);
    door.loadTrust({
      agreementSecret: identity.agreementSecret(),
      certificate: certificate === undefined ? commissioned.certificate : certificate,
      owner: state.authorities[0] === undefined ? 0 : state.authorities[0].keys.authority,
      door: state.door,
      groups: state.groups,
      anchors,
      floors: floorSets,
      hasClock: clock !== undefined,
      clockUnknownPolicy: state.clockUnknown,
    });
  }

  /** The best time for an entry: the clock, or the highest time that an issuer has signed. */
  function entryTime(): { readonly tS: number; readonly tq: number } {
    const nowS = clock === undefined || clock.interval() === undefined ? 0 : ports.clock.nowS();
    if (nowS !== undefined && nowS > 0) return { tS: nowS, tq: TIME_CLOCK_CHECKED };
    let highestS = 0;
    for (const authority of state.authorities) {
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
      peer,
      ring,
      target,
    };
    return log.append(fields);
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
      peer: log === owner ? peer : new Uint8Array(DEVID_BYTES),
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

  // Messages of the link

  function onMessage(kind: number, message: Uint8Array): void {
    switch (kind) {
      case LINK_HELLO:
        answerHello(message);
        break;
      case LINK_EDHOC:
        takeEdhoc(message);
        break;
      case LINK_RECORD:
        takeRecord(message);
        break;
      default:
        endSession();
        break;
    }
  }

  function answerHello(message: Uint8Array): void {
    const hello = decodeHello(message);
    if (!hello.ok || hello.value !== ROLE_KEY) return;
    endSession();
    const answer = { role: ROLE_LOCK, profile: state.profile, devid: identity.devid };
    link.send(LINK_HELLO_ANSWER, encodeHelloAnswer(answer));
    // While the key prepares message_1 the lock makes its ephemeral key.
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
    if (isTrustOld) loadTrust();
    if (clock !== undefined) door.setClock(clock.interval());
    arena.set(message, MESSAGE);
    const bytes = door.answerMessage1(message.length);
    if (bytes === 0) return;
    awaitsMessage3 = true;
    link.send(LINK_EDHOC, sliceBytes(arena, REPLY, REPLY + bytes));
    link.expect(HANDSHAKE_STEP_MS, endSession);
  }

  /** Ends whatever was under way; a decision that was never taken is a denial. */
  function endSession(): void {
    link.relax();
    if (isDecisionOpen) {
      append(ENTRY_PASSAGE, opOf(door.op), FLOOR_STALE, door.ringseq, door.target);
    }
    awaitsMessage3 = false;
    isSettled = false;
    isDecisionOpen = false;
    sealed = NOTHING;
    peer = new Uint8Array(DEVID_BYTES);
    log = logs.owner();
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
    peer = door.peerDevid();
    const authority = trusted[door.anchor];
    if (authority !== undefined) log = logs.of(authority);
    isSettled = true;
    let decision = code;
    let lockseq = log.lastN();
    if (code === DELIVER_FIRST) {
      isDecisionOpen = true;
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
    const lockseq = log.append({
      tS: isHeadNewer ? headIatS : time.tS,
      tq: time.tq,
      kind: ENTRY_PASSAGE,
      op: opOf(door.op),
      reason: decision,
      peer,
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
    const authority = trusted[door.anchor];
    if (authority !== undefined && door.headIatS > floorOf(authority).loS()) {
      floorOf(authority).raise(door.headIatS);
      isTrustOld = true;
    }
    // The clock is the owner's: a guest's issuer moves its own time floor and no more.
    if (clock !== undefined && authority === state.authorities[0]) clock.advance(door.headIatS);
  }

  function wantsOf(code: ErrorCode): number[] {
    const wants: number[] = [];
    if (code === DELIVER_FIRST) wants.push(WANT_FLOORS);
    const wantsTime = clock !== undefined && (isClockOld || clock.interval() === undefined);
    if (wantsTime) wants.push(WANT_TIME_GRANT);
    if (log.unackedCount() >= WANT_ACK_ENTRIES) wants.push(WANT_ACK);
    return wants;
  }

  // Records

  function takeRecord(message: Uint8Array): void {
    if (!isSettled || message.length > LINK_MESSAGE_BYTES_MAX) {
      endSession();
      return;
    }
    link.relax();
    arena.set(message, MESSAGE);
    const type = door.openRecord(message.length);
    const body = type < 0 ? undefined : decodeRecordAsk(type, door.recordBody());
    if (body === undefined || !body.ok) {
      endSession();
      return;
    }
    answerRecord(type, body.value);
  }

  function answerRecord(type: number, body: CborValue): void {
    switch (type) {
      case RECORD_WANT:
        sendRecord(RECORD_WANT, wantBody());
        break;
      case RECORD_OBJECT:
        sendRecord(RECORD_OBJECT, takeObject(body));
        break;
      case RECORD_LOG_REQUEST:
        sendRecord(RECORD_LOG_PART, logPart(body));
        break;
      case RECORD_TIME_ASK:
        sendRecord(RECORD_TIME_ASK, [identity.devid, timeNonce()]);
        break;
      case RECORD_DONE:
        endSession();
        break;
      default:
        // Nothing else exists, whoever asks: not for staff, not for an installer.
        endSession();
        break;
    }
  }

  function sendRecord(type: number, body: CborValue): void {
    const bytes = door.sealRecord(type, encodeCbor(body));
    if (bytes === 0) {
      endSession();
      return;
    }
    link.send(LINK_RECORD, sliceBytes(arena, REPLY, REPLY + bytes));
    link.expect(RECORD_STEP_MS, endSession);
  }

  function wantBody(): CborValue {
    const authority = trusted[door.anchor];
    const listseq =
      authority === undefined ? 0 : readFloors(records, authority.slot, authority.keys).listseq;
    return [listseq, state.cfgseq, log.logEpoch(), log.cursor(), log.lastN()];
  }

  function timeNonce(): Uint8Array {
    if (clock !== undefined) return clock.ask();
    // A lock without a clock has nothing to set; the answer still raises its time floor.
    return new Uint8Array(DEVID_BYTES);
  }

  function takeObject(body: CborValue): CborValue {
    if (!OBJECT_ASK(body)) return [MESSAGE_MALFORMED];
    const outcome = applyObject(underObjects, body);
    isTrustOld = true;
    if (outcome.isChanged) afterChange(outcome);
    const isFloors = outcome.typ === TYP_FLOOR_LIST && outcome.code === GRANTED;
    if (!isDecisionOpen || !isFloors) return [outcome.code];
    if (clock !== undefined) door.setClock(clock.interval());
    const again = door.judgeAgain();
    isDecisionOpen = false;
    if (again < 0) return [outcome.code];
    const decision = finalDecision(again);
    const lockseq = commitDecision(decision);
    return [outcome.code, decision, lockseq, entryTime().tS];
  }

  /**
   * Takes the certificate that came with the head of an issuing key that the lock does not know.
   * It is durable before the head is judged by it, so no power cut opens a door for a key that the
   * lock forgets again.
   */
  function adoptCertificate(bytes: Uint8Array): boolean {
    if (typOf(bytes) !== TYP_ISSUER_CERTIFICATE) return false;
    const outcome = applyObject(underObjects, bytes);
    if (outcome.isChanged) afterChange(outcome);
    return outcome.isChanged;
  }

  function afterChange(outcome: ObjectOutcome): void {
    // A withdrawn key may have set the clock: the next grant says what time it is.
    if (outcome.typ === TYP_ISSUER_CERTIFICATE) isClockOld = true;
    if (outcome.typ === TYP_TIME_GRANT) isClockOld = false;
    append(ENTRY_OBJECT, 0, outcome.code, outcome.sequence, outcome.typ);
    loadTrust();
  }

  /** Part 0 seals what is next; the other parts cut the same bytes. */
  function logPart(body: CborValue): CborValue {
    if (!LOG_ASK(body)) return [0, 0, NOTHING];
    const part = body[0];
    if (part === 0) sealNext();
    const parts = Math.ceil(sealed.length / LOG_PART_BYTES_MAX);
    if (part >= parts) return [part, parts, NOTHING];
    const from = part * LOG_PART_BYTES_MAX;
    const to =
      from + LOG_PART_BYTES_MAX < sealed.length ? from + LOG_PART_BYTES_MAX : sealed.length;
    if (part === parts - 1) {
      if (isResent) {
        log.moveResendCursor(sealedUpTo);
      } else {
        log.moveCursor(sealedUpTo);
      }
    }
    return [part, parts, sliceBytes(sealed, from, to)];
  }

  function sealNext(): void {
    sealed = NOTHING;
    const room = CONTACT_ENTRIES_MAX - contactEntries;
    if (room <= 0) return;
    const time = entryTime();
    log.settle(time.tS, time.tq);
    const resendFrom = log.resendCursor();
    isResent = resendFrom > 0;
    const slice = log.batch(isResent ? resendFrom : log.cursor(), room);
    const authority = trusted[door.anchor];
    if (slice === undefined || authority === undefined) return;
    contactEntries += slice.entries.length;
    sealedUpTo = slice.first + slice.entries.length - 1;
    const sealer = {
      devid: identity.devid,
      authority: authority.keys.authority,
      kid: kidOf(crypto, identity.signingPublicKey),
      signingKey: crypto.importSigningKey(identity.signingSeed()),
      sealingKey: authority.sealingKey,
      counter,
    };
    sealed = sealBatch(crypto, sealer, slice, log.logEpoch(), time.tS, time.tq);
  }

  const underObjects: LockUnderObjects = {
    crypto,
    records,
    identity,
    authoritiesMax: logs.authoritiesMax,
    logOf: logs.of,
    clock() {
      return clock;
    },
    state() {
      return state;
    },
    replaceState,
    timeFloor: floorOf,
  };

  replaceState(commissioned.state);
  loadTrust();
  // A key-powered lock boots at every insertion, which the passage itself tells.
  const isCalm = !hasClock(state) || !endsInResets(log);
  if (hasClock(state)) append(ENTRY_POWER, 0, GRANTED, 0, 0);
  // A motor that has pulled the supply down at every boot is left alone until a key commands it.
  if (isCalm) bolt.start();

  return {
    onContact() {
      endSession();
      link.reset();
      logs.beginCollection();
      contactEntries = 0;
    },
    onBytes(bytes) {
      link.push(bytes);
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
