// SPDX-License-Identifier: EUPL-1.2

import {
  type CborValue,
  decodeCbor,
  decodeLogBatch,
  isArray,
  openObject,
  RECORD_LOG_REQUEST,
  RECORD_OBJECT,
  RECORD_WANT,
  sealingKey,
  signFloorList,
  signLockConfig,
  signLogAck,
  verifyBatch,
} from "@nyckelring/protocol";
import { BOLT_LOCKED } from "../../firmware/src/ports.ts";
import { openDeviceRecords, RECORD_LOG_STATE } from "../../firmware/src/shared/device-records.ts";
import { createLogStore } from "../../firmware/src/shared/log-store.ts";
import type { CutFlash, WearKind } from "../../firmware/test/cut-flash.ts";
import {
  AUTHORITY,
  type Contact,
  configOf,
  createRig,
  crypto,
  issuingOf,
  keyOf,
  plug,
  type Rig,
  SHIFT_S,
  secretOf,
} from "../../firmware/test/lock-rig.ts";
import { findEntries } from "../src/oracle/flash-log.ts";
import type { Broken, CutScenario, Stage } from "./cut-scenario.ts";

const PAGES = 24;
const OWNER_LOG = { firstPage: 8, pageCount: 10 };
const ENTRIES_OF_PAGE = 77;
const DAY_S = 86_400;
/** The ring of the carer in the step, and in everything before and after it. */
const STEP_RING = 77_777;
const LATER_RING = 80_000;
const PASSAGE = 1;
const GAP = 4;
const LOG_GAP = 0x0605;

const city = issuingOf();
const rotated = issuingOf("city", 2, SHIFT_S - 600);
const carer = keyOf("carer", city);
const stepHead = carer.head({ ringseq: STEP_RING, iatS: SHIFT_S - 60 });
/** Ended before the time floor of every stage: whoever opens with it went back in time. */
const endedHead = carer.head({
  ringseq: 90_000,
  iatS: SHIFT_S - 40_000,
  nbfS: SHIFT_S - 40_000,
  expS: SHIFT_S - 1000,
});

/** Numbers that a lock tells a key, none of which may ever go back. */
type Facts = {
  readonly listseq: number;
  readonly cfgseq: number;
  readonly logEpoch: number;
  readonly lastN: number;
};

type Before = {
  readonly image: Uint8Array;
  readonly facts: Facts;
  /** The first entry that may not be gone. */
  readonly firstNeeded: number;
  /** Every entry, by number. */
  readonly entries: ReadonlyMap<number, string>;
};

type LockStep = {
  readonly name: string;
  readonly isDoubled?: true;
  /** Entries in the log before the step. */
  readonly fill?: number;
  /** The issuer has acknowledged them. */
  readonly isAcknowledged?: boolean;
  /** Values are written until the step has to change halves. */
  readonly fillsRecords?: true;
  /** The page that the log goes to next is worn out in this way. */
  readonly worn?: WearKind;
  step(rig: Rig, seen: Uint8Array[]): void;
  /** Whether the step may open the door. */
  readonly opens: boolean;
  /** What is durable once the step is done. */
  readonly after?: Partial<Facts>;
  /** Whether the head of the step opens once the step is done. */
  readonly ends?: (rig: Rig) => boolean;
};

function open(rig: Rig, ringseq: number, op: 1 | 2, label: string): Contact | undefined {
  const contact = plug(rig, carer, label);
  const head = carer.head({ ringseq, iatS: SHIFT_S - 600 });
  const decision = contact.open({ op, head });
  return typeof decision === "string" || decision.code !== 0 ? undefined : contact;
}

function deliver(rig: Rig, object: Uint8Array): void {
  open(rig, LATER_RING, 2, "courier")?.record(RECORD_OBJECT, object);
}

function collect(contact: Contact, seen: Uint8Array[]): Uint8Array[] {
  const batches: Uint8Array[] = [];
  for (;;) {
    const parts: Uint8Array[] = [];
    for (let part = 0, total = 1; part < total; part += 1) {
      const answer = contact.record(RECORD_LOG_REQUEST, [part]) as CborValue[] | undefined;
      if (answer === undefined) return batches;
      total = answer[1] as number;
      if (total > 0) parts.push(answer[2] as Uint8Array);
    }
    if (parts.length === 0) return batches;
    const sealed = new Uint8Array(Buffer.concat(parts));
    seen.push(sealed);
    batches.push(sealed);
  }
}

