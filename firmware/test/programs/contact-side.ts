// SPDX-License-Identifier: EUPL-1.2
// Runs on the interpreter's Arm build: one role as on a board, over native code, at a recorded contact.
// It answers what was recorded, octet for octet, or says what it answered instead.

import { bytesOfHex, hexOf } from "@nyckelring/protocol";
import { createEntropy } from "../../src/espruino/entropy.ts";
import { createNativeOperations } from "../../src/espruino/native-arena.ts";
import {
  createNativeCrypto,
  createNativeHealthTest,
  createOctetChecks,
  createSlotHashes,
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
  events: readonly (readonly [portions: readonly string[], sends: string])[],
];

interface Inputs {
  readonly chance: readonly string[];
  readonly nowS: number | undefined;
  readonly events: readonly Event[];
  readonly flash: FlashPort;
}

interface Event {
  readonly portions: readonly Uint8Array[];
  readonly sends: string;
}

function readScript(): Inputs {
  const script: ContactScript = JSON.parse(readFile("./script.json"));
  const [pages, pageCount, chance, nowS, events] = script;
  return {
    chance,
    nowS: nowS === null ? undefined : nowS,
    events: events.map((event) => ({ portions: event[0].map(bytesOfHex), sends: event[1] })),
    flash: openPages(pages, pageCount),
  };
}

/**
 * Pages that are not erased lie one behind the other in a file of Storage and are read as on a board;
 * one that is written to is kept in memory from then on.
 */
function openPages(used: readonly number[], pageCount: number): FlashPort {
  const pages: Uint8Array[] = [];
  const flash = require("Flash");
  const first = findStorageFile(STORAGE_START, "pages", used.length * PAGE_BYTES);
  const places: number[] = [];
  used.forEach((page, index) => {
    places[page] = first + index * PAGE_BYTES;
  });
  const erased = new Uint8Array(PAGE_BYTES).fill(0xff);
  const pageOf = (page: number): Uint8Array => {
    const known = pages[page];
    if (known !== undefined) return known;
    const place = places[page];
    const fresh = place === undefined ? new Uint8Array(PAGE_BYTES) : flash.read(PAGE_BYTES, place);
    if (place === undefined) fresh.set(erased);
    pages[page] = fresh;
    return fresh;
  };
  return {
    pageBytes: PAGE_BYTES,
    pageCount,
    read(address, bytes) {
      const number = Math.floor(address / PAGE_BYTES);
      const known = pages[number];
      const place = places[number];
      const within = address - number * PAGE_BYTES;
      if (known === undefined && place !== undefined) return flash.read(bytes, place + within);
      return new Uint8Array((known === undefined ? erased : known).buffer, within, bytes);
    },
    program(address, bytes) {
      pageOf(Math.floor(address / PAGE_BYTES)).set(bytes, address % PAGE_BYTES);
    },
    erase(page) {
      pageOf(page).set(erased);
    },
  };
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

function playEvents(role: Role, events: readonly Event[], sent: readonly Uint8Array[]): void {
  let taken = 0;
  for (let index = 0; index < events.length; index += 1) {
    const event = events[index] as Event;
    mark("between");
    if (event.portions.length === 0) role.onContact(true, false);
    else {
      for (const portion of event.portions) {
        role.onBytes(portion);
        mark("portion");
      }
    }
    mark(`event ${index}`);
    let said = "";
    for (; taken < sent.length; taken += 1) said += hexOf(sent[taken] as Uint8Array);
    print("side", `event-${index}`, said === event.sends ? "same" : said);
  }
  print("side-end");
}

/** The lock's side. */
export function playLock(): void {
  mark("evaluate");
  const { chance, events, flash } = readScript();
  const entropy = replay(chance);
  const sent: Uint8Array[] = [];
  mark("inputs");
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
  const code = loadBlob(readStorageFile("native"));
  const crypto = createNativeCrypto(code);
  const checks = createOctetChecks(code);
  mark("load native code");
  const role = createKey({
    crypto,
    entropy,
    operations: (arena) => createNativeOperations(code, entropy, arena),
    slotHashes: createSlotHashes(code),
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
