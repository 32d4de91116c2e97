// SPDX-License-Identifier: EUPL-1.2
import type { ModemWiring } from "../boards/board.ts";
import type { ModemPort } from "../ports.ts";

const BAUD_FIRST = 115200;

/**
 * Opens the serial line of a modem; its power key and reset are pulled to ground by a transistor.
 *
 * @returns Undefined on a board that has none, and where the device file of a computer is missing.
 */
export function openModemLine(
  wiring: ModemWiring | undefined,
  onBytes: (bytes: Uint8Array) => void,
): ModemPort | undefined {
  if (wiring === undefined) return undefined;
  const setup = (baud: number): void => {
    if (wiring.kind === "path") Serial2.setup(baud, { path: wiring.path });
    else Serial2.setup(baud, { tx: wiring.tx, rx: wiring.rx });
  };
  if (wiring.kind === "path" && !isThere(wiring.path)) return undefined;
  setup(BAUD_FIRST);
  Serial2.on("data", (text) => onBytes(E.toUint8Array(text)));
  return {
    send: (bytes) => Serial2.write(bytes),
    // A device file of a computer has no speed.
    setBaud(baud) {
      if (wiring.kind === "pins") setup(baud);
    },
    pressPower(isPressed) {
      if (wiring.kind === "pins") digitalWrite(wiring.powerKey, isPressed ? 1 : 0);
    },
    holdReset(isHeld) {
      if (wiring.kind === "pins") digitalWrite(wiring.reset, isHeld ? 1 : 0);
    },
  };
}

function isThere(path: string): boolean {
  try {
    const file = E.openFile(path, "r");
    file.close();
    return true;
  } catch {
    return false;
  }
}
