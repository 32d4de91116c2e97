// SPDX-License-Identifier: EUPL-1.2
import type { Board } from "./board.ts";
import { board as xiao } from "./xiao-nrf52840.ts";

/**
 * The board that `nyckel sim board` plays for a key and a lock: the wiring and the flash of a XIAO, and
 * no processor that could run native code.
 */
export const board: Board = {
  name: "virtual",
  platform: "nrf52",
  limits: ["Made of software: curves run in JavaScript, memory and speed say nothing."],
  storageStart: undefined,
  contact: xiao.contact,
  contactSense: xiao.contactSense,
  voltageSense: xiao.voltageSense,
  button: xiao.button,
  bolt: xiao.bolt,
  signal: xiao.signal,
  powerOut: xiao.powerOut,
  supply: xiao.supply,
  mainsSense: xiao.mainsSense,
  door: xiao.door,
  modem: xiao.modem,
  flash: xiao.flash,
};
