// SPDX-License-Identifier: EUPL-1.2
import type { ContactWiring } from "../boards/board.ts";
import type { ContactPort } from "../ports.ts";

const BAUD = 115200;

/**
 * Opens the serial line of the contact.
 *
 * Serial1 is 8-bit clean on boards and on the Linux build; the console, which is not, is another
 * device.
 *
 * @param onBytes - Receives what comes in, in any portions.
 */
export function openContact(
  wiring: ContactWiring,
  onBytes: (bytes: Uint8Array) => void,
): ContactPort {
  if (wiring.kind === "path") {
    Serial1.setup(BAUD, { path: wiring.path });
  } else {
    Serial1.setup(BAUD, { tx: wiring.tx, rx: wiring.rx });
  }
  Serial1.on("data", (text) => onBytes(E.toUint8Array(text)));
  return { send: (bytes) => Serial1.write(bytes) };
}
