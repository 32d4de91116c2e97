// SPDX-License-Identifier: EUPL-1.2
import {
  APPROVERS_TOO_FEW,
  CONSENT_MISSING,
  EMERGENCY_S_MAX,
  FLAG_EMERGENCY,
  fail,
  hexOf,
  KEY_REVOKED,
  NOT_YOUR_CLIENT,
  OPS_ALL,
  RECORD_UNKNOWN,
  REQUEST_INVALID,
  type Result,
  SELF_GRANT,
  STATE_CONFLICT,
  succeed,
  UNKNOWN_DEVICE,
  WINDOW_TOO_LONG,
} from "@nyckelring/protocol";
import { isOnProvidersWay, isReachable, leafTarget } from "./access-rights.ts";
import type { Issuer } from "./api.ts";
import type { Journal } from "./journal.ts";
import type { IssuedHead, KeyRecord, User } from "./register.ts";
import type { RingIssue } from "./ring-issue.ts";
import { authorise } from "./role-model.ts";

const DEFAULT_DURATION_S = 3600;
const APPROVERS_NEEDED = 2;

type Emergency = Pick<Issuer, "requestEmergency" | "approveEmergency" | "emergencyRing">;

/**
 * Offers the emergency opening: one lock, one key, at most four hours, two people who say yes, and
 * an alarm that nobody can overlook.
 * @internal
 */
export function createEmergency(journal: Journal, rings: RingIssue): Emergency {
  const { register } = journal;
  const nowS = () => journal.ports.clock.nowS();

  /** The key, if this user may send it through that door in an emergency. */
  function checkTarget(user: User, door: number, devid: string): Result<KeyRecord> {
    const key = register.keys.get(devid);
    if (key === undefined) return fail(UNKNOWN_DEVICE);
    if (user.provider !== null && user.provider !== key.provider) return fail(UNKNOWN_DEVICE);
    if (key.state !== "active") return fail(KEY_REVOKED);
    const place = register.doors.get(door);
    if (place === undefined || place.lock === null) return fail(RECORD_UNKNOWN);
    if (!isReachable(register, place)) return fail(CONSENT_MISSING);
    const isOwn = user.provider === null || isOnProvidersWay(register, user.provider, place);
    return isOwn ? succeed(key) : fail(NOT_YOUR_CLIENT);
  }

  function request(
    by: number,
    order: { door: number; devid: Uint8Array; reason: string; durationS?: number },
  ): Result<number> {
    const allowed = authorise(register, by, "emergency-request");
    if (!allowed.ok) return allowed;
    const { door, reason, durationS = DEFAULT_DURATION_S } = order;
    const devid = hexOf(order.devid);
    const target = checkTarget(allowed.value, door, devid);
    if (!target.ok) return target;
    if (reason.length === 0 || durationS <= 0) return fail(REQUEST_INVALID);
    if (durationS > EMERGENCY_S_MAX) return fail(WINDOW_TOO_LONG);
    const number = (register.lastNumber.get("request") ?? 0) + 1;
    journal.commit({ user: by }, [
      { kind: "emergency-requested", request: number, door, devid, durationS, reason },
    ]);
    return succeed(number);
  }

  /** One person's yes; the second of two different people signs the ring. */
  function approve(by: number, number: number): Result<IssuedHead | undefined> {
    const allowed = authorise(register, by, "emergency-approval");
    if (!allowed.ok) return allowed;
    const asked = register.emergencies.get(number);
    if (asked === undefined) return fail(RECORD_UNKNOWN);
    const target = checkTarget(allowed.value, asked.door, asked.devid);
    if (!target.ok) return target;
    const door = register.doors.get(asked.door);
    if (door === undefined) return fail(RECORD_UNKNOWN);
    if (asked.issued) return fail(STATE_CONFLICT);
    // Nobody approves the own key, and nobody is two people.
    if (allowed.value.carer === target.value.carer) return fail(SELF_GRANT);
    if (asked.approvers.includes(by)) return fail(APPROVERS_TOO_FEW, 1);
    const isEnough = asked.approvers.length + 1 >= APPROVERS_NEEDED;
    const subject = `door ${asked.door}`;
    const detail = asked.request;
    journal.commit({ user: by }, [
      { kind: "emergency-approved", request: number, user: by },
      ...(isEnough
        ? ([{ kind: "alarm-raised", alarm: "emergency", subject, detail }] as const)
        : []),
    ]);
    if (!isEnough) return succeed(undefined);
    const window = { nbfS: nowS(), expS: nowS() + asked.durationS };
    return succeed(
      rings.issueHead({
        key: target.value,
        purpose: "emergency",
        window,
        flags: FLAG_EMERGENCY,
        shift: null,
        station: null,
        nonce: null,
        leaf: [...leafTarget(door), OPS_ALL, window.expS],
      }),
    );
  }

  return {
    requestEmergency: request,

    approveEmergency(by, number) {
      const head = approve(by, number);
      return head.ok ? succeed({ issued: head.value !== undefined }) : head;
    },

    emergencyRing({ door, key, approvers, reason, durationS }) {
      const [first, second] = approvers;
      if (first === second) return fail(APPROVERS_TOO_FEW, 1);
      for (const approver of approvers) {
        const allowed = authorise(register, approver, "emergency-approval");
        if (!allowed.ok) return fail(APPROVERS_TOO_FEW);
      }
      const order = { door, devid: key, reason };
      const asked = request(first, durationS === undefined ? order : { ...order, durationS });
      if (!asked.ok) return asked;
      const yes = approve(first, asked.value);
      if (!yes.ok) return yes;
      const head = approve(second, asked.value);
      if (!head.ok) return head;
      const issued = head.value;
      return issued === undefined
        ? fail(APPROVERS_TOO_FEW)
        : succeed({ ringseq: issued.ringseq, expS: issued.expS });
    },
  };
}
