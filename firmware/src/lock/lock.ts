// SPDX-License-Identifier: EUPL-1.2
import {
  encodeHelloAnswer,
  isHello,
  LINK_HELLO,
  LINK_HELLO_ANSWER,
  ROLE_KEY,
  ROLE_LOCK,
} from "@nyckelring/protocol";
import { openDeviceRecords } from "../shared/device-records.ts";
import { loadIdentity } from "../shared/identity.ts";
import { createMessageLink } from "../shared/link.ts";
import type { RecordStore } from "../shared/record-store.ts";
import { createBlankLock } from "./blank-lock.ts";
import { type CommissionedLock, createDoorLock, type DoorSteps } from "./door-lock.ts";
import type { LockPorts, LockRole, LockSteps } from "./lock-role.ts";
import { hasClock, readLockCertificate, readLockState } from "./lock-state.ts";

/** A lock that nobody greets makes itself ready after so many milliseconds. */
const GREETING_WAIT_MS = 200;

/**
 * Boots a lock from its flash.
 *
 * Whatever the flash holds, the first thing that happens is that the motor is off. A device that was
 * never commissioned answers `hello` with no devid and nothing else.
 */
export function createLock(ports: LockPorts): LockRole {
  ports.motor.stop();
  const records = openDeviceRecords(ports.flash);
  const held = readCommissioned(ports, records);
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

  const role =
    held === undefined ? createBlankLock(ports) : createGreeter(ports, records, held, runGuarded);
  return {
    isBlank: held === undefined,
    onContact(isPlugged) {
      runGuarded(() => role.onContact(isPlugged));
    },
    onBytes: role.onBytes,
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

/**
 * A commissioned lock as far as a key needs it for its next step: it tells who it is, and makes itself
 * ready while the key makes its first message.
 */
function createGreeter(
  ports: LockPorts,
  records: RecordStore,
  commissioned: CommissionedLock,
  runGuarded: (step: () => void) => void,
): LockSteps {
  const link = createMessageLink(
    ports.contact,
    ports.timer,
    (kind, message) => runGuarded(() => onMessage(kind, message)),
    ignoreFault,
  );
  const wasDoorOpen = ports.door?.isOpen() === true;
  let isTurned = false;
  let made: DoorSteps | undefined;

  function door(): DoorSteps {
    if (made === undefined) {
      const sinceBoot = { isTurned, wasDoorOpen };
      made = createDoorLock(ports, records, commissioned, link, sinceBoot);
    }
    return made;
  }

  function onMessage(kind: number, message: Uint8Array): void {
    if (kind === LINK_HELLO) answerHello(message);
    else door().onMessage(kind, message);
  }

  function answerHello(message: Uint8Array): void {
    if (!isHello(message, ROLE_KEY)) return;
    if (made !== undefined) made.endSession();
    const state = made === undefined ? commissioned.state : made.state();
    const devid = commissioned.identity.devid;
    const answer = { role: ROLE_LOCK, profile: state.profile, devid };
    link.send(LINK_HELLO_ANSWER, encodeHelloAnswer(answer));
    door().prepare();
  }

  // One with a battery is ready at once: nobody waits, and it has a boot to log.
  if (hasClock(commissioned.state)) door();
  else ports.timer.after(GREETING_WAIT_MS, door);

  return {
    onContact() {
      if (made !== undefined) made.endSession();
      link.reset();
      if (made !== undefined) made.beginContact();
    },
    onBytes: link.push,
    onBolt(position) {
      if (made === undefined) isTurned = true;
      else made.onBolt(position);
    },
    onDoor(isOpen) {
      door().onDoor(isOpen);
    },
  };
}

function ignoreFault(): void {
  // A damaged frame is no event of the door: the key repeats itself or gives up.
}
