// SPDX-License-Identifier: EUPL-1.2
// A heap that runs out while the motor turns, on the interpreter's Arm build: its heap has a fixed size, as
// that of a board, and grows on the other build.
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

import type { BundleFile } from "../build/slot-files.ts";
import { SIGNAL_GRANTED } from "../src/key/signals.ts";
import type { FlashPort } from "../src/ports.ts";
import { armRunner, ESPRUINO_ARM } from "./arm-interpreter.ts";
import {
  type Interpreter,
  joinContacts,
  makeFolder,
  pause,
  startRole,
  until,
} from "./interpreter.ts";
import { createBench, RIGHTS } from "./key-bench.ts";
import { createRig, SHIFT_S } from "./lock-rig.ts";

const LOCK_PAGES = 48;
const SESSION_MS = 60_000;
/** The simulated bolt turns so long; nothing else of a lock waits as long. */
const TRAVEL_MS = 120;
/** While the motor turns a call fills the heap; what it took is free again when it is broken off. */
const TAKE_ALL = `later(function(){var all=[];while(true)all.push(new Uint8Array(50))},${TRAVEL_MS / 3});`;
/**
 * The heap is as good as full when the motor starts, and stays so: the session's next call fails. The question
 * how much is free needs some itself, so the last of it is taken unasked.
 */
const LEAVE_NOTHING =
  "nk.ballast=[];while(process.memory(false).free>300)nk.ballast.push(new Uint8Array(1000));" +
  "while(process.memory(false).free>40)nk.ballast.push(1.5);for(var n=0;n<14;n++)nk.ballast.push(1.5);";
const LOCKED: BundleFile = { name: "nk.locked", content: Buffer.from("1") };

/** A key with a right for the lock, and the lock, each a folder. */
async function makePair() {
  const bench = createBench();
  bench.answerWithRing(bench.issuer.rights(RIGHTS).bundles);
  bench.sync();
  const rig = createRig({ pages: LOCK_PAGES });
  const lock = await makeFolder();
  const key = await makeFolder();
  await putFlash(lock.path, rig.flash);
  const unused = bench.key.flash;
  await putFlash(key.path, unused);
  await writeFile(join(key.path, "clock"), String(SHIFT_S + 60));
  const remove = async () => {
    await lock.remove();
    await key.remove();
  };
  /** A key that has been nowhere: one that heard of its opening would ask for the way out next. */
  const renewKey = () => putFlash(key.path, unused);
  /** Whether the planted boot code has noted it. */
  const tells = (name: string) => existsSync(join(lock.path, name));
  return { lock: lock.path, key: key.path, tells, renewKey, remove };
}

async function putFlash(folder: string, flash: FlashPort): Promise<void> {
  await writeFile(join(folder, "flash.bin"), flash.read(0, flash.pageBytes * flash.pageCount));
}

/**
 * Boot code that notes a motor that turns to its end, and does something when it starts the first time.
 * Files tell of it, since a device that was locked down has no console.
 */
function plantAtMotor(script: string): BundleFile {
  const text = `(function(){
var later=setTimeout;
function note(name){E.openFile("./"+name,"w").close()}
global.setTimeout=function(call,ms){
if(ms!==${TRAVEL_MS})return later(call,ms);
note("started");if(!nk.planted){nk.planted=true;${script}}
return later(function(){note("turned");call()},ms);
};
})();`;
  return { name: ".boot0", content: Buffer.from(text) };
}

/** Both are plugged into each other until something has come of it. */
async function contact(
  pair: { readonly lock: string; readonly key: string },
  lockFiles: readonly BundleFile[],
  during: (lock: Interpreter, key: Interpreter) => Promise<void>,
): Promise<void> {
  const line = await joinContacts(pair.lock, pair.key);
  const lock = await startRole("lock", pair.lock, lockFiles, "linux-arm");
  const key = await startRole("key", pair.key, [], "linux-arm");
  try {
    await during(lock, key);
  } finally {
    await key.stop();
    await lock.stop();
    await line.stop();
  }
}

describe.skipIf(ESPRUINO_ARM === undefined || armRunner() === undefined)(
  "a full memory (skipped without ESPRUINO_ARM)",
  () => {
    test.each([
      { what: "a call that takes all there is", script: TAKE_ALL },
      { what: "a session that finds next to nothing left", script: LEAVE_NOTHING },
    ])(
      "F32: $what leaves the motor off; the lock starts anew and opens for the next key",
      async ({ script }) => {
        const pair = await makePair();
        try {
          await contact(pair, [LOCKED, plantAtMotor(script)], async (lock) => {
            await until(
              () => pair.tells("started"),
              SESSION_MS,
              () => `a motor in:\n${lock.console()}`,
            );
            // The interpreter ends where a board resets.
            await expect(lock.waitFor("no console says this", SESSION_MS)).rejects.toThrow("ended");
            expect(pair.tells("turned")).toBe(false);
          });
          await pair.renewKey();
          await contact(pair, [LOCKED, plantAtMotor("")], async (lock, key) => {
            await key.waitFor(`signal ${SIGNAL_GRANTED}`, SESSION_MS);
            await until(
              () => pair.tells("turned"),
              SESSION_MS,
              () => `a bolt in:\n${lock.console()}`,
            );
          });
        } finally {
          await pair.remove();
        }
      },
      4 * SESSION_MS,
    );

    test(
      "F32: on an open device it leaves the motor off, and the same life opens for the next key",
      async () => {
        const pair = await makePair();
        try {
          await contact(pair, [plantAtMotor(TAKE_ALL)], async (lock, key) => {
            await lock.waitFor("OUT OF MEMORY", SESSION_MS);
            await pause(20 * TRAVEL_MS);
            expect(pair.tells("turned")).toBe(false);
            await key.stop();
            await pair.renewKey();
            const next = await startRole("key", pair.key, [], "linux-arm");
            try {
              await lock.waitFor("bolt unlocked", SESSION_MS);
            } finally {
              await next.stop();
            }
          });
        } finally {
          await pair.remove();
        }
      },
      3 * SESSION_MS,
    );
  },
);
