// SPDX-License-Identifier: EUPL-1.2

import { SIGNAL_GRANTED, SIGNAL_NEEDS_SYNC } from "@nyckelring/firmware";
import {
  DOWN_OBJECTS,
  type DownMessage,
  decodeCbor,
  type Entry,
  isArray,
  type Leaf,
} from "@nyckelring/protocol";
import { keyLayout } from "../../firmware/src/key/key-layout.ts";
import { LINK_LAN } from "../../firmware/src/ports.ts";
import {
  openDeviceRecords,
  RECORD_AREA,
  RECORD_LOG_STATE,
} from "../../firmware/src/shared/device-records.ts";
import { createLogStore } from "../../firmware/src/shared/log-store.ts";
import type { CutFlash, WearKind } from "../../firmware/test/cut-flash.ts";
import { createBench, manyRights, RIGHTS } from "../../firmware/test/key-bench.ts";
import { createRig, crypto, issuingOf, type Rig, SHIFT_S } from "../../firmware/test/lock-rig.ts";
import { findEntries } from "../src/oracle/flash-log.ts";
import type { Broken, CutScenario, Stage } from "./cut-scenario.ts";

/** The smallest flash of a key: four pages of log, so that a step can wrap it. */
const KEY_PAGES = 66;
const STATION_PAGES = 24;
/** A record that no role has, to fill the records with. */
const FILLER_ID = 47;

const ROTATED = issuingOf("city", 2, SHIFT_S - 600);

type Bench = ReturnType<typeof createBench>;

type BenchStep = {
  readonly name: string;
  readonly isDoubled?: true;
  /** Entries that the key's log gets before the step. */
  readonly fill?: number;
  /** Values are written until the step has to change halves. */
  readonly fillsRecords?: true;
  /** The page that the key's log goes to next is worn out in this way. */
  readonly worn?: WearKind;
  /** From the step on the issuer has new keys. */
  readonly rotates?: true;
  /** What came before; everybody has power. */
  prepare?(bench: Bench, rig: Rig): void;
  step(bench: Bench, rig: Rig): void;
};

function rightsWith(bench: Bench, rights: readonly Leaf[], floors?: Uint8Array): void {
  const slots = bench.issuer.rights(rights).bundles;
  if (floors === undefined) {
    bench.answerWithRing(slots);
    return;
  }
  const { bundles } = bench.issuer.ring(
    bench.issuer.slots(),
    { needlist: 3 },
    { from: [], floors },
  );
  bench.answerWithRing(bundles);
}

/** Certificates first, as an issuer gives them, then a ring of the new key. */
function answerRotated(bench: Bench): void {
  const { bundles } = bench.issuer.rights(RIGHTS);
  bench.answerWith((present) => {
    const { devid, nonce } = present;
    const objects = [...ROTATED.certificates, bench.issuer.grant(nonce, SHIFT_S)];
    const downs: DownMessage[] = [{ type: DOWN_OBJECTS, devid, objects }];
    return downs.concat(bundles.map((_, part) => bench.issuer.bundleDown(bundles, part)));
  });
}

function preSign(bench: Bench): void {
  const { bundles } = bench.issuer.rights(RIGHTS);
  for (const part of bundles.keys()) bench.station.down(bench.issuer.bundleDown(bundles, part, 1));
}

function readied(bench: Bench): void {
  rightsWith(bench, RIGHTS);
  bench.sync();
}

