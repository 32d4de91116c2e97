// SPDX-License-Identifier: EUPL-1.2
import type { Board } from "./board.ts";

/**
 * ESP32-S3: the reference board of the station, for its radio and its 896 KiB of Storage.
 *
 * Its random numbers come from the C library: no secret may be made on it.
 */
export const board: Board = {
  name: "esp32s3",
  platform: "esp32",
  limits: [
    "The wired network needs a chip that this build does not drive: Wi-Fi and the modem are its links.",
    "Its TLS verifies nobody, so it is not used: MACs and signatures prove what the issuer says.",
    "Nothing was tried on silicon: pins are estimates.",
  ],
  storageStart: undefined,
  contact: { kind: "pins", tx: "D17", rx: "D18" },
  contactSense: "D4",
  voltageSense: undefined,
  button: undefined,
  bolt: undefined,
  signal: undefined,
  powerOut: undefined,
  supply: { pin: "D1", fullScaleMillivolts: 6600, emptyMillivolts: 3000, fullMillivolts: 4150 },
  mainsSense: "D5",
  door: undefined,
  modem: { kind: "pins", tx: "D15", rx: "D16", powerKey: "D7", reset: "D6" },
  flash: {
    key: undefined,
    lock: undefined,
    station: {
      kind: "storage",
      name: "nyckel",
      pageBytes: 4096,
      pageCount: 192,
      storageStart: 0x320000,
    },
  },
};
