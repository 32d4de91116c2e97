// SPDX-License-Identifier: EUPL-1.2
// The whole path on interpreters alone. Devices are folders as `nyckel provision` writes them; each boots
// from its own Storage, and between two of them is a serial line of socat. This process starts them,
// reads their consoles, and looks at their flash when they are gone. Only the case of the altering
// line carries octets itself.
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  SIGNAL_DENIED,
  SIGNAL_EXPIRED,
  SIGNAL_GRANTED,
  SIGNAL_NO_CONTACT,
} from "@nyckelring/firmware";
import { buildBundle, bundleTargets, readVersion, writeBundle } from "@nyckelring/firmware/build";
import {
  ESPRUINO,
  ESPRUINO_ARM,
  type Interpreter,
  joinContacts,
  type LinuxBoard,
  openFarEnd,
  pause,
  startInterpreter,
} from "@nyckelring/firmware/test/interpreter";
import {
  leaveVariables,
  noteVariables,
  variablesOf,
} from "@nyckelring/firmware/test/interpreter-figures";
import { readVariableBudget } from "@nyckelring/firmware/variable-budget";
import {
  ENTRY_OBJECT,
  ENTRY_PASSAGE,
  GRANTED,
  KEY_REVOKED,
  LINK_EDHOC,
  OP_ENTER,
  OP_LEAVE,
  TYP_FLOOR_LIST,
  TYP_SERVICE_PERMIT,
} from "@nyckelring/protocol";
import {
  findEntries,
  imageOf,
  type LogEntry,
  type ProvisioningTown,
  provisionTown,
  putImage,
  sync,
} from "@nyckelring/simulator";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { provision, START_S } from "../../src/provision.ts";

const ARM: LinuxBoard = "linux-arm";
/** The Arm build plays every case. The other one has curves in scripts and takes a minute for a session. */
const BOARDS: readonly LinuxBoard[] = [
  ...(ESPRUINO_ARM === undefined ? [] : [ARM]),
  ...(ESPRUINO === undefined ? [] : ["linux" as const]),
];
const SEED = "7";
const PAGE_BYTES = 4096;

/** More than a lock or a key ever needs; see `growHeap`. */
const GROWN_VARIABLES = 20_000;

const isMissing = BOARDS.length === 0;
const TITLE = `two interpreters and a line, on %s${isMissing ? " (skipped without ESPRUINO)" : ""}`;

