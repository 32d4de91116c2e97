// SPDX-License-Identifier: EUPL-1.2
import { missingSignatories } from "./access-rights.ts";
import type { Authority } from "./authority.ts";
import { type Journal, SYSTEM } from "./journal.ts";
import type { Door, Register } from "./register.ts";

// A group leaf names no door, so a ring cannot leave out the one door of a group that lost its
// consent. The lock can: it is told that it belongs to no group any more, and again when it does.

/**
 * The groups that a lock in a door may belong to now: none without consent.
 * @internal
 */
export function groupsOfLock(register: Register, door: Door): readonly number[] {
  return missingSignatories(register, door).length === 0 ? door.groups : [];
}

/**
 * Configures each lock anew whose groups no longer fit the consents on file.
 *
 * Keys of the groups carry the new configuration; until one has met the lock, the groups' rings
 * still reach it and are listed as live.
 * @internal
 */
export function reconcileGroups(journal: Journal, authority: Authority): void {
  const { register } = journal;
  const nowS = journal.ports.clock.nowS();
  const grouped = new Set([...register.doorsOfGroup.values()].flat());
  const facts = [...grouped].flatMap((number) => {
    const door = register.doors.get(number);
    const lock = door?.lock === undefined ? undefined : register.locks.get(door.lock ?? "");
    if (door === undefined || lock === undefined) return [];
    const wanted = groupsOfLock(register, door);
    const isSame = wanted.length === lock.groups.length;
    return isSame ? [] : [authority.configureLock(lock, door, nowS)];
  });
  journal.commit(SYSTEM, facts);
}
