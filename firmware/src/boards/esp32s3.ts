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
    "A station has no way to the issuer: it serves what was signed in advance.",
    "Nothing was tried on silicon: pins are estimates.",
  ],
  contact: { kind: "pins", tx: "D17", rx: "D18" },
  contactSense: "D4",
  voltageSense: undefined,
  button: undefined,
  bolt: undefined,
  signal: undefined,
  powerOut: undefined,
  supply: undefined,
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
