// SPDX-License-Identifier: EUPL-1.2
import type { BoardLine } from "../src/board-line.ts";
import { unplugged } from "../src/board-line.ts";
import { type FlashImage, openFlashImage } from "../src/virtual-board/flash-image.ts";
import {
  createVirtualBoard,
  type DeviceRole,
  MODEL_OF_ROLE,
  type VirtualBoard,
  type VirtualBoardOptions,
} from "../src/virtual-board/virtual-board.ts";

/** Damage that a line does on the way, for tests of faults. */
export interface LineDamage {
  /** Changes what the board answers; the position counts octets from its start. */
  readonly toComputer?: (octet: number, position: number) => number | undefined;
  /** Changes what the computer sends. */
  readonly toBoard?: (octet: number, position: number) => number | undefined;
}

/** A virtual board on a line in memory. */
export interface BenchBoard {
  readonly board: VirtualBoard;
  readonly flash: FlashImage;
  /** A new line to the board, as after plugging it in. */
  connect(damage?: LineDamage): BoardLine;
  stop(): void;
}

/** Makes a board in memory and switches it on. */
export function createBenchBoard(
  role: DeviceRole = "lock",
  options: Partial<VirtualBoardOptions> & { readonly flash?: FlashImage } = {},
): BenchBoard {
  const model = options.model ?? MODEL_OF_ROLE[role];
  const flash = options.flash ?? openFlashImage(model.geometry, undefined);
  let toComputer: (octets: Uint8Array) => void = () => undefined;
  let onGone: () => void = () => undefined;
  const board = createVirtualBoard({
    baud: 0,
    name: role,
    ...options,
    model,
    flash,
    onConsole: (octets) => toComputer(octets),
    onContact: options.onContact ?? (() => undefined),
    onEvent(event) {
      options.onEvent?.(event);
      if (event.type === "power" && !event.isOn) {
        onGone();
      }
    },
  });
  board.powerOn();

  function connect(damage: LineDamage = {}): BoardLine {
    let sent = 0;
    let received = 0;
    const pass = (
      octets: Uint8Array,
      change: ((octet: number, position: number) => number | undefined) | undefined,
      start: number,
    ): Uint8Array =>
      Uint8Array.from(
        [...octets].flatMap((octet, index) => {
          const changed = change === undefined ? octet : change(octet, start + index);
          return changed === undefined ? [] : [changed];
        }),
      );
    const listeners: ((octets: Uint8Array) => void)[] = [];
    const gone: (() => void)[] = [];
    // Answers come later, as they do over a wire: never from inside a write.
    toComputer = (octets) => {
      const changed = pass(octets, damage.toComputer, received);
      received += octets.length;
      setImmediate(() => {
        for (const listener of listeners) {
          listener(changed);
        }
      });
    };
    onGone = () =>
      setImmediate(() => {
        for (const listener of gone) {
          listener();
        }
      });
    return {
      name: "bench",
      async write(octets) {
        if (!board.isOn()) {
          throw unplugged("bench");
        }
        const changed = pass(octets, damage.toBoard, sent);
        sent += octets.length;
        board.writeConsole(changed);
      },
      onOctets: (listener) => void listeners.push(listener),
      onGone: (listener) => void gone.push(listener),
      close: () => Promise.resolve(),
    };
  }

  return {
    board,
    flash,
    connect,
    stop() {
      board.powerOff("the test is over");
      flash.close();
    },
  };
}