const KEY_STEPS: readonly BenchStep[] = [
  { name: "ring-first", isDoubled: true, step: (bench) => readied(bench) },
  {
    name: "ring-swap",
    isDoubled: true,
    prepare: readied,
    step(bench) {
      rightsWith(bench, [...RIGHTS, ...manyRights(90)]);
      bench.sync();
    },
  },
  {
    name: "ring-renewed",
    prepare: readied,
    step(bench) {
      rightsWith(bench, RIGHTS);
      bench.sync();
    },
  },
  {
    name: "floor-list",
    prepare: readied,
    step(bench) {
      rightsWith(bench, RIGHTS, bench.issuer.floors(3));
      bench.sync();
    },
  },
  {
    name: "rotation",
    isDoubled: true,
    rotates: true,
    prepare: readied,
    step(bench) {
      Object.assign(bench.issuing, ROTATED);
      answerRotated(bench);
      bench.sync();
    },
  },
  {
    name: "log-read",
    fill: 40,
    prepare: readied,
    step(bench) {
      bench.setAcknowledging(false);
      bench.sync();
      bench.setAcknowledging(true);
    },
  },
  { name: "ack", fill: 100, prepare: readied, step: (bench) => bench.sync() },
  { name: "open", isDoubled: true, prepare: readied, step: (bench, rig) => bench.visit(rig) },
  {
    name: "leave",
    prepare(bench, rig) {
      readied(bench);
      bench.visit(rig);
    },
    step: (bench, rig) => bench.visit(rig),
  },
  {
    name: "deny",
    prepare(bench) {
      rightsWith(bench, manyRights(3));
      bench.sync();
    },
    step: (bench, rig) => bench.visit(rig),
  },
  ...[75, 76, 305, 306, 307].map(
    (fill): BenchStep => ({
      name: `log-wrap-${fill}`,
      ...(fill === 306 ? { isDoubled: true as const } : {}),
      fill,
      prepare: readied,
      step(bench, rig) {
        bench.visit(rig);
        bench.visit(rig);
      },
    }),
  ),
  {
    name: "compaction",
    isDoubled: true,
    fillsRecords: true,
    prepare: readied,
    step(bench, rig) {
      bench.visit(rig);
      bench.sync();
    },
  },
  ...(["no-program", "no-erase", "stuck-bits"] as const).map(
    (worn): BenchStep => ({
      name: `wear-${worn}`,
      fill: 76,
      worn,
      prepare: readied,
      step(bench, rig) {
        bench.visit(rig);
        bench.visit(rig);
      },
    }),
  ),
];

const STATION_STEPS: readonly BenchStep[] = [
  {
    name: "upload",
    isDoubled: true,
    prepare(bench, rig) {
      readied(bench);
      bench.visit(rig);
      bench.station.setLinks([]);
    },
    step: (bench) => bench.sync(),
  },
  {
    name: "upload-online",
    prepare(bench, rig) {
      readied(bench);
      bench.visit(rig);
    },
    step: (bench) => bench.sync(),
  },
  {
    name: "ack",
    isDoubled: true,
    prepare(bench, rig) {
      readied(bench);
      bench.station.setLinks([]);
      for (let round = 0; round < 3; round += 1) {
        bench.visit(rig);
        bench.sync();
      }
    },
    step(bench) {
      bench.station.setLinks([LINK_LAN]);
      bench.settle();
      bench.pass(1000);
    },
  },
  { name: "ring-signed-in-advance", prepare: readied, step: (bench) => preSign(bench) },
  {
    name: "ring-released",
    prepare(bench) {
      readied(bench);
      preSign(bench);
      bench.station.setLinks([]);
    },
    step: (bench) => bench.sync(),
  },
  {
    name: "ring-swap",
    prepare(bench) {
      readied(bench);
      preSign(bench);
    },
    step: (bench) => preSign(bench),
  },
  ...[20, 40].map(
    (fill): BenchStep => ({
      name: `queue-wrap-${fill}`,
      isDoubled: true,
      prepare(bench, rig) {
        readied(bench);
        for (let round = 0; round < fill; round += 1) {
          if (round % 4 === 0) bench.visit(rig);
          bench.sync();
        }
        bench.station.setLinks([]);
      },
      step(bench, rig) {
        bench.visit(rig);
        bench.sync();
      },
    }),
  ),
  {
    name: "compaction",
    isDoubled: true,
    fillsRecords: true,
    prepare: readied,
    step: (bench) => bench.sync(),
  },
];

function victimOf(bench: Bench, device: "key" | "station"): CutFlash {
  return device === "key" ? bench.key.flash : bench.station.flash;
}

/** Sets the stage up to the step; the same each time. */
function setUp(step: BenchStep, device: "key" | "station", seed: number, fillers: number) {
  const bench = createBench({ keyPages: KEY_PAGES, stationPages: STATION_PAGES, seed });
  const rig = createRig();
  const sealed: Uint8Array[] = [];
  const broken: Broken[] = [];
  watchIntake(bench, sealed, broken);
  step.prepare?.(bench, rig);
  if (step.fill !== undefined) {
    fillLog(bench.key.flash, step.fill);
    bench.key.boot();
  }
  const flash = victimOf(bench, device);
  for (let count = 0; count < fillers; count += 1) {
    openDeviceRecords(flash).write(FILLER_ID, new Uint8Array(40).fill(count));
  }
  if (fillers > 0) {
    bench.key.boot();
    bench.station.boot();
  }
  if (step.worn !== undefined) {
    const layout = keyLayout(flash.pageBytes, flash.pageCount);
    flash.wearOut((layout?.log.firstPage ?? 0) + 1, step.worn);
  }
  return { bench, rig, sealed, broken };
}

