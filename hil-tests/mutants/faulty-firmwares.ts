// SPDX-License-Identifier: EUPL-1.2
import type { Replacement } from "@nyckelring/simulator/mutants";

/**
 * A firmware with one planted defect, and the cases of the acceptance suite that have to be red on
 * it. It lives here and never in product source.
 */
export type FaultyFirmware = {
  readonly name: string;
  readonly red: readonly string[];
  readonly replacements: readonly Replacement[];
};

const DECISION = "protocol/src/session/access-decision.ts";
const LOCK = "firmware/src/lock/door-lock.ts";
const GREETER = "firmware/src/lock/lock.ts";
const LOCK_OBJECTS = "firmware/src/lock/lock-objects.ts";
const LOCK_VISIT = "firmware/src/key/lock-visit.ts";

/** All of them. */
export const FAULTY_FIRMWARES: readonly FaultyFirmware[] = [
  {
    name: "lock-skips-expiry",
    red: [
      "lock-refuses-an-ended-ring",
      "ends-at-the-very-second",
      "lock-learns-the-time",
      "clock-lock-judges-by-itself",
    ],
    replacements: [
      {
        file: DECISION,
        find: "if (expS <= timeFloorS() || expS <= nbfS || expS <= iatS) return RING_EXPIRED;",
        replace: "if (expS <= nbfS || expS <= iatS) return RING_EXPIRED;",
      },
    ],
  },
  {
    name: "lock-ignores-the-door",
    red: ["lock-judges-the-leaf", "flood-of-denials"],
    replacements: [
      {
        file: DECISION,
        find: "if (kind === LEAF_DOOR) return target === door;",
        replace: "if (kind === LEAF_DOOR) return target > 0 || door > 0;",
      },
    ],
  },
  {
    name: "lock-ignores-floors",
    red: ["lost-key-reported", "carer-who-leaves", "ended-key-of-a-guest"],
    replacements: [
      {
        file: DECISION,
        find: "return shown.ringseq < minring ? KEY_REVOKED : GRANTED;",
        replace: "return minring < 0 ? KEY_REVOKED : GRANTED;",
      },
    ],
  },
  {
    name: "lock-opens-before-it-logs",
    red: ["entry-before-motor", "pulled-in-every-write"],
    replacements: [
      {
        file: LOCK,
        find: "    const headIatS = door.headIatS;\n",
        replace:
          "    const headIatS = door.headIatS;\n    if (decision === GRANTED && door.op === OP_ENTER) bolt.unlock();\n",
      },
    ],
  },
  {
    name: "lock-loses-every-other-entry",
    red: ["enter-and-leave", "colleague-has-an-own-entry", "pulled-at-every-byte-of-an-opening"],
    replacements: [
      {
        file: LOCK,
        find: "    const lockseq = log().append({",
        replace: "    const lockseq = log().lastN() % 2 === 1 ? log().lastN() : log().append({",
      },
    ],
  },
  {
    name: "lock-takes-an-old-configuration",
    red: ["old-configuration-refused"],
    replacements: [
      {
        file: LOCK_OBJECTS,
        find: "  if (config.cfgseq <= state.cfgseq) {",
        replace: "  if (config.cfgseq === state.cfgseq) {",
      },
    ],
  },
  {
    name: "lock-answers-late",
    red: ["answers-in-time", "nonsense-at-the-lock"],
    replacements: [
      {
        file: LOCK,
        find: "        bolt.unlock();\n",
        replace: "        ports.timer.after(2500, () => bolt.unlock());\n",
      },
    ],
  },
  {
    name: "lock-says-it-is-a-station",
    red: ["opens-with-a-right", "hello-without-an-end"],
    replacements: [
      {
        file: GREETER,
        find: "const answer = { role: ROLE_LOCK, profile: state.profile, devid };",
        replace: "const answer = { role: 3 as const, profile: state.profile, devid };",
      },
    ],
  },
  {
    name: "motor-stays-on",
    red: ["locks-itself-again"],
    replacements: [
      {
        file: "firmware/src/lock/bolt.ts",
        find: "  function rest(): void {\n    motor.stop();\n",
        replace: "  function rest(): void {\n",
      },
    ],
  },
  {
    name: "lock-never-goes-deaf",
    red: ["flood-of-sessions"],
    replacements: [
      {
        file: LOCK,
        find: "    if (!budget.spend()) return;\n",
        replace: "    budget.spend();\n",
      },
    ],
  },
  {
    name: "key-ignores-its-own-expiry",
    red: ["refuses-after-expiry"],
    replacements: [
      {
        file: "firmware/src/key/key-rings.ts",
        find: "return nowS >= ring.claims.expS ? RING_EXPIRED : 0;",
        replace: "return nowS < 0 ? RING_EXPIRED : 0;",
      },
    ],
  },
  {
    name: "key-always-enters",
    red: ["enter-and-leave"],
    replacements: [
      {
        file: LOCK_VISIT,
        find: "    if (code === 0) key.passages.note(target, op);\n",
        replace: "",
      },
    ],
  },
  {
    name: "key-keeps-no-denial",
    red: ["refuses-another-door", "denial-comes-home"],
    replacements: [
      {
        file: LOCK_VISIT,
        find: "    const shift = key.rings.ringAt(RING_SHIFT);\n    key.log.note({",
        replace:
          "    const shift = key.rings.ringAt(RING_SHIFT);\n    if (reason === NO_RIGHT) return close();\n    key.log.note({",
      },
    ],
  },
  {
    name: "key-skips-an-entry-on-the-way-home",
    red: ["exactly-once"],
    replacements: [
      {
        file: "firmware/src/key/key-log.ts",
        find: "return again > 0 ? again : store.ackedN() + 1;",
        replace: "return again > 0 ? again : store.ackedN() + 2;",
      },
    ],
  },
  {
    name: "station-forgets-its-queue",
    red: ["station-loses-all-power"],
    replacements: [
      {
        file: "firmware/src/station/upload-queue.ts",
        find: "    if (sealed !== undefined) digests.push({ seq, digest: digestOf(sealed) });\n",
        replace: "    if (sealed !== undefined) queue.free(seq);\n",
      },
    ],
  },
  {
    name: "lock-hides-a-jam",
    red: ["bolt-sticks", "bolt-sticks-at-its-end"],
    replacements: [
      {
        file: "firmware/src/lock/bolt.ts",
        find: "      fail(hasSagged ? VOLTAGE_LOW : BOLT_JAMMED);\n",
        replace: "      rest();\n",
      },
    ],
  },
  {
    name: "lock-overlooks-force",
    red: ["forced-door"],
    replacements: [
      {
        file: LOCK,
        find: "      if (isForced) appendBolt(DOOR_FORCED, 0);\n",
        replace: "      if (isForced) bolt.onPosition(BOLT_LOCKED);\n",
      },
    ],
  },
  {
    name: "lock-suspects-the-resident",
    red: ["resident-at-the-door"],
    replacements: [
      {
        file: LOCK,
        find: "isOpen && !wasDoorOpen && ports.motor.position() === BOLT_LOCKED;",
        replace: "isOpen && !wasDoorOpen && ports.motor.position() >= BOLT_LOCKED;",
      },
    ],
  },
  {
    name: "lock-guesses-the-time",
    red: ["clock-lock-asks-for-the-time", "clock-lock-loses-its-battery"],
    replacements: [
      {
        file: DECISION,
        find: "    if (clockUnknownPolicy === CLOCK_UNKNOWN_DENY) return CLOCK_UNTRUSTED;\n",
        replace: "",
      },
    ],
  },
  {
    name: "key-opens-with-a-full-log",
    red: ["full-log-stops"],
    replacements: [
      {
        file: "firmware/src/key/key.ts",
        find: "return reason === 0 && isStoppedByLog(key) ? LOG_FULL : reason;",
        replace: "return reason === LOG_FULL && isStoppedByLog(key) ? LOG_FULL : reason;",
      },
    ],
  },
];
