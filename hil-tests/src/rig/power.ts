// SPDX-License-Identifier: EUPL-1.2
import { execFile } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import type { PowerWiring } from "./rig-schema.ts";

const run = promisify(execFile);
const COMMAND_MS_MAX = 20_000;

/** What a person may be asked to do; resolves when it is done. */
export type AskPerson = (text: string) => Promise<void>;

/** Thrown when the power of a board cannot be switched. */
export class PowerFault extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "PowerFault";
  }
}

/**
 * Switches the power of a board.
 *
 * @param ask - Asks a person, for the driver `manual`; undefined where nobody is there.
 * @throws PowerFault when the driver fails, is `none`, or needs a person who is not there.
 */
export async function switchBoardPower(
  power: PowerWiring,
  state: "on" | "off" | "cycle",
  ask: AskPerson | undefined,
): Promise<void> {
  if (state === "cycle") {
    await switchBoardPower(power, "off", ask);
    await pause("offMs" in power ? power.offMs : 0);
    await switchBoardPower(power, "on", ask);
    return;
  }
  try {
    await switchOnce(power, state, ask);
  } catch (error) {
    if (error instanceof PowerFault) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new PowerFault(`power driver "${power.driver}" failed: ${message}`, { cause: error });
  }
}

async function switchOnce(
  power: PowerWiring,
  state: "on" | "off",
  ask: AskPerson | undefined,
): Promise<void> {
  switch (power.driver) {
    case "uhubctl": {
      const place = ["-l", power.hub, "-p", String(power.port)];
      await run("uhubctl", [...place, "-a", state], { timeout: COMMAND_MS_MAX });
      return;
    }
    case "http": {
      const url = state === "on" ? power.onUrl : power.offUrl;
      const response = await fetch(url, { signal: AbortSignal.timeout(COMMAND_MS_MAX) });
      if (!response.ok) throw new PowerFault(`${url} answered ${response.status}`);
      return;
    }
    case "command": {
      const [program = "", ...rest] = state === "on" ? power.on : power.off;
      await run(program, rest, { timeout: COMMAND_MS_MAX });
      return;
    }
    case "manual":
      if (ask === undefined)
        throw new PowerFault("the power is switched by hand, and nobody is here");
      await ask(`switch the board ${state}`);
      return;
    case "none":
      throw new PowerFault("the rig file has no power driver for this board");
  }
}
