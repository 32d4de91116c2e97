// SPDX-License-Identifier: EUPL-1.2

import {
  GRANT_NOT_ASKED,
  LEVEL_RINGS,
  RECORD_OBJECT,
  RECORD_TIME_ASK,
  RING_EXPIRED,
  signIssuerCertificate,
  signLockConfig,
  signTimeGrant,
} from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";
import {
  configOf,
  createRig,
  GUEST_SLOTS,
  type Issuing,
  issuingOf,
  keyOf,
  plug,
  type Rig,
  SHIFT_S,
} from "../../test/lock-rig.ts";

const GUEST = 2;
const DAY_S = 86_400;
const city = issuingOf();
const region = issuingOf("region");
const carer = keyOf("carer", city);
const guest = keyOf("guest", region, GUEST_SLOTS);

function guestCertificate(issuing: Issuing): Uint8Array {
  const issuer = { kid: issuing.ring.kid, publicKey: issuing.ring.key.publicKey };
  const expS = SHIFT_S + 365 * DAY_S;
  const level = LEVEL_RINGS;
  return signIssuerCertificate(
    { expS, iatS: SHIFT_S - DAY_S, issuer, level, issuerEpoch: 1, authority: GUEST },
    issuing.root,
  );
}

/** A lock with a clock whose entrance another body shares; its clock is set. */
function createSharedRig(): Rig {
  const rig = createRig({ config: { profile: 1 } });
  const contact = plug(rig, carer, "share");
  contact.open({ op: 2 });
  const base = { ...configOf(city, rig.device.devid, { profile: 1 }), cfgseq: 2 };
  const [own] = base.anchors;
  if (own === undefined) throw new Error("no anchor");
  const { kid, key } = region.root;
  const shared = { ...own, authority: GUEST, kid, publicKey: key.publicKey };
  const config = signLockConfig({ ...base, anchors: [own, shared] }, city.device);
  expect(contact.record(RECORD_OBJECT, config)).toEqual([0]);
  expect(contact.record(RECORD_OBJECT, guestCertificate(region))).toEqual([0]);
  expect(contact.record(RECORD_OBJECT, grantOf(rig, askOf(contact), SHIFT_S, city))).toEqual([0]);
  return rig;
}

function askOf(contact: ReturnType<typeof plug>): Uint8Array {
  return (contact.record(RECORD_TIME_ASK, []) as [Uint8Array, Uint8Array])[1];
}

function grantOf(rig: Rig, nonce: Uint8Array, nowS: number, issuing: Issuing): Uint8Array {
  return signTimeGrant({ devid: rig.device.devid, nonce, nowS }, issuing.ring);
}

describe("a guest authority at a shared lock with a clock", () => {
  test("L6, threat 20: its grants set no clock, neither ahead nor back", () => {
    for (const nowS of [SHIFT_S + 4000 * DAY_S, SHIFT_S - DAY_S]) {
      const rig = createSharedRig();
      const theirs = plug(rig, guest, "guest");
      expect(theirs.open({ op: 2 })).toMatchObject({ code: 0 });
      const answer = theirs.record(RECORD_OBJECT, grantOf(rig, askOf(theirs), nowS, region));
      expect(answer).toEqual([GRANT_NOT_ASKED]);
      expect(rig.clockS()).toBe(SHIFT_S);
      expect(plug(rig, carer, "owner").open()).toMatchObject({ code: 0 });
    }
  });

  test("L6, threat 20: its heads from the future shut out its own keys and nobody else's", () => {
    const rig = createSharedRig();
    const farS = SHIFT_S + 4000 * DAY_S;
    const far = { iatS: farS, nbfS: farS, expS: farS + 3600 };
    expect(plug(rig, guest, "far").open({ op: 2, head: guest.head(far) })).not.toMatchObject({
      code: 0,
    });
    expect(plug(rig, guest, "guest").open()).toMatchObject({ code: RING_EXPIRED });
    expect(plug(rig, carer, "owner").open()).toMatchObject({ code: 0 });
    expect(rig.clockS()).toBe(SHIFT_S);
  });
});
