// SPDX-License-Identifier: EUPL-1.2
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  BOARD_MISMATCH,
  BOOT_FAILED,
  FLASH_FULL,
  INTERRUPTED,
  ROLE_MISMATCH,
  SECURITY_VERSION_OLD,
} from "@nyckelring/protocol";
import { afterAll, describe, expect, test } from "vitest";

import { type BenchBoard, createBenchBoard } from "../test/memory-line.ts";
import { type SampleBuild, writeSampleBuild } from "../test/sample-build.ts";
import { type BoardBuild, readBoardBuild } from "./board-build.ts";
import { openBoardConsole } from "./board-console.ts";
import { BoardFault } from "./board-fault.ts";
import { askApplication, inspectBoard } from "./board-state.ts";
import { permitBoardOf } from "./firmware-permit.ts";
import {
  admitBuild,
  compareBoard,
  eraseBoard,
  type FlashPlan,
  flashBoard,
  planFlash,
} from "./flash-board.ts";
import { openFlashImage, PowerCut } from "./virtual-board/flash-image.ts";
import { MODEL_OF_ROLE } from "./virtual-board/virtual-board.ts";

const folder = mkdtempSync(join(tmpdir(), "nyckelring-flash-"));
afterAll(() => rmSync(folder, { recursive: true }));
const TIMING = { greetMs: 100, answerMs: 300 };
let builds = 0;

function buildOf(sample: SampleBuild = {}): BoardBuild {
  builds += 1;
  return readBoardBuild(writeSampleBuild(join(folder, String(builds)), sample));
}

/** A permit as the loader reads it: these octets stand so in the payload of a signed one. */
function permitFor(build: BoardBuild, serialNumber: string): Uint8Array {
  const manifest = Buffer.from(build.manifest.sha256, "hex");
  return Buffer.concat([
    Buffer.from("H"),
    permitBoardOf(serialNumber),
    Buffer.from("X "),
    manifest,
  ]);
}

async function flash(bench: BenchBoard, build: BoardBuild, permitOf?: BoardBuild) {
  const client = await openBoardConsole(bench.connect(), TIMING);
  const state = await inspectBoard(client);
  admitBuild(build, state, permitOf !== undefined);
  const plan = await planFlash(client, build, state);
  const { serialNumber } = client.identity;
  const application = await flashBoard(client, build, state, plan, {
    onProgress: () => undefined,
    isInterrupted: () => false,
    ...(permitOf === undefined ? {} : { permit: permitFor(permitOf, serialNumber) }),
  });
  return { plan, application, client };
}

async function codeOf(work: Promise<unknown>): Promise<BoardFault> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof BoardFault) {
    return error;
  }
  throw error ?? new Error("nothing was thrown");
}

const ways = (plan: FlashPlan) => plan.steps.map(({ fileName, way }) => `${fileName} ${way}`);

