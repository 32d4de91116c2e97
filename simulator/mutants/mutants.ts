// SPDX-License-Identifier: EUPL-1.2

/** One place in a source file, and what stands there instead; it must be there exactly once. */
export type Replacement = {
  /** Path from the root of the repository. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
};

/**
 * A planted defect. It lives here and never in product source; a run with it must go red and name
 * the promise that it breaks, or the oracle is blind.
 */
export type Mutant = {
  readonly name: string;
  readonly breaks: string;
  /** Hour of the first day at which the defect has had its chance. */
  readonly untilHour: number;
  readonly replacements: readonly Replacement[];
};

const DECISION = "protocol/src/session/access-decision.ts";
const LOCK = "firmware/src/lock/door-lock.ts";
const MEMORY_STORE = "issuer/domain/src/memory-store.ts";
const LOCK_VISIT = "firmware/src/key/lock-visit.ts";

/** All planted defects. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: "lock-skips-expiry",
    breaks: "I1 no-unauth",
    untilHour: 30,
    replacements: [
      {
        file: DECISION,
        find: "if (expS <= timeFloorS() || expS <= nbfS || expS <= iatS) return RING_EXPIRED;",
        replace: "if (expS <= nbfS || expS <= iatS) return RING_EXPIRED;",
      },
    ],
  },
  {
    name: "lock-ignores-floors",
    breaks: "I1 no-unauth",
    untilHour: 20,
    replacements: [
      {
        file: DECISION,
        find: "return shown.ringseq < minring ? KEY_REVOKED : GRANTED;",
        replace: "return minring < 0 ? KEY_REVOKED : GRANTED;",
      },
    ],
  },
  {
    // An honest key shows no leaf of another door, so the key has to lie as well.
    name: "lock-ignores-the-door",
    breaks: "I1 no-unauth",
    untilHour: 10,
    replacements: [
      {
        file: DECISION,
        find: "if (kind === LEAF_DOOR) return target === door;",
        replace: "if (kind === LEAF_DOOR) return target > 0 || door > 0;",
      },
      {
        file: LOCK_VISIT,
        find: "if (byDoor >= 0) return { ring, slot: byDoor };",
        replace: "return { ring, slot: byDoor >= 0 ? byDoor : 0 };",
      },
    ],
  },
  {
    name: "key-ignores-its-own-expiry",
    breaks: "I1 no-unauth",
    untilHour: 17,
    replacements: [
      {
        file: "firmware/src/key/key-rings.ts",
        find: "return nowS >= ring.claims.expS ? RING_EXPIRED : 0;",
        replace: "return nowS < 0 ? RING_EXPIRED : 0;",
      },
    ],
  },
  {
    name: "lock-forgets-an-entry",
    breaks: "I2 nothing-lost",
    untilHour: 10,
    replacements: [
      {
        file: LOCK,
        find: "    const lockseq = log().append({",
        replace: "    const lockseq = log().lastN() % 3 === 2 ? log().lastN() : log().append({",
      },
    ],
  },
  {
    // Says that all is stored and keeps six entries of seven, as a volatile cache may.
    name: "issuer-acknowledges-before-commit",
    breaks: "I2 nothing-lost",
    untilHour: 17,
    replacements: [
      {
        file: MEMORY_STORE,
        find: "    entries.push(entry);\n",
        replace: "    if (entry.n % 7 !== 3) entries.push(entry);\n",
      },
    ],
  },
  {
    name: "issuer-stores-twice",
    breaks: "I2 nothing-lost",
    untilHour: 17,
    replacements: [
      {
        file: "issuer/domain/src/log-intake.ts",
        find: "if (store.entry(devid, logEpoch, entry.n) !== undefined) continue;",
        replace: "if (entry.n < 1) continue;",
      },
      {
        file: MEMORY_STORE,
        find: "      assert(!change.entries.some((entry) => byName.has(nameOf(entry))), STATE_CONFLICT);\n",
        replace: "",
      },
    ],
  },
  {
    name: "motor-stays-on",
    breaks: "I7 door-safe",
    untilHour: 9,
    replacements: [
      {
        file: "firmware/src/lock/bolt.ts",
        find: "  function rest(): void {\n    motor.stop();\n",
        replace: "  function rest(): void {\n",
      },
    ],
  },
];

/**
 * Changed keys in the hands of an attacker. They are no defects of ours: a run with one of them must
 * stay green, because the lock stops what the key no longer does.
 */
export const HOSTILE_KEYS: readonly Mutant[] = [
  {
    name: "key-shows-a-leaf-of-another-door",
    breaks: "nothing",
    untilHour: 10,
    replacements: [
      {
        file: LOCK_VISIT,
        find: "if (byDoor >= 0) return { ring, slot: byDoor };",
        replace: "return { ring, slot: byDoor >= 0 ? byDoor : 0 };",
      },
    ],
  },
];

/** A planted defect of the stores, and the steps at whose power cuts it has to show. */
export type CutMutant = {
  readonly name: string;
  readonly breaks: string;
  readonly scenarios: readonly string[];
  readonly replacements: readonly Replacement[];
};

const SHARED = "firmware/src/shared";

/** Planted defects that only a power cut, a boot or a long log brings to light. */
export const CUT_MUTANTS: readonly CutMutant[] = [
  {
    name: "ring-written-in-place",
    breaks: "I3 no-lockout",
    scenarios: ["key/ring-swap"],
    replacements: [
      {
        file: "firmware/src/key/ring-store.ts",
        find: "const area = active === undefined ? 0 : 1 - activeArea;",
        replace: "const area = active === undefined ? 0 : activeArea;",
      },
    ],
  },
  {
    name: "crc-not-checked-on-read",
    breaks: "I2 nothing-lost",
    scenarios: ["lock/open-76", "lock/log-wrap-768", "lock/leave-77"],
    replacements: [
      {
        file: `${SHARED}/page-journal.ts`,
        find: "  if (syndrome !== 0) {",
        replace: "  if (syndrome !== 0 && bytes < 0) {",
      },
    ],
  },
  {
    name: "erase-before-copy",
    breaks: "I4 no-brick",
    scenarios: ["lock/compaction"],
    replacements: [
      {
        file: `${SHARED}/record-store.ts`,
        find: "active = blankHalf(1 - old.half, old.generation + 1);",
        replace: "active = blankHalf(old.half, old.generation + 1);",
      },
    ],
  },
  {
    name: "time-floor-in-memory-only",
    breaks: "I5 monotonic",
    scenarios: ["lock/time-floor"],
    replacements: [
      {
        file: `${SHARED}/time-floor.ts`,
        find: "      records.writeTwice(id, value);\n",
        replace: "",
      },
    ],
  },
  {
    name: "entry-after-the-motor",
    breaks: "I2 nothing-lost",
    scenarios: ["lock/open-1", "lock/open-300"],
    replacements: [
      {
        file: LOCK,
        find: "    const isHeadNewer = time.tq === TIME_FLOOR_ONLY && headIatS > time.tS;\n",
        replace:
          "    const isHeadNewer = time.tq === TIME_FLOOR_ONLY && headIatS > time.tS;\n" +
          "    if (decision === GRANTED && door.op === OP_ENTER) bolt.unlock();\n",
      },
    ],
  },
  {
    name: "every-thousandth-entry-dropped",
    breaks: "I2 nothing-lost",
    scenarios: ["lock/open-999"],
    replacements: [
      {
        file: `${SHARED}/log-ring.ts`,
        find: "      return appendEntry(fields, isDenial ? KIND_DENIAL : KIND_ENTRY);",
        replace:
          "      if (ends.lastN % 1000 === 999) return ends.lastN + 1;\n" +
          "      return appendEntry(fields, isDenial ? KIND_DENIAL : KIND_ENTRY);",
      },
    ],
  },
  {
    name: "nonce-used-again-after-a-boot",
    breaks: "I1 no-unauth",
    scenarios: ["lock/log-read-3"],
    replacements: [
      {
        file: `${SHARED}/nonce-counter.ts`,
        find: "  let upcoming = reserved;",
        replace: "  let upcoming = 0;",
      },
    ],
  },
  {
    // Says that a batch is stored and keeps it in memory.
    name: "queue-in-memory-only",
    breaks: "I2 nothing-lost",
    scenarios: ["station/compaction"],
    replacements: [
      {
        file: "firmware/src/station/upload-queue.ts",
        find: "      if (!queue.append(seq, sealed)) return FLASH_FULL;",
        replace: "      if (seq < 0 && !queue.append(seq, sealed)) return FLASH_FULL;",
      },
    ],
  },
];