function factsOf(contact: Contact): Facts {
  const [listseq, cfgseq, logEpoch, , lastN] = contact.record(RECORD_WANT, []) as number[];
  return {
    listseq: listseq ?? -1,
    cfgseq: cfgseq ?? -1,
    logEpoch: logEpoch ?? -1,
    lastN: lastN ?? -1,
  };
}

function floorList(): Uint8Array {
  const floors = Array.from({ length: 200 }, (_, index) => ({
    devid: new Uint8Array(8).fill(index),
    minring: 5,
  }));
  const list = {
    expS: SHIFT_S + DAY_S,
    iatS: SHIFT_S - 500,
    listseq: 9,
    ringfloor: 78_000,
    floors,
  };
  return signFloorList(list, city.ring);
}

function config(rig: Rig): Uint8Array {
  const next = configOf(city, rig.device.devid, { cfgseq: 2, groups: [7, 8, 9] });
  return signLockConfig(next, city.device);
}

function acknowledgement(rig: Rig): Uint8Array {
  // What an issuer would know that holds the whole log: the chain of every entry in flash.
  const log = ownLog(rig.flash);
  const n = log.lastN();
  const chain16 = (log.chainAt(n) ?? new Uint8Array(32)).slice(0, 16);
  const acks = [{ devid: rig.device.devid, logEpoch: 1, n, chain16 }];
  return signLogAck({ authority: AUTHORITY, acks }, city.ring);
}

function ownLog(flash: CutFlash) {
  return createLogStore(flash, OWNER_LOG, crypto, openDeviceRecords(flash), RECORD_LOG_STATE);
}

const STEPS: readonly LockStep[] = [
  ...[1, 76, 77, 300, 770, 999].map(
    (fill): LockStep => ({
      name: `open-${fill}`,
      ...(fill < 100 ? { isDoubled: true as const } : {}),
      fill,
      isAcknowledged: fill === 999,
      opens: true,
      step: (rig) => void plug(rig, carer, "step").open({ head: stepHead }),
    }),
  ),
  ...[2, 77, 770].map(
    (fill): LockStep => ({
      name: `deny-${fill}`,
      fill,
      opens: false,
      step: (rig) => void plug(rig, carer, "step").open({ head: stepHead, slot: 0 }),
    }),
  ),
  ...[2, 77].map(
    (fill): LockStep => ({
      name: `leave-${fill}`,
      fill,
      opens: false,
      step: (rig) => void plug(rig, carer, "step").open({ head: stepHead, op: 2 }),
    }),
  ),
  ...[768, 769, 771].map(
    (fill): LockStep => ({
      name: `log-wrap-${fill}`,
      isDoubled: true,
      fill,
      opens: true,
      step(rig) {
        for (const label of ["one", "two", "three"]) {
          plug(rig, carer, label).open({ head: stepHead });
          rig.pass(8000);
        }
      },
    }),
  ),
  ...[3, 40, 77].map(
    (fill): LockStep => ({
      name: `log-read-${fill}`,
      fill,
      opens: false,
      step(rig, seen) {
        const contact = open(rig, LATER_RING, 2, "reader");
        if (contact !== undefined) collect(contact, seen);
      },
    }),
  ),
  ...[5, 80].map(
    (fill): LockStep => ({
      name: `ack-${fill}`,
      fill,
      opens: false,
      step: (rig) => deliver(rig, acknowledgement(rig)),
    }),
  ),
  {
    name: "time-floor",
    fill: 4,
    opens: false,
    step: (rig) => void plug(rig, carer, "step").open({ head: stepHead, op: 2 }),
  },
  {
    name: "configuration",
    fill: 4,
    opens: false,
    after: { cfgseq: 2 },
    step: (rig) => deliver(rig, config(rig)),
  },
  {
    name: "rotation",
    isDoubled: true,
    fill: 4,
    opens: false,
    step(rig) {
      for (const certificate of rotated.certificates) deliver(rig, certificate);
    },
    // After it nothing that the old key has signed opens.
    ends: (rig) => {
      const decision = plug(rig, carer, "old key").open({ head: stepHead });
      return typeof decision !== "string" && decision.code === 0;
    },
  },
  {
    name: "floor-list",
    fill: 4,
    opens: false,
    after: { listseq: 9 },
    step: (rig) => deliver(rig, floorList()),
    ends: (rig) => {
      const decision = plug(rig, carer, "revoked").open({ head: stepHead });
      return typeof decision !== "string" && decision.code === 0;
    },
  },
  {
    name: "compaction",
    isDoubled: true,
    fill: 4,
    fillsRecords: true,
    opens: true,
    step: (rig) => void plug(rig, carer, "step").open({ head: stepHead }),
  },
  {
    name: "compaction-configuration",
    fill: 4,
    fillsRecords: true,
    opens: false,
    after: { cfgseq: 2 },
    step: (rig) => deliver(rig, config(rig)),
  },
  ...(["no-program", "no-erase", "stuck-bits"] as const).map(
    (worn): LockStep => ({
      name: `wear-${worn}`,
      fill: 76,
      worn,
      opens: true,
      step(rig) {
        for (const label of ["one", "two"]) {
          plug(rig, carer, label).open({ head: stepHead });
          rig.pass(8000);
        }
      },
    }),
  ),
];

