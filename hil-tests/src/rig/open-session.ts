// SPDX-License-Identifier: EUPL-1.2
import { readBoardBuild } from "../board-build.ts";
import {
  type InterpreterProgram,
  interpreterOf,
  openInterpreterDevice,
  programFor,
} from "../board-driver/interpreter-device.ts";
import { createVirtualPace, createWallPace } from "../board-driver/pace.ts";
import type { DeviceTime, RigDevice } from "../board-driver/rig-device.ts";
import {
  type Capability,
  InfraFault,
  type Kind,
  ROLES,
  type RoleName,
} from "../board-driver/roles.ts";
import { openSerialDevice } from "../board-driver/serial-device.ts";
import { listPorts } from "../find-board.ts";
import type { RoleInRun } from "../report/run-summary.ts";
import { type BenchSession, SIMULATED_SESSION } from "../run/run-suite.ts";
import { boardIdOf } from "./board-claims.ts";
import { findPort } from "./find-port.ts";
import type { AskPerson } from "./power.ts";
import type { Rig, RigRole } from "./rig-schema.ts";

/** Boards of a rig, open and identified. */
export type OpenSession = {
  readonly session: BenchSession;
  readonly roles: Readonly<Record<RoleName, RoleInRun>>;
  close(): Promise<void>;
};

/** What a rig is opened with beside its file. */
export type SessionOptions = {
  /** Folder of the build of a role for a board, where the rig file names none. */
  readonly buildFolder: (role: RoleName, board: string) => string;
  /** Asks a person; undefined where nobody is there. */
  readonly ask?: AskPerson;
  /** Told what takes long. */
  readonly onNote?: (text: string) => void;
};

type OpenDevice = RigDevice & { readonly firmware: string };

/** What no board of a kind can do, whatever its rig file says. */
const LACKS: Readonly<Record<Kind, Readonly<Record<RoleName, readonly Capability[]>>>> = {
  sim: { key: [], station: [], lock: [] },
  real: {
    // The clock of a board runs as it runs, and a restart makes a key forget the time.
    key: ["battery", "clock", "power", "small-memory"],
    station: ["battery", "clock", "links", "lan", "wifi", "gsm", "mains", "power"],
    lock: ["clock", "cut-at-write", "mechanics", "power"],
  },
  interpreter: {
    key: ["battery", "button", "clock", "power", "small-memory"],
    station: ["battery", "clock", "links", "lan", "wifi", "gsm", "mains", "power"],
    lock: ["clock", "cut-at-write", "mechanics", "power"],
  },
};

/**
 * Opens the boards of a rig.
 *
 * @throws InfraFault when a board does not answer.
 */
export async function openSession(rig: Rig, options: SessionOptions): Promise<OpenSession> {
  const opened = new Map<RoleName, OpenDevice>();
  const close = async (): Promise<void> => {
    for (const device of opened.values()) await device.close();
  };
  try {
    for (const name of ROLES) {
      const device = await openDevice(name, rig.roles[name], options);
      if (device !== undefined) opened.set(name, device);
    }
  } catch (error) {
    await close();
    throw error;
  }
  const devices: Readonly<Partial<Record<RoleName, RigDevice>>> = Object.fromEntries(opened);
  const kinds = ofRoles((name) => rig.roles[name].kind);
  const times = timesOf([...opened.values()]);
  const cannot = ofRoles((name) => lacksOf(name, rig, opened.get(name), times !== undefined));
  const slowness = Math.max(...ROLES.map((name) => slownessOf(name, rig.roles[name])));
  const session: BenchSession = {
    kinds,
    parts: async () => ({
      kinds,
      cannot,
      devices,
      pace:
        opened.size === 0 ? createVirtualPace : (clock) => createWallPace(clock, slowness, times),
    }),
    silentRoles: async () => {
      const silent: RoleName[] = [];
      for (const [name, device] of opened) {
        await device.check().catch((error) => {
          if (!(error instanceof InfraFault)) throw error;
          silent.push(name);
        });
      }
      return silent;
    },
    recover: async (role) => await opened.get(role)?.recover(),
  };
  return {
    session: opened.size === 0 ? { ...SIMULATED_SESSION, parts: session.parts } : session,
    roles: ofRoles((name) => ({
      kind: kinds[name],
      board: boardIdOf(rig.roles[name]) ?? "",
      firmware: opened.get(name)?.firmware ?? "source",
    })),
    close,
  };
}

async function openDevice(
  role: RoleName,
  wiring: RigRole,
  options: SessionOptions,
): Promise<OpenDevice | undefined> {
  if (wiring.kind === "sim") return undefined;
  if (wiring.kind === "interpreter") {
    const interpreter = programOf(role, wiring);
    const bundle = wiring.firmware ?? options.buildFolder(role, interpreter.board);
    return openInterpreterDevice({ role, interpreter, bundle });
  }
  const found = findPort(wiring, await listPorts());
  if ("missing" in found) throw new InfraFault(role, found.missing);
  return openSerialDevice({
    role,
    wiring,
    path: found.path,
    build: (board) => readBoardBuild(wiring.firmware ?? options.buildFolder(role, board)),
    ask: options.ask,
    onNote: options.onNote ?? (() => undefined),
  });
}

/** How to set all devices forward; undefined where one of them cannot be. */
function timesOf(devices: readonly RigDevice[]): readonly DeviceTime[] | undefined {
  const times = devices.flatMap(({ time }) => time ?? []);
  return times.length === devices.length ? times : undefined;
}

function lacksOf(
  name: RoleName,
  rig: Rig,
  device: RigDevice | undefined,
  canSkip: boolean,
): readonly Capability[] {
  const role = rig.roles[name];
  const helped = device?.abilities.filter((ability) => canSkip || ability !== "clock") ?? [];
  const lacks = new Set<Capability>(LACKS[role.kind][name].filter((one) => !helped.includes(one)));
  for (const one of role.cannot) lacks.add(one);
  const { "key-lock": atLock, "key-station": atStation } = rig.contacts;
  if (name === "lock" && !atLock.cutAtByte) lacks.add("cut-at-byte");
  if (name === "station" && !atStation.cutAtByte) lacks.add("cut-at-byte");
  const hands = role.kind === "real" ? role.hands : undefined;
  if (hands?.driver === "command" && hands.press === undefined) lacks.add("button");
  return [...lacks];
}

function slownessOf(name: RoleName, role: RigRole): number {
  if (role.kind === "sim") return 1;
  return role.kind === "real" ? role.slowness : programOf(name, role).slowness;
}

/** @throws InfraFault where neither the rig file nor the environment names an interpreter. */
function programOf(
  name: RoleName,
  { program, board, slowness }: Extract<RigRole, { readonly kind: "interpreter" }>,
): InterpreterProgram {
  const found = program === undefined ? interpreterOf(name) : programFor(name, program, board);
  if (found === undefined) {
    throw new InfraFault(name, "neither ESPRUINO_ARM nor ESPRUINO names an interpreter");
  }
  return slowness === undefined ? found : { ...found, slowness };
}

function ofRoles<T>(of: (name: RoleName) => T): Record<RoleName, T> {
  return { key: of("key"), station: of("station"), lock: of("lock") };
}
