// SPDX-License-Identifier: EUPL-1.2
// One contact of a real key and a real lock, played here and recorded, and each side of it played again
// on the interpreter: with its role as on a board, over native code, and with the same chance.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hexOf, type Leaf } from "@nyckelring/protocol";
import { buildBundle, builtBundle, doorPathBytes } from "../build/build-bundle.ts";
import { boardFiles } from "../build/slot-files.ts";
import type { Board } from "../src/boards/board.ts";
import type { KeyRole } from "../src/key/key-role.ts";
import { openLockLogs } from "../src/lock/lock-logs.ts";
import { openDeviceRecords } from "../src/shared/device-records.ts";
import { playStored, runScript, storeFiles } from "./arm-interpreter.ts";
import type { Side } from "./door-sides.ts";
import { createBench, type FarLock, manyRights, RIGHTS } from "./key-bench.ts";
import { createRig, crypto, entropyOf } from "./lock-rig.ts";

/** Octets that the interpreter hands over at once: what comes in while it takes in those before. */
export const PORTION_BYTES = 40;
const PAGE_BYTES = 4096;
const NOTHING = new Uint8Array(0);
/** Blocks of 32 octets that a side may draw. */
const BLOCKS = 40;

/** What happens to a device: the plug goes in, or octets come. */
export interface ContactEvent {
  /** Octets that come in; none when the plug goes in. They are handed over in portions. */
  readonly octets: Uint8Array;
  /** What the device sends before the next event, all frames joined. */
  readonly sends: string;
}

/** One side of a recorded contact. */
export interface RecordedSide {
  /** Contents of the pages that are not erased, by number. */
  readonly pages: ReadonlyMap<number, Uint8Array>;
  readonly pageCount: number;
  /** What its entropy gives, 32 octets at a time. */
  readonly chance: readonly string[];
  readonly nowS: number | undefined;
  readonly events: readonly ContactEvent[];
}

/** Both. */
export interface RecordedContact {
  readonly lock: RecordedSide;
  readonly key: RecordedSide;
  /** Octets on the wire in both directions until the bolt moves. */
  readonly wireBytes: number;
}

/** A side while it is recorded. */
interface Recording {
  readonly events: { readonly octets: Uint8Array; sends: string }[];
}

/**
 * Plays a contact that ends with an open door.
 *
 * @param leaves - Rights in the key's ring.
 * @param visits - Contacts before the one that is recorded, so that the credentials are no news.
 */
export function recordContact(leaves: number, visits = 0): RecordedContact {
  const bench = createBench();
  const rig = createRig({ issuing: bench.issuing });
  // A new lock begins its log at its first session; this one has done so.
  openLockLogs(rig.flash, crypto, openDeviceRecords(rig.flash)).owner();
  rig.boot();
  const rights: Leaf[] = [...RIGHTS, ...manyRights(leaves - RIGHTS.length)];
  bench.answerWithRing(bench.issuer.rights(rights).bundles);
  bench.sync();
  for (let visit = 0; visit < visits; visit += 1) bench.visit(rig);

  const lockPages = usedPages(rig.flash.image());
  const keyPages = usedPages(bench.key.flash.image());
  const nowS = bench.key.clockS();
  const role = bench.key.boot();
  const [lock, key]: [Recording, Recording] = [{ events: [] }, { events: [] }];
  let wireBytes = 0;
  const isOpen = () => rig.events.includes("unlock");
  rig.events.length = 0;
  const note = (side: Recording, taken: readonly Uint8Array[]) => {
    const last = side.events.at(-1);
    for (const bytes of taken) {
      if (last !== undefined) last.sends += hexOf(bytes);
      if (!isOpen()) wireBytes += bytes.length;
    }
    return [...taken];
  };
  const plugIn = (side: Recording) => side.events.push({ octets: NOTHING, sends: "" });
  recordKey(bench, role, key, (taken) => note(key, taken));
  const far: FarLock = {
    take: () => note(lock, rig.take()),
    pass: rig.pass,
    cutPower: rig.cutPower,
    boot: rig.boot,
    role: () => ({
      onContact(isTouching) {
        if (isTouching) plugIn(lock);
        rig.role().onContact(isTouching);
      },
      onBytes(bytes) {
        lock.events.push({ octets: bytes.slice(), sends: "" });
        rig.role().onBytes(bytes);
      },
    }),
  };
  bench.visit(far);
  if (!isOpen()) throw new Error("the recorded contact opened no door");
  return {
    lock: {
      pages: lockPages,
      pageCount: rig.flash.pageCount,
      chance: chanceOf(`lock ${3 + visits}`),
      nowS: undefined,
      events: lock.events,
    },
    key: {
      pages: keyPages,
      pageCount: bench.key.flash.pageCount,
      chance: chanceOf("key boot 2"),
      nowS,
      events: key.events,
    },
    wireBytes,
  };
}

