// SPDX-License-Identifier: EUPL-1.2
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

import type { BoardBuild } from "../board-build.ts";
import { openPseudoTerminal } from "../pseudo-terminal.ts";
import { type BoardControl, openBoardControl } from "./board-control.ts";
import { openFlashImage } from "./flash-image.ts";
import { installBuild } from "./install-build.ts";
import {
  type BoardEvent,
  createVirtualBoard,
  type DeviceRole,
  MODEL_OF_ROLE,
  type VirtualBoard,
} from "./virtual-board.ts";

/** What a virtual board in a process of its own needs. */
export interface BoardProcessOptions {
  readonly role: DeviceRole;
  /** Where the console appears. */
  readonly pty: string;
  /** Where the contact appears; undefined leaves it open. */
  readonly contactPty: string | undefined;
  /** Where a bench finds the helper beside the board, a socket; undefined for none. */
  readonly control: string | undefined;
  /** Image of the flash, kept from run to run. */
  readonly flash: string;
  readonly baud: number;
  /** UTC seconds that its clock tells at the start; undefined where it has no battery. */
  readonly startS: number | undefined;
  /** Seconds of this computer for one of the board. */
  readonly slowness: number;
  /** What a new flash holds from the start; undefined leaves the bare interpreter. */
  readonly build: BoardBuild | undefined;
  readonly cutAfterBytes: number | undefined;
  readonly cutAfterWrites: number | undefined;
  /** Lines of a person or a program that stands beside the board. */
  readonly commands: Readable;
  readonly onEvent: (event: BoardEvent | { readonly type: "ready"; readonly pty: string }) => void;
}

/** The words that {@link runBoardProcess} takes, for its help. */
export const BOARD_COMMANDS =
  "plug, plug powered, unplug, press, supply MILLIVOLTS, restart, restart held, quit";

/**
 * Runs one virtual board until its power is cut or it is told to quit.
 *
 * @returns when the board is off; its ports are gone then, as an unplugged board's are.
 */
export async function runBoardProcess(options: BoardProcessOptions): Promise<void> {
  const model = MODEL_OF_ROLE[options.role];
  const flash = openFlashImage(model.geometry, options.flash);
  const console = await openPseudoTerminal(options.pty);
  const contact =
    options.contactPty === undefined ? undefined : await openPseudoTerminal(options.contactPty);
  let finish: () => void = () => undefined;
  const isOver = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let isRestarting = false;
  let control: BoardControl | undefined;
  const board = createVirtualBoard({
    model,
    flash,
    baud: options.baud,
    slowness: options.slowness,
    name: options.flash,
    ...(options.startS === undefined ? {} : { startS: options.startS }),
    ...(options.cutAfterBytes === undefined ? {} : { cutAfterBytes: options.cutAfterBytes }),
    ...(options.cutAfterWrites === undefined ? {} : { cutAfterWrites: options.cutAfterWrites }),
    isXoffObeyed: () => console.obeysXoff(),
    onConsole: (octets) => console.write(octets),
    onContact: (octets) => contact?.write(octets),
    onEvent(event) {
      options.onEvent(event);
      if (event.type !== "power") return;
      control?.tell(event);
      // A board with a helper is one whose power somebody switches on again.
      if (!event.isOn && !isRestarting && control === undefined) finish();
    },
  });
  if (!flash.isOld && options.build !== undefined) {
    flash.restorePower(undefined);
    installBuild(board.storage, options.build);
  }
  console.onOctets((octets) => board.writeConsole(octets));
  contact?.onOctets((octets) => board.writeContact(octets));
  if (contact !== undefined) {
    board.plug(false);
  }
  if (options.role === "lock") board.moveDoor(false);
  board.powerOn();
  if (options.control !== undefined) {
    control = await openBoardControl(options.control, options.role, board);
  }
  options.onEvent({ type: "ready", pty: options.pty });
  const lines = createInterface({ input: options.commands });
  lines.on("line", (line) => {
    isRestarting = line.startsWith("restart");
    obey(board, line.trim());
    isRestarting = false;
    if (line.trim() === "quit") finish();
  });
  await isOver;
  lines.close();
  await control?.close();
  await console.close();
  await contact?.close();
  flash.close();
}

function obey(board: VirtualBoard, line: string): void {
  const [word, value] = line.split(/\s+/);
  switch (word) {
    case "plug":
      board.plug(value === "powered");
      break;
    case "unplug":
      board.unplug();
      break;
    case "press":
      board.pressButton();
      break;
    case "supply":
      board.setSupply(Number(value));
      break;
    case "restart":
      board.powerOn(value === "held");
      break;
    case "quit":
      board.powerOff("switched off");
      break;
    default:
      break;
  }
}