function fillLog(flash: CutFlash, fill: number): void {
  const layout = keyLayout(flash.pageBytes, flash.pageCount);
  if (layout === undefined) throw new Error("no layout");
  const log = createLogStore(flash, layout.log, crypto, openDeviceRecords(flash), RECORD_LOG_STATE);
  const peer = new Uint8Array(8).fill(9);
  const fields = { tS: SHIFT_S - 4000, tq: 0, kind: 1, op: 1 as const, reason: 0, peer, ring: 1 };
  while (log.lastN() < fill) log.append({ ...fields, target: 4000 });
}

/** Notes what the issuer is given, and objects to one number with two contents. */
function watchIntake(bench: Bench, sealed: Uint8Array[], broken: Broken[]): void {
  const known = new Map<number, string>();
  const commit = bench.issuer.commit;
  bench.issuer.commit = (bytes) => {
    sealed.push(bytes);
    const fresh = commit(bytes);
    for (const entry of bench.issuer.entries()) {
      const text = textOf(entry);
      if ((known.get(entry.n) ?? text) !== text) {
        broken.push({ invariant: "I2 nothing-lost", text: `entry ${entry.n} has two contents` });
      }
      known.set(entry.n, text);
    }
    return fresh;
  };
}

function textOf(entry: Entry): string {
  return `${entry.tS} ${entry.kind} ${entry.op} ${entry.reason} ${entry.ring} ${entry.target}`;
}

/** How many fillers it takes until the step changes the halves of the records. */
const fillersOf = new Map<BenchStep, number>();

const erasesOfRecords = (flash: CutFlash) => flash.erases.slice(0, RECORD_AREA.pageCount).join();

function fillersFor(step: BenchStep, device: "key" | "station"): number {
  if (step.fillsRecords !== true) return 0;
  const known = fillersOf.get(step);
  if (known !== undefined) return known;
  // Room for the last filler is room for the first record of a boot or of the step.
  for (let fillers = roomFor(step, device); fillers > 0; fillers -= 1) {
    const { bench, rig } = setUp(step, device, 1, fillers);
    const flash = victimOf(bench, device);
    const before = erasesOfRecords(flash);
    step.step(bench, rig);
    if (erasesOfRecords(flash) !== before) {
      fillersOf.set(step, fillers);
      return fillers;
    }
  }
  throw new Error(`${device}/${step.name}: the halves of the records never changed`);
}

/** Fillers that go in before the halves change by themselves. */
function roomFor(step: BenchStep, device: "key" | "station"): number {
  const flash = victimOf(setUp(step, device, 1, 0).bench, device);
  const before = erasesOfRecords(flash);
  const records = openDeviceRecords(flash);
  let fillers = 0;
  while (erasesOfRecords(flash) === before) {
    records.write(FILLER_ID, new Uint8Array(40).fill(fillers));
    fillers += 1;
  }
  return fillers - 1;
}

function stageOf(step: BenchStep, device: "key" | "station", seed: number): Stage {
  const { bench, rig, sealed, broken } = setUp(step, device, seed, fillersFor(step, device));
  const entries = entriesOf(bench.key.flash);
  const ringseq = bench.key.role().status().ringseq;
  return {
    flash: victimOf(bench, device),
    step: () => step.step(bench, rig),
    reboot() {
      // The other side sees the plug go; the one without power sees nothing.
      if (device === "key") {
        bench.key.boot();
        bench.station.role().onContact(false);
      } else {
        bench.key.role().onContact(false, false);
        bench.station.boot();
      }
      rig.cutPower();
    },
    judge(isDone) {
      const now = bench.key.role().status().ringseq;
      // A step that is tried again gives a newer ring; any of those since the start may stand.
      if (now < ringseq || now > bench.issuer.ringseq()) {
        broken.push({ invariant: "I5 monotonic", text: `the key holds ring ${now}` });
      }
      if (isDone && step.name.startsWith("ring") && device === "key" && now === ringseq) {
        broken.push({ invariant: "I5 monotonic", text: "the sync is done and the ring is old" });
      }
      // Old or new, the ring in use opens before anybody helps; unless the key says that it needs a
      // sync, because anchors are new, or a floor list is missing that its ring demands.
      const needsSync = bench.key.lastSignal() === SIGNAL_NEEDS_SYNC || step.rotates === true;
      const isCutShort = step.name === "floor-list" && !isDone;
      if (now > 0 && !needsSync && !isCutShort && step.name !== "deny") {
        judgeDoor(bench, rig, broken);
      }
      bringHome(bench, step.rotates === true);
      judgeHome(bench, entries, broken);
      judgeDoor(bench, rig, broken);
      judgeNonces(sealed, broken);
      return broken;
    },
  };
}

