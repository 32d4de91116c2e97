// SPDX-License-Identifier: EUPL-1.2
import {
  CLAIMS_MALFORMED,
  equalBytes,
  OBJECT_OLD,
  SIGNATURE_INVALID,
  signIssuerCertificate,
  signTimeGrant,
  TYP_TIME_GRANT,
} from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";
import { createCutFlash } from "../../test/cut-flash.ts";
import { AUTHORITY, crypto, issuingOf, SHIFT_S, signerOf } from "../../test/lock-rig.ts";
import { openDeviceRecords } from "../shared/device-records.ts";
import { openKeyTrust } from "./key-trust.ts";

function open() {
  const flash = createCutFlash(8, 4096);
  const first = issuingOf("city", 1);
  const boot = () => openKeyTrust(crypto, openDeviceRecords(flash), first.root.key.publicKey);
  const trust = boot();
  for (const bytes of first.certificates) expect(trust.accept(bytes).ok).toBe(true);
  return { trust, boot, first };
}

const kidsOf = (anchors: readonly { readonly kid: Uint8Array }[]) =>
  anchors.map((anchor) => anchor.kid);

describe("trust of a key", () => {
  test("I5: after a rotation ring objects need the new key, and old lock certificates still count", () => {
    const { trust, boot, first } = open();
    const second = issuingOf("city", 2, SHIFT_S - 86_400);
    for (const bytes of second.certificates) expect(trust.accept(bytes).ok).toBe(true);
    for (const held of [trust, boot()]) {
      expect(kidsOf(held.ringAnchors())).toEqual([second.ring.kid]);
      expect(kidsOf(held.certificateAuthorities())).toEqual([second.device.kid, first.device.kid]);
      expect(held.homeAuthority()).toBe(AUTHORITY);
      for (const bytes of first.certificates) {
        // Known ones are no fault, but a key that was withdrawn for good does not come back.
        expect(held.accept(bytes)).toMatchObject({ ok: true });
      }
      expect(kidsOf(held.ringAnchors())).toEqual([second.ring.kid]);
    }
    const third = issuingOf("city", 3, SHIFT_S - 60);
    for (const bytes of third.certificates) expect(trust.accept(bytes).ok).toBe(true);
    for (const bytes of first.certificates) {
      expect(trust.accept(bytes)).toMatchObject({ fault: { code: OBJECT_OLD } });
    }
    expect(kidsOf(boot().certificateAuthorities())).toEqual([third.device.kid, second.device.kid]);
  });

  test("I5: the new certificates are shown and carried where a lock may lack them, for 180 days", () => {
    const { trust, first } = open();
    const rotatedAtS = SHIFT_S - 86_400;
    const second = issuingOf("city", 2, rotatedAtS);
    expect(trust.certificateToShow(first.ring.kid, AUTHORITY, SHIFT_S)).toEqual(new Uint8Array(0));
    expect(trust.certificateMissing(AUTHORITY, first.device.kid)).toEqual(new Uint8Array(0));
    for (const bytes of second.certificates) expect(trust.accept(bytes).ok).toBe(true);
    const lastS = rotatedAtS + 180 * 86_400;
    expect(trust.certificateToShow(second.ring.kid, AUTHORITY, lastS - 1)).toEqual(
      second.certificates[0],
    );
    expect(trust.certificateToShow(second.ring.kid, AUTHORITY, lastS)).toEqual(new Uint8Array(0));
    // A guest's lock was told of the root alone, whatever the epoch.
    expect(trust.certificateToShow(second.ring.kid, 9, lastS)).toEqual(second.certificates[0]);
    expect(trust.certificateMissing(AUTHORITY, first.device.kid)).toEqual(second.certificates[1]);
    expect(trust.certificateMissing(AUTHORITY, second.device.kid)).toEqual(new Uint8Array(0));
    expect(trust.certificateMissing(9, first.device.kid)).toEqual(new Uint8Array(0));
  });

  test("I5: another key under an epoch that has its key is refused", () => {
    const { trust, first } = open();
    const other = signerOf("somebody else");
    const claim = {
      expS: SHIFT_S + 86_400,
      iatS: SHIFT_S,
      issuer: { kid: other.kid, publicKey: other.key.publicKey },
      level: 1,
      issuerEpoch: 1,
      authority: AUTHORITY,
    };
    expect(trust.accept(signIssuerCertificate(claim, first.root))).toMatchObject({
      fault: { code: OBJECT_OLD },
    });
    const wrongKid = { ...claim, issuerEpoch: 2, issuer: { ...claim.issuer, kid: first.ring.kid } };
    expect(trust.accept(signIssuerCertificate(wrongKid, first.root))).toMatchObject({
      fault: { code: CLAIMS_MALFORMED },
    });
    const own = { ...claim, issuerEpoch: 2 };
    expect(trust.accept(signIssuerCertificate(own, other))).toMatchObject({
      fault: { code: SIGNATURE_INVALID },
    });
  });

  test("I6: the authority behind an object is that of the key which signed it", () => {
    const { trust, first } = open();
    const grant = { devid: new Uint8Array(8), nonce: new Uint8Array(8), nowS: SHIFT_S };
    expect(trust.authorityOf(signTimeGrant(grant, first.ring), TYP_TIME_GRANT)).toBe(AUTHORITY);
    const foreign = signTimeGrant(grant, signerOf("somebody else"));
    expect(trust.authorityOf(foreign, TYP_TIME_GRANT)).toBe(-1);
    expect(equalBytes(first.ring.kid, first.device.kid)).toBe(false);
  });
});
