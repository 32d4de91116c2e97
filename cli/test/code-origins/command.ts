// SPDX-License-Identifier: EUPL-1.2

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runScenario } from "@nyckelring/simulator";
import { benchProtocol } from "../../src/bench-protocol.ts";
import { readOctets } from "../../src/files.ts";
import { readNumber } from "../../src/numbers.ts";
import { runSimulation } from "../../src/sim-run.ts";
import { ToolError } from "../../src/tool-error.ts";
import type { Origins } from "./observe.ts";

function thrownBy(call: () => unknown): number {
  try {
    call();
    return 0;
  } catch (error) {
    return error instanceof ToolError ? error.parts.code : 0;
  }
}

/** The code on standard error, as `error[E0912 GOAL_MISSED]` shows it. */
function shownBy(call: (err: (text: string) => void) => unknown): number {
  let text = "";
  call((part) => {
    text += part;
  });
  return Number.parseInt(/error\[E([0-9A-F]{4}) /.exec(text)?.[1] ?? "0", 16);
}

const out = () => undefined;

/** What the command itself ends with. */
export const COMMAND_ORIGINS: Origins = {
  USAGE: () => thrownBy(() => readNumber("--key", "x", 1, 2)),
  FILE_UNREADABLE: () => thrownBy(() => readOctets("no/such/file")),
  SCENARIO_INVALID: () => {
    const path = join(mkdtempSync(join(tmpdir(), "nyckel-")), "typo.yaml");
    writeFileSync(path, "title: a typo\ndores: {}\n");
    return thrownBy(() => runSimulation(path, { quiet: true }, { out, err: out }));
  },
  GOAL_MISSED: () =>
    shownBy((err) =>
      benchProtocol({ rounds: "1" }, { out, err }, (_rounds, onFigure) => {
        const unit = "us" as const;
        onFigure({ name: "slow", value: 3, unit, limit: 1, ratio: 3, goal: 2, ok: false });
      }),
    ),
  INVARIANT_BROKEN: () =>
    shownBy((err) =>
      runSimulation("pilot", { seed: "7", quiet: true }, { out, err }, (request) => ({
        ...runScenario(request),
        violations: [{ invariant: "I1 no-unauth", atUs: 0, text: "a door opened by itself" }],
      })),
    ),
};
