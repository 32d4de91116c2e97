// SPDX-License-Identifier: EUPL-1.2
import type { Role } from "./build-bundle.ts";
import type { LazyFunctions } from "./split.ts";

/**
 * The functions of a role that are loaded when they are first called, by module.
 *
 * A module name has at most 20 characters, because Storage has room for 28 with the slot before it.
 * Whatever a key-powered lock does up to message_2 is in its entry module. What it decides by is loaded behind
 * that, while the key works (ADR 0048); what else stands here comes with a record, an object, a rotation or a setup. A station loads its way to the broker once it is
 * set up, and the driver of a modem where it has an access point to dial.
 */
export const LAZY_FUNCTIONS: Readonly<Record<Role, LazyFunctions>> = {
  lock: {
    setup: ["createBlankLock"],
    decision: ["createJudgement", "createLogStore"],
    records: ["createLockRecords"],
    objects: ["applyObject", "configuredState"],
    clock: ["createLockClock", "endsInResets"],
    operations: ["createArenaOperations"],
  },
  key: {
    operations: ["createArenaOperations"],
  },
  station: {
    uplink: ["openUplink"],
    modem: ["openStationModem"],
  },
};
