// SPDX-License-Identifier: EUPL-1.2
import { createFrameReader } from "@nyckelring/protocol";
import type { BoardBuild } from "./board-build.ts";
import { type BoardLine, openSerialBoardLine } from "./board-line.ts";
import { openFlashImage } from "./virtual-board/flash-image.ts";
import { installBuild } from "./virtual-board/install-build.ts";
import {
  type BoardEvent,
  createVirtualBoard,
  type DeviceRole,
  MODEL_OF_ROLE,
  type VirtualBoard,
} from "./virtual-board/virtual-board.ts";

const ROLES: readonly DeviceRole[] = ["key", "lock", "station"];

/** One side of a contact: a real board behind a port, or a virtual one. */
interface ContactEnd {
  send(octets: Uint8Array): void;
  plug(hasVoltage: boolean): void;
  unplug(): void;
  press(): void;
  close(): Promise<void>;
}

/** What happens at the panel. */
export type PanelEvent =
  | { readonly type: "contact"; readonly with: DeviceRole | "nothing" }
  | {
      readonly type: "frame";
      readonly from: DeviceRole;
      readonly kind: number;
      readonly bytes: number;
    }
  | { readonly type: "board"; readonly role: DeviceRole; readonly event: BoardEvent };

/** What the panel is made of. */
export interface PanelOptions {
  readonly real: { readonly role: DeviceRole; readonly port: string };
  /** Build and flash image of a role that is simulated; a missing image starts blank. */
  readonly build: (role: DeviceRole) => BoardBuild;
  readonly flash: (role: DeviceRole) => string | undefined;
  /** UTC seconds that the clock of a simulated board tells at the start; undefined for none. */
  readonly startS: (role: DeviceRole) => number | undefined;
  readonly onEvent: (event: PanelEvent) => void;
}

/** A key, a lock and a station on a desk, one of them real. */
export interface PatchPanel {
  /** Puts the key into the lock or the station. */
  insert(role: "lock" | "station"): void;
  /** Pulls the key out. */
  pull(): void;
  /** Presses the button of the key, where the key is simulated. */
  press(): void;
  close(): Promise<void>;
}

/**
 * Puts one real board beside two simulated ones; this computer carries the octets of the contact
 * between the real board's port and whatever it is plugged into.
 *
 * @throws BoardFault when the port cannot be opened.
 */
export async function openPatchPanel(options: PanelOptions): Promise<PatchPanel> {
  let partner: "lock" | "station" | undefined;
  const ends = new Map<DeviceRole, ContactEnd>();
  const reader = new Map(
    ROLES.map((role) => [
      role,
      createFrameReader(
        (kind, message) =>
          options.onEvent({ type: "frame", from: role, kind, bytes: message.length }),
        () => undefined,
      ),
    ]),
  );

  /** Carries octets of one role to the one that it touches now. */
  function carry(from: DeviceRole, octets: Uint8Array): void {
    const to = from === "key" ? partner : from === partner ? "key" : undefined;
    if (to !== undefined) {
      reader.get(from)?.push(octets);
      ends.get(to)?.send(octets);
    }
  }

  const line = await openSerialBoardLine(options.real.port, {
    baud: 115200,
    hasFlowControl: false,
  });
  for (const role of ROLES) {
    const end =
      role === options.real.role
        ? realEnd(line, (octets) => carry(role, octets))
        : simulatedEnd(role, options, (octets) => carry(role, octets));
    ends.set(role, end);
  }

  return {
    insert(role) {
      partner = role;
      options.onEvent({ type: "contact", with: role });
      ends.get("key")?.plug(role === "station");
      ends.get(role)?.plug(false);
    },
    pull() {
      if (partner !== undefined) {
        ends.get("key")?.unplug();
        ends.get(partner)?.unplug();
        partner = undefined;
        options.onEvent({ type: "contact", with: "nothing" });
      }
    },
    press: () => ends.get("key")?.press(),
    async close() {
      for (const end of ends.values()) {
        await end.close();
      }
    },
  };
}

function realEnd(line: BoardLine, onOctets: (octets: Uint8Array) => void): ContactEnd {
  line.onOctets(onOctets);
  const nothing = (): void => undefined;
  return {
    send: (octets) => void line.write(octets).catch(nothing),
    // A hand plugs a real board; the panel only joins the octets.
    plug: nothing,
    unplug: nothing,
    press: nothing,
    close: () => line.close(),
  };
}

function simulatedEnd(
  role: DeviceRole,
  options: PanelOptions,
  onOctets: (octets: Uint8Array) => void,
): ContactEnd {
  const model = MODEL_OF_ROLE[role];
  const flash = openFlashImage(model.geometry, options.flash(role));
  const startS = options.startS(role);
  const board: VirtualBoard = createVirtualBoard({
    model,
    flash,
    baud: 0,
    name: role,
    ...(startS === undefined ? {} : { startS }),
    onConsole: () => undefined,
    // Never from inside a call of the sender: a wire takes time.
    onContact: (octets) => void setImmediate(() => onOctets(octets)),
    onEvent: (event) => options.onEvent({ type: "board", role, event }),
  });
  if (!flash.isOld) {
    flash.restorePower(undefined);
    installBuild(board.storage, options.build(role));
  }
  board.unplug();
  // A lock lives on the key's power; the others have their own.
  if (role !== "lock") {
    board.powerOn();
  }
  return {
    send: (octets) => board.writeContact(octets),
    plug(hasVoltage) {
      if (role === "lock") {
        board.powerOn();
      }
      board.plug(hasVoltage);
    },
    unplug() {
      board.unplug();
      if (role === "lock") {
        board.powerOff("the key was pulled");
      }
    },
    press: () => board.pressButton(),
    async close() {
      board.powerOff("switched off");
      flash.close();
    },
  };
}
