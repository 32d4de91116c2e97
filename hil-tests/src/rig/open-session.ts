// SPDX-License-Identifier: EUPL-1.2
import {
  type Capability,
  createVirtualPace,
  InfraFault,
  ROLES,
  type RoleName,
} from "../board-driver/bench.ts";
import type { RoleInRun } from "../report/run-summary.ts";
import { type BenchSession, SIMULATED_SESSION } from "../run/run-suite.ts";
import type { Rig } from "./rig-schema.ts";

/** Boards of a rig, open and identified. */
export type OpenSession = {
  readonly session: BenchSession;
  readonly roles: Readonly<Record<RoleName, RoleInRun>>;
  close(): Promise<void>;
};

/**
 * Opens the boards of a rig.
 *
 * @throws InfraFault when a board does not answer.
 */
export async function openSession(rig: Rig): Promise<OpenSession> {
  const cannot = Object.fromEntries(
    ROLES.map((name): [RoleName, readonly Capability[]] => [name, rig.roles[name].cannot]),
  ) as Record<RoleName, readonly Capability[]>;
  for (const name of ROLES) {
    const { kind } = rig.roles[name];
    if (kind !== "sim") throw new InfraFault(name, `no driver for kind "${kind}" is installed`);
  }
  const kinds = SIMULATED_SESSION.kinds;
  return {
    session: {
      ...SIMULATED_SESSION,
      parts: async () => ({ kinds, cannot, pace: createVirtualPace }),
    },
    roles: Object.fromEntries(
      ROLES.map((name) => [name, { kind: "sim", board: "", firmware: "source" }]),
    ) as Record<RoleName, RoleInRun>,
    close: async () => undefined,
  };
}
