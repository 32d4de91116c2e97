// SPDX-License-Identifier: EUPL-1.2
import { fail, RECORD_UNKNOWN, succeed } from "@nyckelring/protocol";
import { doorsOfLeaf, missingSignatories } from "./access-rights.ts";
import type { Issuer, LiveRing } from "./api.ts";
import type { LeafFact } from "./facts.ts";
import type { Journal } from "./journal.ts";
import type { KeyRecord, Register } from "./register.ts";
import type { RingIssue } from "./ring-issue.ts";
import { authorise } from "./role-model.ts";

// What has been signed cannot be unsigned. These lists say what is still out there and for how
// long, so that a person can decide whether to wait or to send a floor after it.

/**
 * Lists the heads that have not ended, once for each door that they reach.
 *
 * @param doors - Only these doors; undefined for all.
 * @internal
 */
export function listLiveRings(
  register: Register,
  rings: RingIssue,
  keys: Iterable<KeyRecord>,
  doors: ReadonlySet<number> | undefined,
  nowS: number,
): LiveRing[] {
  const live: LiveRing[] = [];
  for (const { devid, carer, heads } of keys) {
    for (const head of heads) {
      if (head.expS <= nowS) continue;
      const { ringseq, purpose, nbfS, expS } = head;
      for (const door of doorsUnder(register, rings.slotsOf(head), nowS)) {
        if (doors !== undefined && !doors.has(door)) continue;
        const remainingS = expS - nowS;
        live.push({ door, devid, carer, ringseq, purpose, nbfS, expS, remainingS });
      }
    }
  }
  return live;
}

function doorsUnder(
  register: Register,
  slots: readonly (LeafFact | null)[],
  nowS: number,
): ReadonlySet<number> {
  const doors = new Set<number>();
  for (const leaf of slots) {
    if (leaf === null || leaf[3] <= nowS) continue;
    for (const door of doorsOfLeaf(register, leaf)) doors.add(door);
  }
  return doors;
}

/**
 * Offers the withdrawal of a consent, which answers with the rings that outlive it.
 * @internal
 */
export function createWithdrawal(
  journal: Journal,
  rings: RingIssue,
): Pick<Issuer, "withdrawConsent"> {
  const { register } = journal;
  const isCovered = (number: number) => {
    const door = register.doors.get(number);
    return door !== undefined && missingSignatories(register, door).length === 0;
  };
  return {
    withdrawConsent(by, number) {
      const allowed = authorise(register, by, "consents");
      if (!allowed.ok) return allowed;
      const consent = register.consents.get(number);
      if (consent === undefined || consent.withdrawnAtS !== null) return fail(RECORD_UNKNOWN);
      const covered = [...register.doors.keys()].filter(isCovered);
      journal.commit({ user: by }, [{ kind: "consent-withdrawn", consent: number }]);
      const lost = new Set(covered.filter((door) => !isCovered(door)));
      const nowS = journal.ports.clock.nowS();
      return succeed(listLiveRings(register, rings, register.keys.values(), lost, nowS));
    },
  };
}