describe.skipIf(isMissing).each(isMissing ? [ARM] : BOARDS)(TITLE, (board) => {
  /** Curves in scripts take minutes on a busy computer, native ones seconds. */
  const sessionMs = board === "linux" ? 540_000 : 120_000;
  /** What only repeats curves is left to the build that is fast, where there is one. */
  const isRepetition = board === "linux" && ESPRUINO_ARM !== undefined;
  let root = "";
  let town: ProvisioningTown;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "nyckelring-devices-"));
    const version = await readVersion();
    const firmware = join(root, "firmware");
    for (const target of bundleTargets()) {
      if (target.board.name === board)
        await writeBundle(await buildBundle(target), firmware, version);
    }
    const lines: string[] = [];
    const output = {
      out: (text: string) => lines.push(text),
      err: (text: string) => lines.push(text),
    };
    await provision({ seed: SEED, out: join(root, "devices"), board: board, firmware }, output);
    town = provisionTown(SEED, START_S);
  }, 300_000);

  afterAll(async () => {
    await rm(root, { recursive: true, force: true });
  });

  const folder = (name: string) => join(root, "devices", name);

  /** A copy of devices as they were provisioned. */
  async function fresh(...names: string[]): Promise<string[]> {
    const into = await mkdtemp(join(root, "case-"));
    const folders = names.map((name) => join(into, name));
    for (const [index, name] of names.entries()) {
      await cp(folder(name), folders[index] ?? "", { recursive: true });
    }
    return folders;
  }

  /** One contact: both are powered, the key shows a signal, both lose their power. */
  async function contact(
    lockFolder: string,
    keyFolder: string,
    until: (key: Interpreter, lock: Interpreter) => Promise<void>,
  ): Promise<{ lock: string; key: string }> {
    const line = await joinContacts(lockFolder, keyFolder);
    const lock = startInterpreter(lockFolder, undefined, board);
    const lockIdle = await variablesOf(lock, sessionMs);
    const key = startInterpreter(keyFolder, undefined, board);
    if (board === "linux") for (const device of [lock, key]) growHeap(device);
    try {
      noteVariables(board, "lock", { idle: lockIdle });
      noteVariables(board, "key", { idle: await variablesOf(key, sessionMs) });
      await until(key, lock);
      noteVariables(board, "lock", { after: await variablesOf(lock, sessionMs) });
      noteVariables(board, "key", { after: await variablesOf(key, sessionMs) });
    } finally {
      await key.stop();
      await lock.stop();
      await line.stop();
    }
    expect(lock.console()).not.toContain("Uncaught");
    expect(key.console()).not.toContain("Uncaught");
    return { lock: lock.console(), key: key.console() };
  }

  /**
   * The heap of this build grows for single variables, and not for a hash that needs some in a row.
   */
  function growHeap(device: Interpreter): void {
    device.evaluate(
      `(function(){for(var all=[];process.memory(false).total<${GROWN_VARIABLES};)all.push(1.5)})()`,
    );
  }

  /** Entries in the flash of a lock, oldest first. */
  async function entriesOf(lockFolder: string): Promise<LogEntry[]> {
    const image = new Uint8Array(await readFile(join(lockFolder, "flash.bin")));
    const pages: Uint8Array[] = [];
    for (let at = 0; at < image.length; at += PAGE_BYTES)
      pages.push(image.slice(at, at + PAGE_BYTES));
    return [...findEntries(pages).values()].flat().map(({ entry }) => entry);
  }

  async function isShown(key: Interpreter, signal: number): Promise<void> {
    await key.waitFor(`signal ${signal}`, sessionMs);
  }

  test(
    "a key opens, delivers the floor list, leaves, and its log comes home",
    async () => {
      const [lockFolder = "", keyFolder = ""] = await fresh("lock", "key");
      await contact(lockFolder, keyFolder, async (key, lock) => {
        await isShown(key, SIGNAL_GRANTED);
        await lock.waitFor("bolt unlocked", sessionMs);
        // What the lock logged goes along while the contact lasts.
        await pause(board === "linux" ? 120_000 : 15_000);
      });
      const entered = await entriesOf(lockFolder);
      const passage = entered.find((entry) => entry.kind === ENTRY_PASSAGE);
      expect(passage).toMatchObject({ op: OP_ENTER, reason: GRANTED, peer: town.key.devid });
      expect(entered).toContainEqual(
        expect.objectContaining({ kind: ENTRY_OBJECT, reason: GRANTED, target: TYP_FLOOR_LIST }),
      );

      // The image of the key goes back into the town, and the key into the station of the office.
      town.key.board.powerOff();
      putImage(town.key.board.flash, new Uint8Array(await readFile(join(keyFolder, "flash.bin"))));
      town.key.board.powerOn();
      sync(town.world, town.key, town.station);
      const stored = town.world.issuer
        .history()
        .flatMap((record) => (record.kind === "entries-stored" ? record.entries : []));
      const lockId = town.devices.find((one) => one.name === "lock")?.id;
      expect(stored).toContainEqual(
        expect.objectContaining({
          devid: lockId,
          kind: ENTRY_PASSAGE,
          op: OP_ENTER,
          reason: GRANTED,
        }),
      );

      if (isRepetition) return;
      const left = await contact(lockFolder, keyFolder, async (key) => {
        await isShown(key, SIGNAL_GRANTED);
      });
      expect(left.lock).not.toContain("bolt unlocked");
      const passages = (await entriesOf(lockFolder)).filter(
        (entry) => entry.kind === ENTRY_PASSAGE,
      );
      expect(passages.map((entry) => entry.op)).toEqual([OP_ENTER, OP_LEAVE]);

      // The lock knows the list now: the key that was lost is refused though its window is open.
      const [lostFolder = ""] = await fresh("lost");
      const lost = await contact(lockFolder, lostFolder, async (key) => {
        await isShown(key, SIGNAL_DENIED);
      });
      expect(lost.lock).not.toContain("bolt");
      expect((await entriesOf(lockFolder)).some((entry) => entry.reason === KEY_REVOKED)).toBe(
        true,
      );
    },
    4 * sessionMs,
  );

  test.skipIf(board === "linux")(
    "a door opens with no more variables than the budget leaves to key and lock",
    async () => {
      const [lockFolder = "", keyFolder = ""] = await fresh("lock", "key");
      const budget = readVariableBudget();
      const leave = async (device: Interpreter, { session, of }: typeof budget.key) => {
        const taken = await leaveVariables(device, session, sessionMs);
        // What the console needed for the question comes and goes.
        expect(taken).toBeGreaterThan(of - session - 50);
      };
      const seen = await contact(lockFolder, keyFolder, async (key, lock) => {
        await leave(lock, budget.lock);
        await leave(key, budget.key);
        await isShown(key, SIGNAL_GRANTED);
        await lock.waitFor("bolt unlocked", sessionMs);
        // The records after the decision take the most.
        await pause(15_000);
        for (const one of [key, lock]) one.evaluate("nk.ballast=0;");
      });
      expect(`${seen.lock}${seen.key}`).not.toContain("OUT OF MEMORY");
      noteVariables(board, "lock", { session: budget.lock.session });
      noteVariables(board, "key", { session: budget.key.session });
    },
    2 * sessionMs,
  );

  test.skipIf(isRepetition)(
    "a locked lock has no console until a key brings the permit for its service, and then it has one",
    async () => {
      const [lockFolder = "", keyFolder = ""] = await fresh("lock", "key");
      const service = provisionTown("8", START_S);
      const { issuer } = service.world;
      const [lockDevice] = service.devices;
      if (lockDevice === undefined) throw new Error("no lock");
      const request = {
        devid: Uint8Array.from(Buffer.from(lockDevice.id, "hex")),
        untilS: service.nowS + 3600,
      };
      expect(issuer.permitService(issuer.founder, request).ok).toBe(true);
      sync(service.world, service.key, service.station);
      await writeFile(join(lockFolder, "flash.bin"), lockDevice.flash);
      await writeFile(join(keyFolder, "flash.bin"), imageOf(service.key.board.flash));
      const { boardFiles, LINUX_STORAGE_BYTES, readBundleFolder, storageImage } = await import(
        "@nyckelring/firmware/storage"
      );
      const files = boardFiles(readBundleFolder(join(root, "firmware", "lock", board)));
      const mark = { name: "nk.locked", content: Buffer.from("1") };
      const image = storageImage([...files, mark], LINUX_STORAGE_BYTES);
      await writeFile(join(lockFolder, "espruino.flash"), image);

      const line = await joinContacts(lockFolder, keyFolder);
      const lock = startInterpreter(lockFolder, undefined, board);
      const key = startInterpreter(keyFolder, undefined, board);
      try {
        lock.evaluate('print("open"+1)');
        await isShown(key, SIGNAL_GRANTED);
        // The interpreter ends where a board resets.
        await expect(lock.waitFor("no console says this", sessionMs)).rejects.toThrow("ended");
        expect(lock.console()).not.toContain("open1");
      } finally {
        await key.stop();
        await lock.stop();
        await line.stop();
      }
      expect(await entriesOf(lockFolder)).toContainEqual(
        expect.objectContaining({
          kind: ENTRY_OBJECT,
          reason: GRANTED,
          target: TYP_SERVICE_PERMIT,
        }),
      );
      const open = startInterpreter(lockFolder, undefined, board);
      try {
        open.evaluate('print("open"+2)');
        await open.waitFor("open2", sessionMs);
      } finally {
        await open.stop();
      }
    },
    3 * sessionMs,
  );

  test(
    "a key without a right for the door is refused and the bolt does not move",
    async () => {
      const [lockFolder = "", keyFolder = ""] = await fresh("lock", "other");
      const seen = await contact(lockFolder, keyFolder, async (key) => {
        await isShown(key, SIGNAL_DENIED);
      });
      expect(seen.lock).not.toContain("bolt");
    },
    sessionMs,
  );

  test(
    "a key whose window is over refuses by its own clock",
    async () => {
      const [lockFolder = "", keyFolder = ""] = await fresh("lock", "key");
      await writeFile(join(keyFolder, "clock"), String(town.untilS + 13 * 3600));
      const seen = await contact(lockFolder, keyFolder, async (key) => {
        await isShown(key, SIGNAL_EXPIRED);
      });
      expect(seen.lock).not.toContain("bolt");
    },
    sessionMs,
  );

  test(
    "a line that breaks in the middle of a session opens nothing, and the next contact opens",
    async () => {
      const [lockFolder = "", keyFolder = ""] = await fresh("lock", "key");
      const line = await joinContacts(lockFolder, keyFolder);
      const lock = startInterpreter(lockFolder, undefined, board);
      const key = startInterpreter(keyFolder, undefined, board);
      await key.waitFor("signal 2", sessionMs);
      await line.stop();
      await key.stop();
      await lock.stop();
      expect(lock.console()).not.toContain("bolt");
      const seen = await contact(lockFolder, keyFolder, async (again) => {
        await isShown(again, SIGNAL_GRANTED);
      });
      expect(seen.key).toContain(`signal ${SIGNAL_GRANTED}`);
    },
    2 * sessionMs,
  );

  test.skipIf(isRepetition).each([
    { message: 1, at: 20 },
    { message: 2, at: 40 },
    { message: 3, at: 60 },
  ])(
    "a line that alters message_$message moves no bolt",
    async ({ message, at }) => {
      const [lockFolder = "", keyFolder = ""] = await fresh("lock", "key");
      const toLock = await openFarEnd(lockFolder);
      const toKey = await openFarEnd(keyFolder);
      let edhoc = 0;
      const carry = (from: typeof toLock, to: typeof toLock) =>
        from.forward((kind, bytes) => {
          if (kind === LINK_EDHOC) edhoc += 1;
          const altered = Uint8Array.from(bytes);
          // The frame is made anew, so that its checksum fits and only the session can tell.
          if (kind === LINK_EDHOC && edhoc === message) altered[at] = (altered[at] ?? 0) ^ 1;
          to.send(kind, altered);
        });
      carry(toLock, toKey);
      carry(toKey, toLock);
      const lock = startInterpreter(lockFolder, undefined, board);
      const key = startInterpreter(keyFolder, undefined, board);
      try {
        const isOver = () =>
          [SIGNAL_DENIED, SIGNAL_NO_CONTACT, SIGNAL_GRANTED].some((signal) =>
            key.console().includes(`signal ${signal}`),
          );
        for (let waitedMs = 0; waitedMs < sessionMs / 3 && !isOver(); waitedMs += 500) {
          await pause(500);
        }
        expect(edhoc).toBeGreaterThanOrEqual(message);
        expect(lock.console()).not.toContain("bolt");
        expect(key.console()).not.toContain(`signal ${SIGNAL_GRANTED}`);
      } finally {
        await key.stop();
        await lock.stop();
        await toLock.stop();
        await toKey.stop();
      }
    },
    2 * sessionMs,
  );
});