describe("flashing a board", () => {
  test("a bare board gets loader, slot a and a selector, and runs", async () => {
    const bench = createBenchBoard();
    const { application, plan } = await flash(bench, buildOf());
    expect(application).toMatchObject({ role: "lock", version: "1.0.0", slot: "a" });
    expect(plan.bootChange).toBe("new");
    expect(bench.board.storage.list().sort()).toEqual([
      ".bootcde",
      "a.filling",
      "a.lock",
      "a.manifest",
      "a.shared",
      "nk.ok.1",
      "nk.sel.1",
      "nk.try.1",
    ]);
    bench.stop();
  });

  test("the next version goes into the other slot, and what is equal is copied on the board", async () => {
    const bench = createBenchBoard();
    await flash(bench, buildOf());
    const { application, plan } = await flash(bench, buildOf({ version: "1.1.0" }));
    expect(application.slot).toBe("b");
    expect(ways(plan)).toEqual([
      "b.lock sent",
      "b.filling copied",
      "b.shared copied",
      "b.manifest sent",
    ]);
    expect(bench.board.storage.list()).toContain("nk.sel.1");
    bench.stop();
  });

  test("a third version sends only what neither slot has, and erases the oldest selector", async () => {
    const bench = createBenchBoard();
    await flash(bench, buildOf());
    await flash(bench, buildOf({ version: "1.1.0" }));
    const { plan } = await flash(bench, buildOf({ version: "1.2.0" }));
    expect(ways(plan)).toEqual([
      "a.lock sent",
      "a.filling kept",
      "a.shared kept",
      "a.manifest sent",
    ]);
    const kept = bench.board.storage.list().filter((name) => /^nk\.(sel|try|ok)\./.test(name));
    expect(kept.filter((name) => name.endsWith("1"))).toEqual([]);
    expect(kept).toContain("nk.sel.2");
    bench.stop();
  });

  test("every file is compared by its digest after flashing", async () => {
    const bench = createBenchBoard();
    const build = buildOf();
    const { client } = await flash(bench, build);
    const state = await inspectBoard(client);
    expect((await compareBoard(client, build, state)).every(({ isEqual }) => isEqual)).toBe(true);
    const another = await compareBoard(client, buildOf({ version: "9.9.9" }), state);
    expect(another.filter(({ isEqual }) => !isEqual).map(({ fileName }) => fileName)).toEqual([
      "a.lock",
      "a.manifest",
    ]);
    bench.stop();
  });

  test("refuses a build of another role, of another board, or with an older security version", async () => {
    const bench = createBenchBoard();
    await flash(bench, buildOf({ securityVersion: 5 }));
    const client = await openBoardConsole(bench.connect(), TIMING);
    const state = await inspectBoard(client);
    const refusal = (sample: SampleBuild, isPermitted = false): number => {
      try {
        admitBuild(buildOf(sample), state, isPermitted);
        return 0;
      } catch (error) {
        return error instanceof BoardFault ? error.parts.code : -1;
      }
    };
    expect(refusal({ role: "key", securityVersion: 5 })).toBe(ROLE_MISMATCH);
    expect(refusal({ board: "esp32s3", securityVersion: 5 })).toBe(BOARD_MISMATCH);
    expect(refusal({ securityVersion: 4 })).toBe(SECURITY_VERSION_OLD);
    expect(refusal({ securityVersion: 4 }, true)).toBe(0);
    expect(refusal({ role: "key", securityVersion: 4 }, true)).toBe(ROLE_MISMATCH);
    expect(refusal({ securityVersion: 5 })).toBe(0);
    bench.stop();
  });

  test("a permitted step back leaves nothing newer that the loader would prefer", async () => {
    const bench = createBenchBoard();
    await flash(bench, buildOf({ securityVersion: 5 }));
    const older = buildOf({ version: "0.9.0", securityVersion: 4 });
    const { application } = await flash(bench, older, older);
    expect(application).toMatchObject({ version: "0.9.0", securityVersion: 4 });
    const left = bench.board.storage
      .list()
      .filter((name) => /^nk\.(sel|try|ok|permit)\./.test(name));
    expect(left.sort()).toEqual(["nk.ok.2", "nk.permit.2", "nk.sel.2", "nk.try.2"]);
    const again = await flash(bench, buildOf({ version: "1.1.0", securityVersion: 5 }));
    expect(again.application).toMatchObject({ version: "1.1.0", slot: "a" });
    bench.stop();
  });

  test("a permitted step back that does not start leaves the newer application running", async () => {
    const bench = createBenchBoard();
    await flash(bench, buildOf({ securityVersion: 5 }));
    const older = buildOf({ version: "0.9.0", securityVersion: 4, isBroken: true });
    const fault = await codeOf(flash(bench, older, older));
    expect(fault.parts.code).toBe(BOOT_FAILED);
    expect(fault.parts.state).toContain("slot a runs with version 1.0.0");
    bench.stop();
  });

  test("the loader starts nothing below the proven security version without a permit for this very build", async () => {
    const bench = createBenchBoard();
    await flash(bench, buildOf({ securityVersion: 5 }));
    const older = buildOf({ version: "0.9.0", securityVersion: 4 });
    const fault = await codeOf(flash(bench, older, buildOf({ version: "0.8.0" })));
    expect(fault.parts.code).toBe(BOOT_FAILED);
    expect(fault.parts.state).toContain("slot a runs with version 1.0.0");
    bench.stop();
  });

  test("a board that runs its older slot, because the newer failed, keeps that slot", async () => {
    const bench = createBenchBoard();
    await flash(bench, buildOf());
    await codeOf(flash(bench, buildOf({ version: "1.1.0", isBroken: true })));
    const { plan } = await flash(bench, buildOf({ version: "1.2.0" }));
    expect(plan.slot).toBe("b");
    bench.stop();
  });

  test("an application that starts slowly is waited for and not interrupted", async () => {
    const bench = createBenchBoard();
    const sent: number[] = [];
    const line = bench.connect({
      toBoard: (octet) => {
        sent.push(octet);
        return octet;
      },
    });
    const client = await openBoardConsole(line, TIMING);
    const entry = "var t=getTime();while(getTime()-t<0.4);nk.ok();\n";
    const build = buildOf({ entry });
    const state = await inspectBoard(client);
    const plan = await planFlash(client, build, state);
    const options = { onProgress: () => undefined, isInterrupted: () => false };
    const { version } = await flashBoard(client, build, state, plan, options);
    expect(version).toBe("1.0.0");
    const restart = Buffer.from(sent).lastIndexOf("load()");
    expect(restart).toBeGreaterThan(0);
    expect(sent.slice(restart)).not.toContain(3);
    bench.stop();
  });

  test("an application that does not start is told, and the one before runs", async () => {
    const bench = createBenchBoard();
    await flash(bench, buildOf());
    const fault = await codeOf(flash(bench, buildOf({ version: "1.1.0", isBroken: true })));
    expect(fault.parts.code).toBe(BOOT_FAILED);
    expect(fault.parts.state).toContain("slot a runs with version 1.0.0");
    const { application } = await flash(bench, buildOf({ version: "1.2.0" }));
    expect(application.version).toBe("1.2.0");
    bench.stop();
  });

  test("a board without room says so before anything is written", async () => {
    const bench = createBenchBoard();
    const { freeBytes } = bench.board.storage.stats();
    bench.board.storage.write("big", Buffer.from("x"), 0, freeBytes - 2000);
    const before = bench.flash.writes();
    const fault = await codeOf(flash(bench, buildOf()));
    expect(fault.parts.code).toBe(FLASH_FULL);
    expect(bench.flash.writes()).toBe(before);
    bench.stop();
  });

  /** A board after twelve versions, on which so many octets are left beside its identity and log. */
  async function fullBoard(freeBytes: number, bytes: number): Promise<BenchBoard> {
    const bench = createBenchBoard();
    for (let minor = 0; minor < 12; minor += 1) {
      await flash(bench, buildOf({ version: `1.${minor}.0`, bytes: bytes + minor }));
    }
    const left = bench.board.storage.stats().freeBytes - freeBytes - 32;
    bench.board.storage.write("nyckel", Buffer.from("identity and log"), 0, left);
    return bench;
  }

  test("a full board takes update after update in the room of deleted files, and keeps its log", async () => {
    const bench = await fullBoard(12_000, 30_000);
    const log = bench.board.storage.read("nyckel");
    const place = bench.board.storage.addressOf("nyckel");
    let made = 0;
    for (let update = 0; update < 12; update += 1) {
      const version = `2.${update}.0`;
      const sample = { version, bytes: 28_000 + ((update * 977) % 2500) };
      const { application, plan } = await flash(bench, buildOf(sample));
      expect(application.version).toBe(version);
      made += plan.room === undefined ? 0 : 1;
    }
    expect(made).toBeGreaterThan(8);
    expect(bench.board.storage.read("nyckel")).toBe(log);
    expect(bench.board.storage.addressOf("nyckel")).toBe(place);
    bench.stop();
  });

  test("a board on which deleted files do not help says so, and what does", async () => {
    const bench = await fullBoard(3000, 2000);
    const before = bench.flash.writes();
    const fault = await codeOf(flash(bench, buildOf({ version: "3.0.0", bytes: 60_000 })));
    expect(fault.parts.code).toBe(FLASH_FULL);
    expect(fault.parts.hint).toContain("nyckel device erase");
    expect(bench.flash.writes()).toBe(before);
    bench.stop();
  });

  test("an interruption ends between two packets and tells the state", async () => {
    const bench = createBenchBoard();
    await flash(bench, buildOf());
    const build = buildOf({ version: "2.0.0", bytes: 5000 });
    const client = await openBoardConsole(bench.connect(), TIMING);
    const state = await inspectBoard(client);
    const plan = await planFlash(client, build, state);
    let calls = 0;
    const fault = await codeOf(
      flashBoard(client, build, state, plan, {
        onProgress: () => {
          calls += 1;
        },
        isInterrupted: () => calls > 6,
      }),
    );
    expect(fault.parts.code).toBe(INTERRUPTED);
    expect(fault.parts.state).toBe(
      "slot b is incomplete; the board still starts slot a with version 1.0.0",
    );
    bench.stop();
  });

  test("an erased board has no files and can be flashed again", async () => {
    const bench = createBenchBoard();
    const { client } = await flash(bench, buildOf());
    await eraseBoard(client);
    expect(bench.board.storage.list()).toEqual([]);
    expect((await flash(bench, buildOf())).application.slot).toBe("a");
    bench.stop();
  });
});

