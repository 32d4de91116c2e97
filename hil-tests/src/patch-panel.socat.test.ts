// SPDX-License-Identifier: EUPL-1.2
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { BOARDS, buildBundle, readVersion, writeBundle } from "@nyckelring/firmware/build";
import { LINK_HELLO, LINK_HELLO_ANSWER } from "@nyckelring/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import { type BoardBuild, readBoardBuild } from "./board-build.ts";
import { openPatchPanel, type PanelEvent } from "./patch-panel.ts";
import { openPseudoTerminal } from "./pseudo-terminal.ts";
import { openFlashImage } from "./virtual-board/flash-image.ts";
import { installBuild } from "./virtual-board/install-build.ts";
import {
  createVirtualBoard,
  type DeviceRole,
  MODEL_OF_ROLE,
} from "./virtual-board/virtual-board.ts";

const folder = mkdtempSync(join(tmpdir(), "nyckelring-panel-"));
const builds = new Map<DeviceRole, BoardBuild>();

/** The real firmware of each role, as `make firmware` builds it for the board that is emulated. */
beforeAll(async () => {
  for (const role of ["key", "lock", "station"] as const) {
    const { name } = MODEL_OF_ROLE[role].board;
    const board = BOARDS.find((one) => one.name === name);
    if (board === undefined) {
      throw new Error(`there is no board ${name}`);
    }
    const built = await buildBundle({ role, board });
    builds.set(role, readBoardBuild(await writeBundle(built, folder, await readVersion())));
  }
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true }));

function buildOf(role: DeviceRole): BoardBuild {
  const build = builds.get(role);
  if (build === undefined) {
    throw new Error(`there is no build for a ${role}`);
  }
  return build;
}

/** A lock whose contact is a serial port, as a real one would be. */
async function startRealLock(port: string) {
  const terminal = await openPseudoTerminal(port);
  const { geometry } = MODEL_OF_ROLE.lock;
  const flash = openFlashImage(geometry, undefined);
  let console = "";
  const lock = createVirtualBoard({
    model: MODEL_OF_ROLE.lock,
    flash,
    baud: 0,
    name: "real lock",
    onConsole: (octets) => {
      console += Buffer.from(octets).toString("latin1");
    },
    onContact: (octets) => terminal.write(octets),
  });
  flash.restorePower(undefined);
  installBuild(lock.storage, buildOf("lock"));
  terminal.onOctets((octets) => lock.writeContact(octets));
  lock.powerOn();
  return {
    console: () => console,
    async stop() {
      lock.powerOff("the test is over");
      await terminal.close();
    },
  };
}

/**
 * Goal: the built bundles run on virtual boards, and a real board can stand beside them.
 * Method: a blank lock behind a serial port, a blank key and station on the panel. The key is put
 * into the lock, then into the station; each must hear hello and answer it.
 */
test("a simulated key greets a real lock over its port, and then a simulated station", async () => {
  const port = join(folder, "contact");
  const lock = await startRealLock(port);
  const events: PanelEvent[] = [];
  const panel = await openPatchPanel({
    real: { role: "lock", port },
    build: buildOf,
    flash: () => undefined,
    startS: () => undefined,
    onEvent: (event) => void events.push(event),
  });
  const answered = (from: DeviceRole) => () =>
    events.some(
      (event) => event.type === "frame" && event.from === from && event.kind === LINK_HELLO_ANSWER,
    );
  const until = async (isDone: () => boolean): Promise<void> => {
    for (let round = 0; round < 2000 && !isDone(); round += 1) {
      await pause(10);
    }
  };
  panel.insert("lock");
  await until(answered("lock"));
  panel.pull();
  // A hand needs longer than the contact bounces.
  await pause(100);
  panel.insert("station");
  await until(answered("station"));
  await panel.close();
  expect(lock.console()).not.toContain("Uncaught");
  await lock.stop();
  const heard = events.filter((event) => event.type === "frame");
  expect(heard).toContainEqual(expect.objectContaining({ from: "key", kind: LINK_HELLO }));
  expect(answered("lock")()).toBe(true);
  expect(answered("station")()).toBe(true);
}, 60_000);