const prepared = new Map<LockStep, Before>();

function prepare(step: LockStep): Before {
  const known = prepared.get(step);
  if (known !== undefined) return known;
  const rig = createRig({ pages: PAGES });
  const log = ownLog(rig.flash);
  const peer = new Uint8Array(8).fill(3);
  const fields = { tS: SHIFT_S - 5000, tq: 0, kind: PASSAGE, op: 1 as const, reason: 0, peer };
  while (log.lastN() < (step.fill ?? 0) - 1) {
    log.append({ ...fields, ring: 1, target: 1 });
    const n = log.lastN();
    if (step.isAcknowledged) log.acknowledge(n, (log.chainAt(n) ?? peer).slice(0, 16));
  }
  rig.boot();
  const contact = open(rig, 70_000, 2, "before");
  if (contact === undefined) throw new Error("the lock does not open before the step");
  const facts = factsOf(contact);
  rig.cutPower();
  if (step.fillsRecords) fillRecords(rig, step);
  const image = rig.flash.image();
  const firstNeeded = step.isAcknowledged ? facts.lastN : 1;
  const before = { image, facts, firstNeeded, entries: entriesIn(rig.flash) };
  prepared.set(step, before);
  return before;
}

/** Writes a value again and again until the step is what changes the halves of the records. */
function fillRecords(rig: Rig, step: LockStep): void {
  for (let round = 0; round < 600; round += 1) {
    openDeviceRecords(rig.flash).write(47, new Uint8Array(40).fill(round));
    if (round < 150) continue;
    const probe = createRig({ pages: PAGES });
    probe.flash.restore(rig.flash.image());
    probe.boot();
    const erases = probe.flash.erases.slice(0, 8).join();
    step.step(probe, []);
    if (probe.flash.erases.slice(0, 8).join() !== erases) return;
  }
  throw new Error("the halves of the records never changed");
}

/** Entries in the owner's pages, the last find of a number; see the oracle's own reader. */
function entriesIn(flash: CutFlash): Map<number, string> {
  const entries = new Map<number, string>();
  for (const [n, finds] of findAll(flash)) entries.set(n, finds.at(-1)?.bytes ?? "");
  return entries;
}

function findAll(flash: CutFlash) {
  const image = flash.image();
  const pages = Array.from({ length: OWNER_LOG.pageCount }, (_, index) => {
    const start = (OWNER_LOG.firstPage + index) * flash.pageBytes;
    return image.slice(start, start + flash.pageBytes);
  });
  return findEntries(pages);
}

