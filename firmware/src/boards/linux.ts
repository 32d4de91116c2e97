// SPDX-License-Identifier: EUPL-1.2
import type { Board } from "./board.ts";

/**
 * The interpreter's Linux build as a board: a pseudo terminal is its contact, a file its flash.
 *
 * All paths are relative to the folder in which the interpreter is started.
 */
export const board: Board = {
  name: "linux",
  platform: "linux",
  limits: [
    "Curves run in the interpreter: a door session takes half a minute, and all waits are stretched.",
  ],
  storageStart: undefined,
  contact: { kind: "path", path: "./contact" },
  contactSense: undefined,
  voltageSense: undefined,
  // Nothing is wired: bolt, button, light and supply are lines on the console.
  button: "",
  bolt: { forward: "", backward: "", unlocked: "", locked: "" },
  signal: { red: "", green: "", blue: "", buzzer: "" },
  powerOut: { enable: "", fault: "" },
  supply: { pin: "", fullScaleMillivolts: 0, emptyMillivolts: 0, fullMillivolts: 0 },
  mainsSense: undefined,
  door: undefined,
  modem: { kind: "path", path: "./modem" },
  flash: {
    key: { kind: "disk", name: "./flash.bin", pageBytes: 4096, pageCount: 96, storageStart: 0 },
    lock: { kind: "disk", name: "./flash.bin", pageBytes: 4096, pageCount: 48, storageStart: 0 },
    station: {
      kind: "disk",
      name: "./flash.bin",
      pageBytes: 4096,
      pageCount: 192,
      storageStart: 0,
    },
  },
};
