// SPDX-License-Identifier: EUPL-1.2
import type { Board } from "./board.ts";
import { board as linux } from "./linux.ts";

/** The interpreter's 32-bit Arm build: as the other Linux build, but native code runs on it. */
export const board: Board = {
  name: "linux-arm",
  platform: "linux",
  limits: [],
  storageStart: 0x10000000,
  contact: linux.contact,
  contactSense: linux.contactSense,
  voltageSense: linux.voltageSense,
  button: linux.button,
  bolt: linux.bolt,
  signal: linux.signal,
  powerOut: linux.powerOut,
  supply: linux.supply,
  mainsSense: linux.mainsSense,
  door: linux.door,
  modem: linux.modem,
  flash: linux.flash,
};
