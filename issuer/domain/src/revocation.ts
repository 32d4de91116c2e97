// SPDX-License-Identifier: EUPL-1.2
import {
  bytesOfHex,
  fail,
  hexOf,
  RECORD_UNKNOWN,
  type Result,
  STATE_CONFLICT,
  signFloorList,
  succeed,
  UNKNOWN_DEVICE,
} from "@nyckelring/protocol";
import type { Issuer } from "./api.ts";
import type { Authority } from "./authority.ts";
import type { Fact } from "./facts.ts";
import { type Journal, SYSTEM } from "./journal.ts";
import { authorise } from "./role-model.ts";

// A ring dies by itself at the end of its window. Floors are for those that must die earlier: they
// name keys that are lost, revoked or bound anew, and travel to locks with every honest key.

const DAY_S = 86_400;
/**
 * Entries of a list, less than the wire allows: with the longest entries it then fits one message
 * of a station together with a head.
 */
const FLOORS_CARRIED_MAX = 232;
/** How long a floor list is worth carrying. */
const LIST_LIFE_S = 30 * DAY_S;
/** A list that is still needed is signed anew when it has this age. */
const LIST_RENEWAL_S = 7 * DAY_S;
/** The longest that any head can outlive a list: a window that begins a day after signing. */
const HEAD_LIFE_S_MAX = 2 * DAY_S;

type Floor = readonly [devid: string, minring: number];

/** Revocation before expiry. @internal */
export interface Revocation extends Pick<Issuer, "revokeKey" | "revokeCarer"> {
  /** Signs a new floor list if a key has stopped that the present one does not cover. */
  ensureFloors(): void;
  /** Signs the list in force anew, with a higher number: a lock of a new epoch takes no older one. */
  renewFloors(): void;
  /** The list that locks must hold to decide on a head signed now; 0 while none is needed. */
  needlist(): number;
}

/**
 * Offers revocation over a journal.
 * @internal
 */
export function createRevocation(journal: Journal, authority: Authority): Revocation {
  const { ports, register } = journal;

  /** Stopped keys with a head that has not ended, and the first ring number they may not show. */
  function wantedFloors(nowS: number): Floor[] {
    const ringfloor = register.floors?.ringfloor ?? 0;
    const floors: Floor[] = [];
    for (const devid of register.stoppedKeys) {
      const key = register.keys.get(devid);
      // An entry may go once all heads of the key have ended: the list that leaves it out was
      // signed after that, so it raises the time floor of each lock that takes it beyond them.
      const isLive = key?.heads.some((head) => head.expS > nowS) === true;
      if (key === undefined || !isLive) continue;
      const minring = key.lastRingseq + 1;
      if (minring > ringfloor) floors.push([devid, minring]);
    }
    return floors;
  }

  function ensureFloors(): void {
    const nowS = ports.clock.nowS();
    const list = register.floors;
    const wanted = wantedFloors(nowS);
    const held = new Map(list?.floors);
    const isCovered = wanted.every(([devid, minring]) => (held.get(devid) ?? 0) >= minring);
    const isOld = list !== null && wanted.length > 0 && nowS - list.iatS >= LIST_RENEWAL_S;
    if (!isCovered || isOld) issue(wanted, nowS);
  }

  function issue(wanted: readonly Floor[], nowS: number): void {
    const listseq = register.listseq + 1;
    const ascending = [...wanted].sort((a, b) => a[1] - b[1]);
    const overflow = ascending.slice(0, Math.max(0, ascending.length - FLOORS_CARRIED_MAX));
    // The lowest floor over all keys that covers what does not fit: it hits the fewest others.
    const raised = overflow.at(-1)?.[1] ?? 0;
    const ringfloor = Math.max(register.floors?.ringfloor ?? 0, raised);
    const floors = ascending.filter(([, minring]) => minring > ringfloor);
    const list = signFloorList(
      {
        expS: nowS + LIST_LIFE_S,
        iatS: nowS,
        listseq,
        ringfloor,
        floors: floors.map(([devid, minring]) => ({ devid: bytesOfHex(devid), minring })),
      },
      authority.ringSigner(),
    );
    const facts: Fact[] = [
      { kind: "floors-issued", listseq, ringfloor, floors, iatS: nowS, list: hexOf(list) },
    ];
    if (raised > 0) {
      const subject = `${overflow.length} keys`;
      facts.push({ kind: "alarm-raised", alarm: "ring-floor-raised", subject, detail: ringfloor });
    }
    journal.commit(SYSTEM, facts);
  }

  return {
    ensureFloors,

    renewFloors() {
      const nowS = ports.clock.nowS();
      if (register.floors !== null) issue(wantedFloors(nowS), nowS);
    },

    needlist() {
      const list = register.floors;
      if (list === null) return 0;
      const nowS = ports.clock.nowS();
      const isNeeded = wantedFloors(nowS).length > 0 || nowS - list.iatS < HEAD_LIFE_S_MAX;
      return isNeeded ? list.listseq : 0;
    },

    revokeKey(by, { devid, reason }): Result<true> {
      const key = register.keys.get(hexOf(devid));
      const allowed = authorise(register, by, "revocation", key?.provider);
      if (!allowed.ok) return allowed;
      if (key === undefined) return fail(UNKNOWN_DEVICE);
      if (key.state !== "active") return fail(STATE_CONFLICT);
      journal.commit({ user: by }, [{ kind: "key-revoked", devid: key.devid, reason }]);
      ensureFloors();
      return succeed(true);
    },

    revokeCarer(by, { carer, reason }): Result<true> {
      const person = register.carers.get(carer);
      const allowed = authorise(register, by, "revocation", person?.provider);
      if (!allowed.ok) return allowed;
      if (person === undefined || person.ended) return fail(RECORD_UNKNOWN);
      const keys = (register.keysOfCarer.get(carer) ?? []).filter(
        (devid) => register.keys.get(devid)?.state === "active",
      );
      journal.commit({ user: by }, [
        { kind: "carer-ended", carer, reason },
        ...keys.map((devid): Fact => ({ kind: "key-revoked", devid, reason })),
      ]);
      ensureFloors();
      return succeed(true);
    },
  };
}
