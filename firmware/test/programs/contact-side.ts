// SPDX-License-Identifier: EUPL-1.2
// Runs on the interpreter's Arm build: one role as on a board, over native code, at a recorded contact.
// It answers what was recorded, octet for octet, or says what it answered instead.

import { bytesOfHex, hexOf } from "@nyckelring/protocol";
import { createEntropy } from "../../src/espruino/entropy.ts";
import { openStorageFlash } from "../../src/espruino/flash-storage.ts";
import { createNativeOperations } from "../../src/espruino/native-arena.ts";
import {
  createNativeCrypto,
  createNativeHealthTest,
  createOctetChecks,
  createSlotOperations,
} from "../../src/espruino/native-crypto.ts";
import { checkedContact, checkedFlash } from "../../src/espruino/octet-checks.ts";
import { findStorageFile, readStorageFile } from "../../src/espruino/storage-file.ts";
import { createKey } from "../../src/key/key.ts";
import { createLock } from "../../src/lock/lock.ts";
import { BOLT_LOCKED, type ContactPort, type FlashPort } from "../../src/ports.ts";
import { loadBlob, mark, readFile } from "./native-file.ts";

const PAGE_BYTES = 4096;
/** Where Storage begins in the emulated flash of the Linux build. */
const STORAGE_START = 0x10000000;

/** What `contact-sides.ts` writes; see there. A list, since the names of fields are short in a bundle. */
type ContactScript = readonly [
  pages: readonly number[],
  pageCount: number,
  chance: readonly string[],
  nowS: number | null,
  portionBytes: number,
  events: readonly (readonly [octets: number, sends: string])[],
];

interface Inputs {
  readonly chance: readonly string[];
  readonly nowS: number | undefined;
  readonly events: Events;
  readonly flash: FlashPort;
}

/** What happens; the octets that come in lie in a file, since a whole ring would not fit beside a key. */
interface Events {
  readonly portionBytes: number;
  /** Octets that come in, 0 for the plug, and what is sent then. */
  readonly each: readonly (readonly [octets: number, sends: string])[];
}

function readScript(): Inputs {
  const script: ContactScript = JSON.parse(readFile("./script.json"));
  const [pages, pageCount, chance, nowS, portionBytes, each] = script;
  return {
    chance,
    nowS: nowS === null ? undefined : nowS,
    events: { portionBytes, each },
    flash: openPages(pages, pageCount),
  };
}

/**
 * The flash of a board, filled with the pages that are not erased; those lie one behind the other in a file of
 * Storage.
 */
function openPages(used: readonly number[], pageCount: number): FlashPort {
  const flash = openStorageFlash({
    kind: "storage",
    name: "flash",
    pageBytes: PAGE_BYTES,
    pageCount,
    storageStart: STORAGE_START,
  });
  const first = findStorageFile(STORAGE_START, "pages", used.length * PAGE_BYTES);
  used.forEach((page, index) => {
    const content = require("Flash").read(PAGE_BYTES, first + index * PAGE_BYTES);
    flash.program(page * PAGE_BYTES, content);
  });
  return flash;
}

/** Entropy as it was recorded: whole blocks, of which a shorter wish takes the start. */
function replay(chance: readonly string[]) {
  const blocks = chance.map(bytesOfHex);
  let next = 0;
  return {
    fill(target: Uint8Array, offset: number, bytes: number): void {
      for (let done = 0; done < bytes; done += 32) {
        const block = blocks[next];
        next += 1;
        if (block === undefined) return;
        const left = bytes - done;
        target.set(left < 32 ? block.subarray(0, left) : block, offset + done);
      }
    },
  };
}

const timer = { after: () => 1, cancel: () => undefined };

interface Role {
  onContact(isPlugged: boolean, sensesVoltage: boolean): void;
  onBytes(bytes: Uint8Array): void;
}

/** The wire: what is sent is kept, and a mark tells that it is out. */
function openWire(sent: Uint8Array[]): ContactPort {
  return {
    send(bytes) {
      mark("sent");
      sent.push(bytes);
    },
  };
}

function playEvents(role: Role, events: Events, sent: Uint8Array[]): void {
  const file = E.openFile("octets", "r");
  for (let index = 0; index < events.each.length; index += 1) {
    const [octets, sends] = events.each[index] as Events["each"][number];
    mark("between");
    if (octets === 0) role.onContact(true, false);
    for (let taken = 0; taken < octets; ) {
      const left = octets - taken;
      const text = file.read(left < events.portionBytes ? left : events.portionBytes);
      const portion = E.toUint8Array(text ?? "");
      taken += portion.length;
      mark("read");
      role.onBytes(portion);
      mark("portion");
    }
    mark(`event ${index}`);
    let said = "";
    for (const bytes of sent.splice(0)) said += hexOf(bytes);
    print("side", `event-${index}`, said === sends ? "same" : said);
  }
  file.close();
  print("side-end");
}

/** The lock's side. */
export function playLock(): void {
  mark("evaluate");
  const { chance, events, flash } = readScript();
  const entropy = replay(chance);
  const sent: Uint8Array[] = [];
  mark("inputs");
  mark("nothing");
  const code = loadBlob(readStorageFile("native"));
  const crypto = createNativeCrypto(code);
  const checks = createOctetChecks(code);
  mark("load native code");
  // What the generator's start-up test costs; the octets of this contact are the recorded ones.
  createEntropy(crypto, E.hwRand, createNativeHealthTest(code));
  mark("start the generator");
  const role = createLock({
    crypto,
    entropy,
    operations: (arena) => createNativeOperations(code, entropy, arena),
    flash: checkedFlash(flash, checks),
    contact: checkedContact(openWire(sent), checks),
    timer,
    clock: { nowS: () => undefined, set: () => undefined },
    motor: {
      unlock() {
        mark("to the bolt");
      },
      lock: () => undefined,
      stop: () => undefined,
      position: () => BOLT_LOCKED,
    },
    supply: { millivolts: () => 3300, percent: () => 100 },
  });
  mark("make the role");
  playEvents(role, events, sent);
}

/** The key's side. */
export function playKey(): void {
  mark("evaluate");
  const inputs = readScript();
  const { events, flash } = inputs;
  const entropy = replay(inputs.chance);
  const sent: Uint8Array[] = [];
  let nowS = inputs.nowS;
  mark("inputs");
  mark("nothing");
  const code = loadBlob(readStorageFile("native"));
  const crypto = createNativeCrypto(code);
  const checks = createOctetChecks(code);
  mark("load native code");
  const role = createKey({
    crypto,
    entropy,
    operations: (arena) => createNativeOperations(code, entropy, arena),
    slotOperations: createSlotOperations(code),
    flash: checkedFlash(flash, checks),
    contact: checkedContact(openWire(sent), checks),
    timer,
    clock: {
      nowS: () => nowS,
      set(now) {
        nowS = now;
      },
    },
    supply: { millivolts: () => 3700, percent: () => 100 },
    signal: { show: () => undefined },
  });
  mark("make the role");
  playEvents(role, events, sent);
}