/** Has a key note what happens to it, and what it sends. */
function recordKey(
  bench: ReturnType<typeof createBench>,
  role: KeyRole,
  recording: Recording,
  note: (taken: readonly Uint8Array[]) => Uint8Array[],
): void {
  const take = bench.key.take;
  Object.assign(bench.key, {
    take: () => note(take()),
    role: () => ({
      onContact(isTouching: boolean, sensesVoltage: boolean) {
        if (isTouching) recording.events.push({ octets: NOTHING, sends: "" });
        role.onContact(isTouching, sensesVoltage);
      },
      onBytes(bytes: Uint8Array) {
        recording.events.push({ octets: bytes.slice(), sends: "" });
        role.onBytes(bytes);
      },
    }),
  });
}

/** A key at a station, with the octets that cross the contact in both directions. */
export interface RecordedSync {
  readonly key: RecordedSide;
  readonly wireBytes: number;
}

/**
 * Plays a sync.
 *
 * @param leaves - Rights of the ring that the key gets.
 * @param hasRing - The key holds the same rights already and gets a new head alone, as at the start of most
 *   shifts; otherwise it gets the ring whole.
 */
export function recordSync(leaves: number, hasRing: boolean): RecordedSync {
  const bench = createBench();
  const rights: Leaf[] = [...RIGHTS, ...manyRights(leaves - RIGHTS.length)];
  const answer = () => bench.answerWithRing(bench.issuer.rights(rights).bundles);
  answer();
  if (hasRing) {
    bench.sync();
    answer();
  }
  const pages = usedPages(bench.key.flash.image());
  const nowS = bench.key.clockS();
  const role = bench.key.boot();
  const recording: Recording = { events: [] };
  recordKey(bench, role, recording, (taken) => {
    const last = recording.events.at(-1);
    for (const bytes of taken) if (last !== undefined) last.sends += hexOf(bytes);
    return [...taken];
  });
  const before = bench.octets();
  bench.sync();
  if (role.status().ringseq !== bench.issuer.ringseq()) throw new Error("the key took no ring");
  return {
    key: {
      pages,
      pageCount: bench.key.flash.pageCount,
      chance: chanceOf("key boot 2"),
      nowS,
      events: recording.events,
    },
    wireBytes: bench.octets() - before,
  };
}

function chanceOf(label: string): readonly string[] {
  const entropy = entropyOf(label);
  return Array.from({ length: BLOCKS }, () => {
    const block = new Uint8Array(32);
    entropy.fill(block, 0, 32);
    return hexOf(block);
  });
}

/**
 * Plays one side of a recorded contact from Storage and returns the console.
 *
 * @param folder - Made where it is not there.
 * @param plugin - Options of QEMU for the run that counts.
 * @param marked - Functions that tell when they begin and end.
 */
export async function playContact(
  side: Side,
  recorded: RecordedSide,
  folder: string,
  blobFile: string,
  plugin: readonly string[] = [],
  marked: readonly string[] = [],
): Promise<string> {
  const { pageCount, chance, nowS, events } = recorded;
  const pages = [...recorded.pages.keys()];
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "octets"), Buffer.concat(events.map((event) => event.octets)));
  return playStored(
    {
      entryText: `import { play${side} } from "./test/programs/contact-side.ts";\nplay${side}();\n`,
      script: JSON.stringify([
        pages,
        pageCount,
        chance,
        nowS === undefined ? null : nowS,
        PORTION_BYTES,
        events.map((event) => [event.octets.length, event.sends]),
      ]),
      shortFields: true,
      marked,
      files: [
        { name: "native", content: readFileSync(blobFile) },
        { name: "pages", content: Buffer.concat([...recorded.pages.values()]) },
      ],
    },
    folder,
    plugin,
  );
}

/**
 * Evaluates the lock's bundle as a board does at every insertion, loader and entry module, up to the first
 * thing that the wiring asks of a board, then loads the module with its decision; returns the console.
 */
export async function bootBundle(
  board: Board,
  folder: string,
  plugin: readonly string[] = [],
): Promise<{ readonly text: string; readonly bytes: number }> {
  const built = await buildBundle({ role: "lock", board });
  // An application in service has proved itself and marks no boots.
  const proof = { name: "nk.ok.1", content: Buffer.from("1") };
  storeFiles(folder, [...boardFiles(builtBundle(built, "0.0.0")), proof]);
  const start =
    // The mark at the contact leaves out what the exception costs, which no board pays.
    `Serial1={setup:function(){E.getErrorFlags();throw "the contact";}};` +
    `E.getErrorFlags();try{eval(require("Storage").read(".bootcde"))}catch(e){}` +
    `print("mark evaluate");E.getErrorFlags();nk.use("decision");E.getErrorFlags();` +
    `print("mark load the decision");print("side-end");`;
  const text = runScript(folder, start, "side-end", plugin);
  return { text, bytes: doorPathBytes(built) };
}

function usedPages(image: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const used = new Map<number, Uint8Array>();
  for (let page = 0; page * PAGE_BYTES < image.length; page += 1) {
    const content = image.slice(page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
    if (content.some((octet) => octet !== 0xff)) used.set(page, content);
  }
  return used;
}
