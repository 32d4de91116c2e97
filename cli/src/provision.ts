// SPDX-License-Identifier: EUPL-1.2

import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type BuiltBundle,
  boardFiles,
  LINUX_STORAGE_BYTES,
  readBundleFolder,
  storageImage,
} from "@nyckelring/firmware/storage";
import type { BoardBuild } from "@nyckelring/hil-tests";
import { FILE_UNREADABLE, USAGE } from "@nyckelring/protocol";
import { type ProvisionedDevice, type Provisioning, provisionDevices } from "@nyckelring/simulator";
import { makeDirectory } from "./make-directory.ts";
import { readNumber } from "./numbers.ts";
import type { Output } from "./output.ts";
import { ToolError } from "./tool-error.ts";
import { isoOf } from "./utc-time.ts";

const SEED_DIGITS_MAX = 20;
/** 23 November 2026, 06:00 UTC: the shift begins. */
export const START_S = 1_795_413_600;
const HOUR_S = 3600;
/** More hours than the authority ever gives: its own limit is told as its refusal. */
const SERVICE_HOURS_MAX = 1000;
const BOARDS = ["linux", "linux-arm", "virtual"] as const;
/** Image of a virtual board, in the folder of a device. */
export const BOARD_FILE = "board.flash";
/** Pages of the role's area. */
export const PAGES_FILE = "flash.bin";
/** `key`, `lock` or `station`. */
export const ROLE_FILE = "role";
/** UTC seconds at which the clock of a device starts; there is none for a device without a clock. */
export const CLOCK_FILE = "clock";

/** Options of `provision`, as commander hands them over. */
export type ProvisionOptions = {
  readonly seed: string;
  readonly out: string;
  readonly board: string;
  readonly firmware: string;
  readonly service?: string;
  readonly json?: boolean;
};

/**
 * Writes a folder for each device of a small town: its Storage with firmware, the pages of its flash
 * and the time of its clock, so that interpreters open a door for each other without this process.
 *
 * @returns The exit code.
 * @throws ToolError `USAGE` for options that cannot be, `REQUEST_INVALID` for hours of service that the
 *   authority does not give, `FILE_UNREADABLE` for firmware that was not built or a directory that
 *   cannot be written.
 */
export async function provision(options: ProvisionOptions, output: Output): Promise<number> {
  const board = BOARDS.find((name) => name === options.board);
  if (board === undefined) {
    throw new ToolError({
      code: USAGE,
      message: `there is no interpreter board "${options.board}"`,
      state: "nothing was written",
      hint: `boards are: ${BOARDS.join(", ")}`,
      details: { board: options.board },
    });
  }
  if (!/^\d+$/.test(options.seed) || options.seed.length > SEED_DIGITS_MAX) {
    throw new ToolError({
      code: USAGE,
      message: `the seed "${options.seed}" is not a whole number of at most ${SEED_DIGITS_MAX} digits`,
      state: "nothing was written",
      hint: "nyckel provision --out out/devices --seed 7",
      details: { seed: options.seed },
    });
  }
  const write =
    board === "virtual" ? await boardWriter(options) : interpreterWriter(options, board);
  const serviceS =
    options.service === undefined
      ? undefined
      : readNumber("--service", options.service, 1, SERVICE_HOURS_MAX) * HOUR_S;
  const town = provisionDevices(options.seed, START_S, serviceS);
  const permission = readPermission(town.service);
  for (const device of town.devices) {
    writeDevice(options.out, device, write);
  }
  const figures = {
    seed: options.seed,
    board,
    now: isoOf(town.nowS),
    until: isoOf(town.untilS),
    devices: town.devices.map(({ name, role, id, what }) => ({ name, role, id, what })),
    ...(permission === undefined ? {} : { service: permission }),
    out: options.out,
  };
  if (options.json === true) {
    output.out(`${JSON.stringify({ type: "result", ...figures })}\n`);
    return 0;
  }
  output.out(
    [
      ...figures.devices.map(
        (one) => `${join(options.out, one.name)}: ${one.role} ${one.id}, ${one.what}`,
      ),
      `frozen at ${figures.now}, rights until ${figures.until}`,
      ...(permission === undefined
        ? []
        : [
            `the key carries service permit ${permission.serial} for lock ${permission.lock}, until ${permission.until}; the audit names user ${permission.by}`,
          ]),
      board === "virtual"
        ? `next: nyckel sim attach --desk ${options.out} …; docs/flashing.md has the whole sequence`
        : "start each interpreter in its folder; docs/interpreter.md tells how the contacts are joined",
      "",
    ].join("\n"),
  );
  return 0;
}

