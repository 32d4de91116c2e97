// SPDX-License-Identifier: EUPL-1.2
// A lock as it is mounted: the built bundle on a virtual board that was locked down. Every way to a
// console is tried, and calls of the program are broken off while its motor runs.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { board as virtual } from "@nyckelring/firmware/boards/virtual";
import { buildBundle, bundleTargets, writeBundle } from "@nyckelring/firmware/build";
import {
  createFrameReader,
  DEVICE_BLANK,
  encodeFrames,
  encodeHello,
  LINK_HELLO,
  LINK_HELLO_ANSWER,
  ROLE_KEY,
} from "@nyckelring/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { commissionLock } from "../../firmware/src/lock/lock-commissioning.ts";
import { enrolDevice } from "../../firmware/src/shared/identity.ts";
import { crypto, entropyOf, issuingOf, provisionOf } from "../../firmware/test/lock-rig.ts";
import { BENCH_TIMING, faultOf } from "../test/board-faults.ts";
import { type BenchBoard, createBenchBoard } from "../test/memory-line.ts";
import { type BoardBuild, readBoardBuild } from "./board-build.ts";
import { openBoardConsole } from "./board-console.ts";
import { lockBoard } from "./lock-board.ts";
import { type FlashImage, openFlashImage } from "./virtual-board/flash-image.ts";
import { installBuild } from "./virtual-board/install-build.ts";
import { openStorage } from "./virtual-board/storage.ts";
import { type BoardEvent, MODEL_OF_ROLE } from "./virtual-board/virtual-board.ts";

const PAGE_BYTES = 4096;
const HEADER_BYTES = 32;
const NAME_OFFSET = 4;
const FORWARD = virtual.bolt?.forward ?? "";
const PAGES = virtual.flash.lock?.pageCount ?? 0;
/** Restart of the program, and its boot. */
const RESTART_MS_MAX = 3000;

const folder = mkdtempSync(join(tmpdir(), "nyckelring-product-"));
let build: BoardBuild;