function stageOf(step: LockStep, seed: number): Stage {
  const before = prepare(step);
  const rig = createRig({ pages: PAGES, seed });
  const seen: Uint8Array[] = [];
  let steps = 0;
  let opened = 0;
  const broken: Broken[] = [];
  rig.flash.restore(before.image);
  if (step.worn !== undefined) {
    const next = OWNER_LOG.firstPage + Math.floor((step.fill ?? 0) / ENTRIES_OF_PAGE) + 1;
    rig.flash.wearOut(next, step.worn);
  }
  rig.boot();
  rig.events.length = 0;

  function reboot(): void {
    if (rig.turning() !== "stop" && !rig.events.includes("unlock")) {
      broken.push({ invariant: "I7 door-safe", text: "the motor turned without a command" });
    }
    opened += rig.events.filter((event) => event === "unlock").length;
    rig.events.length = 0;
    rig.cutPower();
    rig.turnByHand(BOLT_LOCKED);
    rig.boot();
  }

  return {
    flash: rig.flash,
    step() {
      steps += 1;
      step.step(rig, seen);
      rig.pass(8000);
    },
    reboot,
    judge(isDone) {
      judgeOpenings(rig, step, before, { steps, opened, isDone }, broken);
      judgeAfter(rig, step, isDone, broken);
      const facts = judgeFacts(rig, step, before, isDone, broken);
      judgeLog(rig, before, facts, seen, broken);
      judgeNonces(seen, broken);
      return broken;
    },
  };
}

/** I1 and I2 at the door: no opening that was not to be, none without its entry. */
function judgeOpenings(
  rig: Rig,
  step: LockStep,
  before: Before,
  told: { readonly steps: number; readonly opened: number; readonly isDone: boolean },
  broken: Broken[],
): void {
  let grants = 0;
  let passages = 0;
  for (const [n, finds] of findAll(rig.flash)) {
    if (n <= before.facts.lastN) continue;
    const own = finds.filter(({ entry }) => entry.kind === PASSAGE && entry.ring === STEP_RING);
    if (own.length > 0) passages += 1;
    if (own.some(({ entry }) => entry.reason === 0 && entry.op === 1)) grants += 1;
  }
  if (!step.opens && told.opened > 0) {
    broken.push({
      invariant: "I1 no-unauth",
      text: `${told.opened} openings by a step without one`,
    });
  }
  if (told.opened > grants) {
    const text = `${told.opened} openings and ${grants} entries of them in flash`;
    broken.push({ invariant: "I2 nothing-lost", text });
  }
  const isAtDoor = step.name.startsWith("deny") || step.name.startsWith("open");
  if (told.isDone && isAtDoor && passages === 0) {
    broken.push({ invariant: "I2 nothing-lost", text: "the step is done and left no entry" });
  }
}

/** I4 and I5: the lock talks, and no number of it went back. */
function judgeFacts(
  rig: Rig,
  step: LockStep,
  before: Before,
  isDone: boolean,
  broken: Broken[],
): Facts {
  const contact = open(rig, LATER_RING, 2, "facts") ?? openRotated(rig);
  if (contact === undefined) {
    broken.push({ invariant: "I4 no-brick", text: "an honest key is not heard after the cut" });
    return before.facts;
  }
  const facts = factsOf(contact);
  for (const name of ["listseq", "cfgseq", "logEpoch", "lastN"] as const) {
    const least = isDone ? (step.after?.[name] ?? before.facts[name]) : before.facts[name];
    const isOther = name === "logEpoch" && facts.logEpoch !== before.facts.logEpoch;
    if (facts[name] < least || isOther) {
      const text = `${name} is ${facts[name]} and was ${least} before the cut`;
      broken.push({ invariant: "I5 monotonic", text });
    }
  }
  return facts;
}

/** I1, I3 and I5 behind the cut: what has ended opens nothing, an honest key opens. */
function judgeAfter(rig: Rig, step: LockStep, isDone: boolean, broken: Broken[]): void {
  // A lock that has seen an honest key knows the time; what counts is what it knew before.
  rig.cutPower();
  rig.boot();
  rig.events.length = 0;
  const ended = plug(rig, carer, "ended").open({ head: endedHead });
  if ((typeof ended !== "string" && ended.code === 0) || rig.events.includes("unlock")) {
    broken.push({ invariant: "I5 monotonic", text: "a ring that had ended opens again" });
  }
  if (isDone && step.ends?.(rig) === true) {
    broken.push({ invariant: "I5 monotonic", text: "what the step took back opens again" });
  }
  rig.events.length = 0;
  const again = open(rig, LATER_RING, 1, "honest") ?? openRotated(rig);
  if (again === undefined || !rig.events.includes("unlock")) {
    broken.push({ invariant: "I4 no-brick", text: "an honest key does not open after the cut" });
  }
  rig.pass(8000);
}

