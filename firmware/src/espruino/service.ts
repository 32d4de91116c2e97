// SPDX-License-Identifier: EUPL-1.2
import type { ServicePort } from "../ports.ts";

/** The file that tells the loader to take the console away. */
const LOCKED = "nk.locked";
/** The key that brought the permit hears the answer first. */
const RESTART_MS = 3000;

/** The console of a board: striking a file out is one write of a word, and the loader does the rest. */
export function openService(): ServicePort {
  return {
    openConsole() {
      require("Storage").erase(LOCKED);
      setTimeout(E.reboot, RESTART_MS);
    },
  };
}