/** What the authority said to the wish for a service permit. */
function readPermission(service: Provisioning["service"]) {
  if (service === undefined) return undefined;
  if (!service.ok) {
    throw new ToolError({
      code: service.fault.code,
      message: "the authority gives no service permit of that length",
      state: "nothing was written",
      hint: "a permit lasts 24 hours at most: --service 2",
    });
  }
  const { devid, serial, untilS, by } = service.value;
  return { lock: devid, serial, until: isoOf(untilS), by };
}

function readFirmware(firmware: string, role: string, board: string): BuiltBundle {
  const folder = join(firmware, role, board);
  try {
    return readBundleFolder(folder);
  } catch (error) {
    throw noFirmware(folder, error);
  }
}

function noFirmware(folder: string, error: unknown): ToolError {
  return new ToolError({
    code: FILE_UNREADABLE,
    message: `there is no bundle in "${folder}": ${error instanceof Error ? error.message : error}`,
    state: "nothing was written",
    hint: "build the firmware first: make firmware",
    details: { folder },
  });
}

/** Writes what is special to a kind of board into the folder of a device. */
type DeviceWriter = (folder: string, device: ProvisionedDevice) => void;

function interpreterWriter(options: ProvisionOptions, board: string): DeviceWriter {
  const bundles = {
    key: readFirmware(options.firmware, "key", board),
    lock: readFirmware(options.firmware, "lock", board),
    station: readFirmware(options.firmware, "station", board),
  };
  return (folder, { role }) =>
    writeFileSync(
      join(folder, "espruino.flash"),
      storageImage(boardFiles(bundles[role]), LINUX_STORAGE_BYTES),
    );
}

async function boardWriter(options: ProvisionOptions): Promise<DeviceWriter> {
  const { BoardFault, readBoardBuild, writeBoardInService } = await import("@nyckelring/hil-tests");
  const read = (role: string, board: string): BoardBuild => {
    const folder = join(options.firmware, role, board);
    try {
      return readBoardBuild(folder);
    } catch (error) {
      throw error instanceof BoardFault ? noFirmware(folder, error) : error;
    }
  };
  const builds = {
    key: read("key", "virtual"),
    lock: read("lock", "virtual"),
    station: read("station", "esp32s3"),
  };
  return (folder, { role, flash }) => {
    const path = join(folder, BOARD_FILE);
    rmSync(path, { force: true });
    writeBoardInService(path, role, builds[role], flash);
  };
}

function writeDevice(out: string, device: ProvisionedDevice, write: DeviceWriter): void {
  const folder = join(out, device.name);
  try {
    makeDirectory(out);
    makeDirectory(folder);
    write(folder, device);
    writeFileSync(join(folder, PAGES_FILE), device.flash);
    writeFileSync(join(folder, ROLE_FILE), device.role);
    if (device.clockS !== undefined) {
      writeFileSync(join(folder, CLOCK_FILE), String(device.clockS));
    }
  } catch (error) {
    throw new ToolError({
      code: FILE_UNREADABLE,
      message: `the device cannot be written to "${folder}": ${error instanceof Error ? error.message : error}`,
      state: "the directory may hold a part of the devices",
      hint: "give a directory that you may write to, for example: --out out/devices",
      details: { out },
    });
  }
}