/**
 * Goal: an interrupted flash leaves the old application bootable, whatever the moment.
 * Method: count the flash writes of one update, the starts of the new application included, then
 * repeat it on copies of the same board and cut power at writes spread over all of it, or at every
 * one with ALL_CUTS=1. After each cut the board boots, must run the old or the new version, whole,
 * and must take the update again.
 */
describe("power cuts while flashing", () => {
  const model = MODEL_OF_ROLE.lock;
  const CUTS = 24;
  /** Making room is done after about so many writes. */
  const ROOM_WRITES = 80;
  const isEveryCut = process.env["ALL_CUTS"] === "1";

  async function boardWithFirstVersion(build: BoardBuild, isFull = false): Promise<Uint8Array> {
    const bench = createBenchBoard();
    if (isFull) {
      // Versions whose files will lie there deleted, and then little room beside them.
      for (let minor = 0; minor < 11; minor += 1) {
        const sample = { version: `0.${minor}.0`, bytes: 30_000 + minor, securityVersion: 2 };
        await flash(bench, buildOf(sample));
      }
    }
    await flash(bench, build);
    if (isFull) {
      const left = bench.board.storage.stats().freeBytes - 9000;
      bench.board.storage.write("nyckel", Buffer.from("identity and log"), 0, left);
    }
    const image = bench.flash.read(model.geometry.start, model.geometry.bytes);
    bench.stop();
    return image;
  }

  function boardFrom(image: Uint8Array, cutAfterWrites?: number): BenchBoard {
    const flashImage = openFlashImage(model.geometry, undefined);
    flashImage.restorePower(undefined);
    flashImage.load(image);
    return createBenchBoard("lock", {
      flash: flashImage,
      ...(cutAfterWrites === undefined ? {} : { cutAfterWrites }),
    });
  }

  const UPDATES: readonly (readonly [name: string, sample: SampleBuild])[] = [
    ["with the same loader", { securityVersion: 2 }],
    ["with another loader", { securityVersion: 2, bootNote: "2" }],
    ["of a permitted step back", { securityVersion: 1 }],
    ["on a full board", { securityVersion: 2, bytes: 30_000 }],
  ];

  test.each(UPDATES)(
    "the old application starts after a cut at any flash write, %s",
    async (_name, sample) => {
      const isFull = sample.bytes !== undefined;
      const image = await boardWithFirstVersion(buildOf({ securityVersion: 2 }), isFull);
      const update = buildOf({ version: "2.0.0", bytes: 2000, ...sample });
      const permitOf = sample.securityVersion === 1 ? update : undefined;
      const whole = boardFrom(image);
      const before = whole.flash.writes();
      const { plan } = await flash(whole, update, permitOf);
      expect(plan.room !== undefined).toBe(isFull);
      const writes = whole.flash.writes() - before;
      whole.stop();
      expect(writes).toBeGreaterThan(200);
      let old = 0;
      const cuts = isEveryCut ? writes : CUTS;
      for (let index = 0; index < cuts; index += 1) {
        // Half of them where room is made, or over all of it; the others close together at the end,
        // where boot file and selector are written.
        const sampled =
          index < CUTS / 2
            ? Math.floor((index * (isFull ? ROOM_WRITES : writes)) / (CUTS / 2))
            : writes - 1 - (index - CUTS / 2) * 2;
        const cut = isEveryCut ? index : sampled;
        const bench = boardFrom(image, cut);
        const fault = await codeOf(flash(bench, update, permitOf));
        expect(fault.parts.state, `cut at write ${cut}`).toMatch(/the board (still )?starts slot/);
        const again = boardFrom(bench.flash.read(model.geometry.start, model.geometry.bytes));
        const client = await openBoardConsole(again.connect(), TIMING);
        const application = await askApplication(client);
        expect(["1.0.0", "2.0.0"], `cut at write ${cut}`).toContain(application?.version);
        old += application?.version === "1.0.0" ? 1 : 0;
        expect((await flash(again, update, permitOf)).application.version).toBe("2.0.0");
        bench.stop();
        again.stop();
      }
      expect(old).toBeGreaterThan(CUTS / 2);
    },
    600_000,
  );

  test("the old application starts after a cut at any octet of the line", async () => {
    const image = await boardWithFirstVersion(buildOf());
    const update = buildOf({ version: "2.0.0", bytes: 2000 });
    let octets = 0;
    const whole = boardFrom(image);
    const line = whole.connect({
      toBoard: (octet) => {
        octets += 1;
        return octet;
      },
    });
    const client = await openBoardConsole(line, TIMING);
    const state = await inspectBoard(client);
    const plan = await planFlash(client, update, state);
    await flashBoard(client, update, state, plan, {
      onProgress: () => undefined,
      isInterrupted: () => false,
    });
    whole.stop();
    for (let index = 1; index < 16; index += 1) {
      const cutAfterBytes = Math.floor((index * octets) / 16);
      const bench = createBenchBoard("lock", { flash: boardFrom(image).flash, cutAfterBytes });
      await codeOf(flash(bench, update));
      const again = boardFrom(bench.flash.read(model.geometry.start, model.geometry.bytes));
      const application = await askApplication(await openBoardConsole(again.connect(), TIMING));
      expect(["1.0.0", "2.0.0"], `cut after ${cutAfterBytes}`).toContain(application?.version);
      again.stop();
    }
  });

  test("a flash without power keeps what it had and refuses more", () => {
    const image = openFlashImage(model.geometry, undefined);
    image.restorePower(1);
    expect(() => image.program(model.geometry.start, new Uint8Array(8))).toThrow(PowerCut);
    expect([...image.read(model.geometry.start, 8)]).toEqual([0, 0, 0, 0, 255, 255, 255, 255]);
    expect(() => image.erasePage(model.geometry.start)).toThrow(PowerCut);
  });
});
