// SPDX-License-Identifier: EUPL-1.2
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

import { SIGNAL_DENIED, SIGNAL_GRANTED } from "../src/key/signals.ts";
import type { FlashPort } from "../src/ports.ts";
import { ESPRUINO, joinContacts, makeFolder, startRole } from "./interpreter.ts";
import { createBench, RIGHTS } from "./key-bench.ts";
import { createRig, SHIFT_S } from "./lock-rig.ts";

const LOCK_PAGES = 48;
const BOOT_MS = 60_000;
const SESSION_MS = 540_000;

/** Writes the image of a flash to where the interpreter's Linux board expects it. */
async function putFlash(folder: string, flash: FlashPort): Promise<void> {
  await writeFile(join(folder, "flash.bin"), flash.read(0, flash.pageBytes * flash.pageCount));
}

/** A key with these rights and a lock, each on its own interpreter, plugged into each other. */
async function visit(rights: typeof RIGHTS) {
  const bench = createBench();
  bench.answerWithRing(bench.issuer.rights(rights).bundles);
  bench.sync();
  const rig = createRig({ pages: LOCK_PAGES });
  const lockFolder = await makeFolder();
  const keyFolder = await makeFolder();
  await putFlash(lockFolder.path, rig.flash);
  await putFlash(keyFolder.path, bench.key.flash);
  await writeFile(join(keyFolder.path, "clock"), String(SHIFT_S + 60));
  const contact = await joinContacts(lockFolder.path, keyFolder.path);
  const lock = await startRole("lock", lockFolder.path);
  const key = await startRole("key", keyFolder.path);
  return {
    lock,
    key,
    async stop() {
      await key.stop();
      await lock.stop();
      await contact.stop();
      await lockFolder.remove();
      await keyFolder.remove();
    },
  };
}

describe.skipIf(ESPRUINO === undefined)("a door session (skipped without ESPRUINO)", () => {
  test(
    "I2, L1: a key on one interpreter opens the lock on another, over nothing but a serial line",
    async () => {
      const pair = await visit(RIGHTS);
      try {
        await pair.key.waitFor(`signal ${SIGNAL_GRANTED}`, SESSION_MS);
        await pair.lock.waitFor("bolt unlocked", BOOT_MS);
        expect(pair.lock.console()).not.toContain("Uncaught");
        expect(pair.key.console()).not.toContain("Uncaught");
      } finally {
        await pair.stop();
      }
    },
    SESSION_MS + BOOT_MS,
  );

  test(
    "K3: a key without a right for the door is refused and the bolt does not move",
    async () => {
      const pair = await visit(RIGHTS.slice(0, 1));
      try {
        await pair.key.waitFor(`signal ${SIGNAL_DENIED}`, SESSION_MS);
        expect(pair.lock.console()).not.toContain("bolt");
        expect(pair.lock.console()).not.toContain("Uncaught");
      } finally {
        await pair.stop();
      }
    },
    SESSION_MS + BOOT_MS,
  );
});
