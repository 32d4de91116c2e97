// SPDX-License-Identifier: EUPL-1.2

import {
  ANCHOR_UNKNOWN,
  DOWN_OBJECTS,
  type DownMessage,
  decodeLogBatch,
  decodeRingBundle,
  ENTRY_DENIED_AT_KEY,
  ENTRY_SYNC,
  encodeRingBundle,
  equalBytes,
  LEAF_FOREIGN,
  type Leaf,
  NO_RIGHT,
  openObject,
  sealingKey,
  signIssuerCertificate,
  signRingHead,
  verifyRingHead,
} from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";
import { createBench, RIGHTS } from "../../test/key-bench.ts";
import {
  AUTHORITY,
  createRig,
  crypto,
  DOOR,
  type Issuing,
  issuingOf,
  type Rig,
  SHIFT_S,
  secretOf,
} from "../../test/lock-rig.ts";
import { SIGNAL_DENIED, SIGNAL_GRANTED } from "./signals.ts";

const REGION = 2;
const city = issuingOf();
const region = issuingOf("region", 1, SHIFT_S - 30 * 86_400, REGION);

/** The root of the key's own authority vouches for those who certify the other's locks. */
const vouched = signIssuerCertificate(
  {
    expS: SHIFT_S + 86_400,
    iatS: SHIFT_S - 86_400,
    issuer: { kid: region.device.kid, publicKey: region.device.key.publicKey },
    level: 2,
    issuerEpoch: 1,
    authority: REGION,
  },
  city.root,
);

function anchorOf(issuing: Issuing, authority: number) {
  const { kid, key } = issuing.root;
  const agreementKey = issuing.agreementPublicKey;
  const limits = { opsmask: 3, maxvalidS: 45_000, issuerEpochMin: 1 };
  return { authority, kid, publicKey: key.publicKey, ...limits, agreementKey };
}

/** A lock of the region at which the city is a guest. */
function createForeignLock(): Rig {
  const anchors = [anchorOf(region, REGION), anchorOf(city, AUTHORITY)];
  return createRig({ issuing: region, pages: 26, config: { anchors } });
}

const GUEST_RIGHTS = RIGHTS.map((leaf) =>
  leaf.target === DOOR ? { ...leaf, kind: LEAF_FOREIGN + REGION } : leaf,
);

function syncWith(
  bench: ReturnType<typeof createBench>,
  objects: Uint8Array[],
  needlist = 0,
  rights: readonly Leaf[] = GUEST_RIGHTS,
) {
  const { bundles } = bench.issuer.rights(rights, { needlist });
  bench.answerWith((present) => {
    const given = [bench.issuer.grant(present.nonce, SHIFT_S), ...objects];
    const down: DownMessage = { type: DOWN_OBJECTS, devid: present.devid, objects: given };
    return [down, bench.issuer.bundleDown(bundles, 0)];
  });
  bench.sync();
}

/** The authority of a sealed batch, as the issuer of that name reads it; undefined for others. */
function authorityFor(name: string, rig: Rig, sealed: Uint8Array): number | undefined {
  const shared = crypto
    .importAgreementKey(secretOf(`${name} agreement`))
    .agree(rig.device.agreementPublicKey);
  if (!shared.ok) throw new Error("agreement");
  const opened = openObject(crypto, sealed, (devid) =>
    equalBytes(devid, rig.device.devid) ? sealingKey(crypto, shared.value, devid) : undefined,
  );
  const batch = opened.ok ? decodeLogBatch(opened.value.plaintext) : undefined;
  return batch?.ok ? batch.value.authority : undefined;
}

describe("a key at the lock of another authority", () => {
  test("L6: opens where its own authority is a guest, and carries home its own authority's log", () => {
    const bench = createBench();
    syncWith(bench, [vouched]);
    const rig = createForeignLock();
    bench.visit(rig);
    expect(bench.key.signals).toContain(SIGNAL_GRANTED);
    expect(rig.events).toContain("unlock");
    bench.visit(rig);
    bench.sync();
    const carried = bench.sealedOfOthers;
    expect(carried.length).toBe(2);
    for (const sealed of carried) {
      expect(authorityFor("city", rig, sealed)).toBe(AUTHORITY);
      expect(authorityFor("region", rig, sealed)).toBeUndefined();
    }
  });

  test("C8: takes no ring of another authority, even where its own root vouches for it", () => {
    const bench = createBench();
    const certificate = signIssuerCertificate(
      {
        expS: SHIFT_S + 86_400,
        iatS: SHIFT_S - 86_400,
        issuer: { kid: region.ring.kid, publicKey: region.ring.key.publicKey },
        level: 1,
        issuerEpoch: 1,
        authority: REGION,
      },
      city.root,
    );
    const cityKey = crypto.importVerificationKey(city.ring.key.publicKey);
    if (!cityKey.ok) throw new Error("ring key");
    const anchors = [{ kid: city.ring.kid, key: cityKey.value }];
    const foreign = bench.issuer.rights(RIGHTS).bundles.map((bytes) => {
      const bundle = decodeRingBundle(bytes);
      const head = bundle.ok ? verifyRingHead(bundle.value.head, anchors) : bundle;
      if (!bundle.ok || !head.ok) throw new Error("bundle");
      return encodeRingBundle({ ...bundle.value, head: signRingHead(head.value, region.ring) });
    });
    bench.answerWith((present) => {
      const objects = [bench.issuer.grant(present.nonce, SHIFT_S), certificate];
      const down: DownMessage = { type: DOWN_OBJECTS, devid: present.devid, objects };
      return [down, bench.issuer.bundleDown(foreign, 0)];
    });
    bench.sync();
    bench.sync();
    const reasons = bench.issuer.entries().map(({ kind, reason }) => [kind, reason]);
    expect(reasons).toContainEqual([ENTRY_SYNC, ANCHOR_UNKNOWN]);
    expect(bench.key.role().status().ringseq).toBe(0);
  });

  test("L6: the floor list that its head demands is that of its own authority", () => {
    const bench = createBench();
    syncWith(bench, [vouched, bench.issuer.floors(3)], 3);
    const rig = createForeignLock();
    bench.visit(rig);
    expect(bench.key.signals).toContain(SIGNAL_GRANTED);
    expect(bench.key.signals).not.toContain(SIGNAL_DENIED);
  });

  test("L6: a right to a door of its own authority with the same number shows nothing", () => {
    const otherOwner = RIGHTS.map((leaf) => ({ ...leaf, kind: LEAF_FOREIGN + REGION + 1 }));
    for (const rights of [RIGHTS, otherOwner]) {
      const bench = createBench();
      syncWith(bench, [vouched], 0, rights);
      const rig = createForeignLock();
      bench.visit(rig);
      expect(rig.events).not.toContain("unlock");
      expect(bench.key.signals).toContain(SIGNAL_DENIED);
      bench.sync();
      const denied = bench.issuer.entries().find((entry) => entry.kind === ENTRY_DENIED_AT_KEY);
      expect(denied?.reason).toBe(NO_RIGHT);
    }
  });

  test("C8, L6: shows nothing to a lock whose authority its own root does not vouch for", () => {
    const bench = createBench();
    syncWith(bench, []);
    const rig = createForeignLock();
    bench.visit(rig);
    expect(rig.events).not.toContain("unlock");
    expect(bench.key.signals).not.toContain(SIGNAL_GRANTED);
    bench.sync();
    const denied = bench.issuer.entries().find((entry) => entry.kind === ENTRY_DENIED_AT_KEY);
    expect(denied?.reason).toBe(ANCHOR_UNKNOWN);
  });
});