/** After a rotation the carer's key has a head of the new issuing key, and its certificate. */
function openRotated(rig: Rig): Contact | undefined {
  const contact = plug(rig, carer, "rotated");
  const head = carer.head({ ringseq: LATER_RING, iatS: SHIFT_S - 300 }, rotated.ring);
  const decision = contact.open({ head });
  return typeof decision === "string" || decision.code !== 0 ? undefined : contact;
}

/** I2 in the log: what was committed is there with the same octets, or a gap record tells of it. */
function judgeLog(
  rig: Rig,
  before: Before,
  facts: Facts,
  seen: Uint8Array[],
  broken: Broken[],
): void {
  const contact = open(rig, LATER_RING, 2, "collector") ?? openRotated(rig);
  if (contact !== undefined) collect(contact, seen);
  const finds = findAll(rig.flash);
  const covered = new Set<number>();
  for (const [n, found] of finds) {
    covered.add(n);
    for (const { entry } of found) {
      if (entry.kind !== GAP || entry.reason !== LOG_GAP) continue;
      for (let lost = 0; lost < entry.target; lost += 1) covered.add(entry.ring + lost);
    }
  }
  // What the issuer has acknowledged may be gone.
  for (let n = before.firstNeeded; n <= facts.lastN; n += 1) {
    if (!covered.has(n)) {
      broken.push({
        invariant: "I2 nothing-lost",
        text: `entry ${n} is gone without a gap record`,
      });
      return;
    }
  }
  // What is handed out is what was committed, and nothing in between is left out.
  const sealed = seen.at(-1);
  const handed = sealed === undefined ? [] : entriesOfBatch(rig, sealed);
  for (const [index, { n, bytes }] of handed.entries()) {
    const was = before.entries.get(n);
    if (was === undefined ? n <= before.facts.lastN : was !== bytes) {
      broken.push({ invariant: "I2 nothing-lost", text: `entry ${n} is not what was committed` });
      return;
    }
    if (index > 0 && n !== (handed[index - 1]?.n ?? 0) + 1) {
      broken.push({ invariant: "I2 nothing-lost", text: `a batch skips to entry ${n}` });
      return;
    }
  }
  if (contact !== undefined && handed.length === 0) {
    broken.push({ invariant: "I2 nothing-lost", text: "the lock hands out nothing" });
  }
}

/** Opens a batch as the issuer does, signature and chain included. */
function entriesOfBatch(rig: Rig, sealed: Uint8Array): { n: number; bytes: string }[] {
  const agreement = crypto.importAgreementKey(secretOf("city agreement"));
  const shared = agreement.agree(rig.device.agreementPublicKey);
  const key = crypto.importVerificationKey(rig.device.signingPublicKey);
  if (!shared.ok || !key.ok) throw new Error("keys of the issuer");
  const opened = openObject(crypto, sealed, (devid) => sealingKey(crypto, shared.value, devid));
  const batch = opened.ok ? decodeLogBatch(opened.value.plaintext) : undefined;
  if (batch?.ok !== true) return [];
  const kid = crypto.hash(rig.device.signingPublicKey).slice(0, 4);
  const verified = verifyBatch(crypto, batch.value, { kid, key: key.value });
  if (!verified.ok) return [];
  return verified.value.entries.map(({ entry }, index) => ({
    n: entry.n,
    bytes: Buffer.from(batch.value.entries[index] ?? []).toString("hex"),
  }));
}

/** No two sealed batches under one nonce. */
function judgeNonces(seen: readonly Uint8Array[], broken: Broken[]): void {
  const byNonce = new Map<string, string>();
  for (const sealed of seen) {
    const object = decodeCbor(sealed);
    if (!object.ok || !isArray(object.value)) continue;
    const [head, , ciphertext] = object.value;
    const nonce = Buffer.from(head as Uint8Array).toString("hex");
    const text = Buffer.from(ciphertext as Uint8Array).toString("hex");
    const known = byNonce.get(nonce);
    if (known !== undefined && known !== text) {
      broken.push({ invariant: "I1 no-unauth", text: "two batches are sealed under one nonce" });
    }
    byNonce.set(nonce, text);
  }
}

/** Every step of a lock. */
export const LOCK_SCENARIOS: readonly CutScenario[] = STEPS.map((step) => ({
  device: "lock",
  name: step.name,
  isDoubled: step.isDoubled === true,
  stage: (seed) => stageOf(step, seed),
}));