/** Everything goes home: link, issuer, and as many syncs as a full log takes. */
function bringHome(bench: Bench, rotates: boolean): void {
  bench.setAcknowledging(true);
  bench.station.setLinks([]);
  bench.station.setLinks([LINK_LAN]);
  bench.settle();
  bench.pass(1000);
  // A ring from nothing: what the key holds now is its own business.
  bench.issuer.forgetSlots();
  if (rotates) answerRotated(bench);
  else rightsWith(bench, RIGHTS);
  for (let sync = 0; sync < 6; sync += 1) {
    bench.sync();
    if (sync > 0 && bench.key.role().status().unacknowledged === 0) return;
  }
}

function judgeHome(bench: Bench, before: ReadonlyMap<number, string>, broken: Broken[]): void {
  const status = bench.key.role().status();
  if (status.ringseq !== bench.issuer.ringseq()) {
    const text = `ring ${status.ringseq} instead of ${bench.issuer.ringseq()} after honest syncs`;
    broken.push({ invariant: "I4 no-brick", text });
  }
  const left = status.unacknowledged + status.carried + bench.station.role().status().queued;
  if (left > 0) {
    const text = `${status.unacknowledged} entries, ${status.carried} batches, ${bench.station.role().status().queued} uploads stay for ever`;
    broken.push({ invariant: "I2 nothing-lost", text });
  }
  const home = new Map(bench.issuer.entries().map((entry) => [entry.n, entry]));
  const lastN = Math.max(0, ...home.keys());
  const covered = new Set<number>(home.keys());
  for (const { kind, reason, ring, target } of home.values()) {
    if (kind !== 4 || reason !== 0x0605) continue;
    for (let lost = 0; lost < target; lost += 1) covered.add(ring + lost);
  }
  for (let n = 1; n <= lastN; n += 1) {
    if (covered.has(n)) continue;
    broken.push({ invariant: "I2 nothing-lost", text: `entry ${n} never came home` });
    return;
  }
  for (const [n, text] of before) {
    const entry = home.get(n);
    if (entry !== undefined && textOf(entry) !== text) {
      broken.push({ invariant: "I2 nothing-lost", text: `entry ${n} came home altered` });
      return;
    }
  }
}

/** A key that was cut opens after the next sync. */
function judgeDoor(bench: Bench, rig: Rig, broken: Broken[]): void {
  const from = bench.key.signals.length;
  bench.visit(rig);
  if (!bench.key.signals.slice(from).includes(SIGNAL_GRANTED)) {
    broken.push({
      invariant: "I3 no-lockout",
      text: `the key does not open with ring ${bench.key.role().status().ringseq}`,
    });
  }
}

/** Entries of the key's log as they lie in flash, by number; the last find of a number. */
function entriesOf(flash: CutFlash): Map<number, string> {
  const layout = keyLayout(flash.pageBytes, flash.pageCount);
  const image = flash.image();
  const pages: Uint8Array[] = [];
  for (let page = layout?.log.firstPage ?? 0; page < flash.pageCount; page += 1) {
    pages.push(image.slice(page * flash.pageBytes, (page + 1) * flash.pageBytes));
  }
  const entries = new Map<number, string>();
  for (const [n, finds] of findEntries(pages)) {
    const entry = finds.at(-1)?.entry;
    if (entry === undefined) continue;
    const { tS, kind, op, reason, ring, target } = entry;
    entries.set(n, `${tS} ${kind} ${op} ${reason} ${ring} ${target}`);
  }
  return entries;
}

/** No two sealed batches under one nonce. */
function judgeNonces(sealed: readonly Uint8Array[], broken: Broken[]): void {
  const byNonce = new Map<string, string>();
  for (const bytes of sealed) {
    const object = decodeCbor(bytes);
    if (!object.ok || !isArray(object.value)) continue;
    const [head, , ciphertext] = object.value;
    const nonce = Buffer.from(head as Uint8Array).toString("hex");
    const text = Buffer.from(ciphertext as Uint8Array).toString("hex");
    if ((byNonce.get(nonce) ?? text) !== text) {
      broken.push({ invariant: "I1 no-unauth", text: "two batches are sealed under one nonce" });
    }
    byNonce.set(nonce, text);
  }
}

function scenariosOf(device: "key" | "station", steps: readonly BenchStep[]): CutScenario[] {
  return steps.map((step) => ({
    device,
    name: step.name,
    isDoubled: step.isDoubled === true,
    stage: (seed) => stageOf(step, device, seed),
  }));
}

/** Every step of a key. */
export const KEY_SCENARIOS: readonly CutScenario[] = scenariosOf("key", KEY_STEPS);

/** Every step of a station. */
export const STATION_SCENARIOS: readonly CutScenario[] = scenariosOf("station", STATION_STEPS);