beforeAll(async () => {
  const target = bundleTargets().find(
    ({ role, board }) => role === "lock" && board.name === "virtual",
  );
  if (target === undefined) throw new Error("no bundle for a virtual lock");
  build = readBoardBuild(await writeBundle(await buildBundle(target), folder, "1.0.0"));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** Makes the pages as the application does at its first start, and a commissioned lock in them. */
function commission(flash: FlashImage): void {
  const { start, bytes } = flash.geometry;
  const at = Buffer.from(flash.read(start, bytes)).indexOf("nyckel\0\0", 0, "latin1");
  const data = start + at - NAME_OFFSET + HEADER_BYTES;
  const first = Math.ceil(data / PAGE_BYTES) * PAGE_BYTES;
  const pages = {
    pageBytes: PAGE_BYTES,
    pageCount: PAGES,
    read: (address: number, count: number) => flash.read(first + address, count),
    program: (address: number, content: Uint8Array) => flash.program(first + address, content),
    erase: (page: number) => flash.erasePage(first + page * PAGE_BYTES),
  };
  const device = enrolDevice(pages, entropyOf("mounted lock"), crypto);
  const done = commissionLock(pages, crypto, provisionOf(issuingOf(), device));
  if (!done.ok) throw new Error(`commissioning: ${done.fault.code}`);
}

interface Mounted extends BenchBoard {
  readonly events: BoardEvent[];
  /** All that has come out of the console since the power came. */
  said(): string;
  /** A key says hello. @returns true where the lock answers within the time. */
  greets(withinMs: number): Promise<boolean>;
}

/** A commissioned lock; locked down, with scripts that Storage runs before the application. */
async function mountLock(
  scripts: Readonly<Record<string, string>> = {},
  options: { readonly isLocked?: boolean; readonly hasBootButton?: boolean } = {},
): Promise<Mounted> {
  const { geometry } = MODEL_OF_ROLE.lock;
  const flash = openFlashImage(geometry, undefined);
  flash.restorePower(undefined);
  const storage = openStorage(flash);
  installBuild(storage, build);
  storage.write("nyckel", Buffer.from(" "), 0, (PAGES + 1) * PAGE_BYTES);
  commission(flash);
  for (const [name, script] of Object.entries(scripts)) {
    storage.write(name, Buffer.from(script, "latin1"), 0, 0);
  }
  if (options.isLocked !== false) storage.write("nk.locked", Buffer.from("1"), 0, 0);
  const events: BoardEvent[] = [];
  let said = "";
  let isGreeted = false;
  const reader = createFrameReader(
    (kind) => {
      isGreeted ||= kind === LINK_HELLO_ANSWER;
    },
    () => undefined,
  );
  const bench = createBenchBoard("lock", {
    flash,
    watchdogMsMax: 300,
    ...(options.hasBootButton === undefined ? {} : { hasBootButton: options.hasBootButton }),
    onEvent: (event) => events.push(event),
    onContact: (octets) => reader.push(octets),
  });
  bench.connect().onOctets((octets) => {
    said += Buffer.from(octets).toString("latin1");
  });
  return {
    ...bench,
    events,
    said: () => said,
    async greets(withinMs) {
      isGreeted = false;
      for (let waitedMs = 0; waitedMs < withinMs && !isGreeted; waitedMs += 50) {
        for (const frame of [encodeFrames(LINK_HELLO, encodeHello(ROLE_KEY))]) {
          bench.board.writeContact(frame);
        }
        await pause(50);
      }
      return isGreeted;
    },
  };
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** What a person or a tool would send to get a prompt, an answer or the memory. */
const KNOCKS: Readonly<Record<string, string>> = {
  "a line": 'print("open"+1)\n',
  "a silent line": '\u0010print("open"+1)\n',
  "Ctrl-C": "\u0003",
  "two of them": "\u0003\u0003",
  "the question who is there": "\u0005",
  "a packet that asks": '\u0010\u0001\u0020\u0008"open"+1',
  "a packet that sends a file": '\u0010\u0001\u0060\u0015{"fn":".boot0","s":3}',
  "the console back": 'E.setConsole("USB")\n',
  "a password": "password\n",
};

describe("a lock that was locked down", () => {
  test("answers keys and nothing else, on no line and whatever is sent", async () => {
    const bench = await mountLock();
    try {
      expect(await bench.greets(5000)).toBe(true);
      await pause(50);
      expect(bench.said()).not.toContain(">");
      expect(bench.events).toContainEqual({ type: "radio", isOn: false });
      const before = bench.said();
      const files = bench.board.storage.list();
      for (const [name, knock] of Object.entries(KNOCKS)) {
        bench.board.writeConsole(Buffer.from(knock, "latin1"));
        bench.board.writeContact(Buffer.from(knock, "latin1"));
        await pause(30);
        expect(bench.said(), name).toBe(before);
      }
      expect(bench.board.storage.list()).toEqual(files);
      expect(await bench.greets(5000)).toBe(true);
      expect(bench.said()).toBe(before);
    } finally {
      bench.stop();
    }
  });

  test("a button at power-on gives a stock board away, and nothing where it was built out", async () => {
    for (const hasBootButton of [true, false]) {
      const bench = await mountLock({}, { hasBootButton });
      try {
        bench.board.powerOn(true);
        await pause(50);
        const from = bench.said().length;
        bench.board.writeConsole(Buffer.from('print("open"+1)\n'));
        await pause(50);
        expect(bench.said().slice(from).includes("open1")).toBe(hasBootButton);
      } finally {
        bench.stop();
      }
    }
  });

  test("the command locks a commissioned board, and leaves a blank one as it was", async () => {
    const bench = await mountLock({}, { isLocked: false });
    const blank = createBenchBoard("lock");
    try {
      installBuild(blank.board.storage, build);
      blank.board.powerOn();
      const open = await openBoardConsole(blank.connect(), BENCH_TIMING);
      expect((await faultOf(lockBoard(open))).parts.code).toBe(DEVICE_BLANK);
      expect(blank.board.storage.list()).not.toContain("nk.locked");

      const client = await openBoardConsole(bench.connect(), BENCH_TIMING);
      expect(await lockBoard(client)).toMatchObject({ role: "lock", version: "1.0.0" });
      expect(bench.board.storage.list()).toContain("nk.locked");
      expect(await bench.greets(5000)).toBe(true);
    } finally {
      bench.stop();
      blank.stop();
    }
  });
});

/** How calls are broken off while the motor runs; the state machine of the bolt is not asked. */
const ABORTS: Readonly<Record<string, string>> = {
  "an exception that nobody catches": 'throw new Error("planted")',
  "a stack that runs over": "(function deep(){deep()})()",
  "a full memory, which the interpreter tells": 'E.emit("errorFlag",["LOW_MEMORY","MEMORY"])',
  "a call that never ends": "for(;;);",
};

describe("a call that is broken off while the motor runs", () => {
  test.each(Object.entries(ABORTS))(
    "after %s the motor is off and the next key is served",
    async (_name, script) => {
      const motorOn = `digitalWrite("${FORWARD}",1);digitalPulse("${FORWARD}",1,1700);`;
      // Once: the file is struck out before the fault, so that the next start has none.
      const planted = `setTimeout(function(){require("Storage").erase(".boot0");${motorOn}${script}},100)`;
      const bench = await mountLock({ ".boot0": planted });
      try {
        const isReset = () => bench.events.some(({ type }) => type === "reset");
        for (let waitedMs = 0; waitedMs < RESTART_MS_MAX && !isReset(); waitedMs += 20) {
          await pause(20);
        }
        const bolt = bench.events.filter(({ type }) => type === "bolt" || type === "reset");
        expect(isReset()).toBe(true);
        // The bolt began to move, the motor stopped before it got there, and the start brings it back.
        expect(bolt.slice(0, 2)).toEqual([
          { type: "bolt", position: "between" },
          {
            type: "reset",
            reason: script === ABORTS["a call that never ends"] ? "watchdog" : "program",
          },
        ]);
        expect(await bench.greets(RESTART_MS_MAX)).toBe(true);
        await pause(200);
        expect(bench.events.filter(({ type }) => type === "bolt").at(-1)).toEqual({
          type: "bolt",
          position: "locked",
        });
      } finally {
        bench.stop();
      }
    },
    20_000,
  );
});
