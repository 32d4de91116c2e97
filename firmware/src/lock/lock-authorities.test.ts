// SPDX-License-Identifier: EUPL-1.2

import {
  ACK_MISMATCH,
  ANCHOR_UNKNOWN,
  CLAIMS_MALFORMED,
  chainNext,
  concatBytes,
  decodeEntry,
  decodeLogBatch,
  ENTRY_PASSAGE,
  type Entry,
  equalBytes,
  hexOf,
  LEAF_DOOR,
  LEAF_FOREIGN,
  LEAF_GROUP,
  LEAF_KIND_MAX,
  type LockConfig,
  type LogBatch,
  OBJECT_OLD,
  OPERATION_NOT_ALLOWED,
  openObject,
  RECORD_LOG_REQUEST,
  RECORD_OBJECT,
  RECORD_WANT,
  SIGNATURE_INVALID,
  sealingKey,
  signLockConfig,
  signLogAck,
  signResend,
  TARGET_MISMATCH,
  verifyBatch,
  WINDOW_TOO_LONG,
} from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";
import { runUntilCut, TEAR_MODES } from "../../test/cut-flash.ts";
import {
  AUTHORITY,
  configOf,
  createRig,
  crypto,
  DOOR,
  GROUP,
  GUEST_SLOTS,
  type Issuing,
  issuingOf,
  keyOf,
  plug,
  type Rig,
  SHIFT_S,
  secretOf,
  type TestKey,
} from "../../test/lock-rig.ts";

const REGION = 2;
const city = issuingOf();
const region = issuingOf("region", 1, SHIFT_S - 30 * 86_400, REGION);
const carer = keyOf("carer", city);
const medic = keyOf("medic", region, GUEST_SLOTS);
const NOTHING = new Uint8Array(0);

function anchorOf(
  authority: number,
  issuing: Issuing,
  opsmask: number,
  maxvalidS: number,
  issuerEpochMin = 1,
) {
  const { kid, key } = issuing.root;
  const agreementKey = issuing.agreementPublicKey;
  const publicKey = key.publicKey;
  return { authority, kid, publicKey, opsmask, maxvalidS, agreementKey, issuerEpochMin };
}

const anchors = [anchorOf(AUTHORITY, city, 3, 45_000), anchorOf(REGION, region, 1, 45_000)];

function sharedRig(config: Partial<LockConfig> = {}): Rig {
  return createRig({ pages: 26, config: { anchors, ...config } });
}

/** A contact with a decision; a guest brings the certificate of its ring key. */
function contactOf(rig: Rig, key: TestKey, issuing: Issuing, op = 1, head = key.head()) {
  const contact = plug(rig, key, `${rig.device.devid[0]} ${op}`);
  const begun = contact.begin({ head });
  if (begun !== undefined) throw new Error(begun);
  if (issuing !== city) contact.door.useCertificate(issuing.certificates[0] ?? NOTHING);
  return { contact, decision: contact.finish({ op }) };
}

function codeOf(decision: ReturnType<ReturnType<typeof plug>["finish"]>): number | string {
  return typeof decision === "string" ? decision : decision.code;
}

function sealedOf(contact: ReturnType<typeof plug>): Uint8Array {
  const parts: Uint8Array[] = [];
  for (;;) {
    const answer = contact.record(RECORD_LOG_REQUEST, [parts.length]);
    const [part, count, bytes] = answer as [number, number, Uint8Array];
    if (count === 0) return NOTHING;
    parts.push(bytes);
    if (part + 1 === count) return concatBytes(parts);
  }
}

/** What the issuer of an authority reads in a sealed batch; undefined where it is not for it. */
function readAs(name: string, rig: Rig, sealed: Uint8Array): LogBatch | undefined {
  const agreement = crypto.importAgreementKey(secretOf(`${name} agreement`));
  const shared = agreement.agree(rig.device.agreementPublicKey);
  if (!shared.ok) throw new Error("agreement");
  const opened = openObject(crypto, sealed, (devid) =>
    equalBytes(devid, rig.device.devid) ? sealingKey(crypto, shared.value, devid) : undefined,
  );
  if (!opened.ok) return undefined;
  const batch = decodeLogBatch(opened.value.plaintext);
  if (!batch.ok) throw new Error("batch");
  const key = crypto.importVerificationKey(rig.device.signingPublicKey);
  if (!key.ok) throw new Error("key");
  const kid = crypto.hash(rig.device.signingPublicKey).slice(0, 4);
  if (!verifyBatch(crypto, batch.value, { kid, key: key.value }).ok) throw new Error("chain");
  return batch.value;
}

function entriesOf(batch: LogBatch | undefined): Entry[] {
  return (batch?.entries ?? []).map((bytes) => {
    const entry = decodeEntry(bytes);
    if (!entry.ok) throw new Error("entry");
    return entry.value;
  });
}

function ackOf(rig: Rig, batch: LogBatch, authority: number, issuing: Issuing): Uint8Array {
  let chain = batch.prev;
  for (const entry of batch.entries) chain = chainNext(crypto, chain, entry);
  const n = batch.first + batch.entries.length - 1;
  const { logEpoch } = batch;
  const acks = [{ devid: rig.device.devid, logEpoch, n, chain16: chain.slice(0, 16) }];
  return signLogAck({ authority, acks }, issuing.ring);
}

describe("a lock with two authorities", () => {
  test("L6: a guest's key opens by its own root, within the mask and the window of its authority", () => {
    const rig = sharedRig();
    expect(codeOf(contactOf(rig, medic, city).decision)).toBe("silent after message_3");
    expect(codeOf(contactOf(rig, medic, region).decision)).toBe(0);
    expect(rig.events).toContain("unlock");
    // The certificate was taken over; the next head needs none.
    expect(codeOf(contactOf(rig, medic, city).decision)).toBe(0);
    expect(codeOf(contactOf(rig, medic, region, 2).decision)).toBe(OPERATION_NOT_ALLOWED);
    expect(codeOf(contactOf(rig, carer, city, 2).decision)).toBe(0);
    const narrow = sharedRig({
      anchors: [anchorOf(AUTHORITY, city, 3, 45_000), anchorOf(REGION, region, 3, 3600)],
    });
    expect(codeOf(contactOf(narrow, medic, region).decision)).toBe(WINDOW_TOO_LONG);
    const hour = medic.head({ expS: SHIFT_S + 3600 });
    expect(codeOf(contactOf(narrow, medic, region, 1, hour).decision)).toBe(0);
    expect(codeOf(contactOf(narrow, carer, city).decision)).toBe(0);
  });

  test("L6: the numbers of a guest's own doors and groups open nothing at the owner's lock", () => {
    const untilS = SHIFT_S + 86_400;
    const kinds = [
      ...[LEAF_DOOR, LEAF_GROUP, LEAF_FOREIGN + REGION, LEAF_FOREIGN + AUTHORITY + 1],
      ...[LEAF_FOREIGN - 1 + AUTHORITY, LEAF_KIND_MAX],
    ].filter((kind) => kind !== LEAF_FOREIGN + AUTHORITY);
    for (const kind of kinds) {
      const rig = sharedRig();
      const target = kind === LEAF_GROUP ? GROUP : DOOR;
      const slots = [
        { kind: 0, target: 1, ops: 3, untilS },
        { kind, target, ops: 3, untilS },
      ];
      const nurse = keyOf("nurse", region, slots);
      expect(codeOf(contactOf(rig, nurse, region).decision), `kind ${kind}`).toBe(TARGET_MISMATCH);
      expect(rig.events).not.toContain("unlock");
    }
    // The owner names its doors in its own way, and in no other.
    const rig = sharedRig();
    const odd = keyOf("odd", city, GUEST_SLOTS);
    expect(codeOf(contactOf(rig, odd, city).decision)).toBe(TARGET_MISMATCH);
    expect(codeOf(contactOf(rig, carer, city).decision)).toBe(0);
  });

  test("L6: each authority reads the log of its own sessions and nothing of the other's", () => {
    const rig = sharedRig();
    contactOf(rig, carer, city);
    const guest = contactOf(rig, medic, region);
    expect(guest.decision).toMatchObject({ code: 0, lockseq: 1 });
    expect(guest.contact.record(RECORD_WANT, [])).toEqual([0, 1, 1, 1, 1]);
    const ofRegion = sealedOf(guest.contact);
    const home = contactOf(rig, carer, city, 2);
    const ofCity = sealedOf(home.contact);
    expect(readAs("city", rig, ofRegion)).toBeUndefined();
    expect(readAs("region", rig, ofCity)).toBeUndefined();
    const regionBatch = readAs("region", rig, ofRegion);
    const cityBatch = readAs("city", rig, ofCity);
    expect(regionBatch).toMatchObject({ authority: REGION, first: 1, logEpoch: 1 });
    expect(cityBatch).toMatchObject({ authority: AUTHORITY, first: 1, logEpoch: 1 });
    const told = (batch: LogBatch | undefined) =>
      entriesOf(batch).map((entry) => [entry.kind, hexOf(entry.peer)]);
    expect(told(regionBatch)).toEqual([[ENTRY_PASSAGE, hexOf(medic.devid)]]);
    const peers = entriesOf(cityBatch).map((entry) => hexOf(entry.peer));
    expect(peers).not.toContain(hexOf(medic.devid));
    expect(peers.filter((peer) => peer === hexOf(carer.devid)).length).toBe(2);
  });

  test("L6: a bolt that jams under a guest's key is told to the owner without the guest's name", () => {
    const rig = sharedRig();
    rig.stick(true);
    const guest = contactOf(rig, medic, region);
    rig.pass(7000);
    expect(readAs("region", rig, sealedOf(guest.contact))?.entries.length).toBe(1);
    const home = contactOf(rig, carer, city, 2);
    const entries = entriesOf(readAs("city", rig, sealedOf(home.contact)));
    const bolts = entries.filter((entry) => entry.kind === 5);
    expect(bolts.length).toBeGreaterThan(0);
    for (const bolt of bolts) expect(bolt.peer).toEqual(new Uint8Array(8));
  });

  test("L6, T3: an authority frees and asks again for entries of its own sessions only", () => {
    const rig = sharedRig();
    contactOf(rig, carer, city);
    const guest = contactOf(rig, medic, region).contact;
    const regionBatch = readAs("region", rig, sealedOf(guest));
    const home = contactOf(rig, carer, city, 2).contact;
    const cityBatch = readAs("city", rig, sealedOf(home));
    if (regionBatch === undefined || cityBatch === undefined) throw new Error("batches");
    for (const contact of [home, guest]) {
      const live = contact === home ? home : contactOf(rig, medic, region).contact;
      expect(live.record(RECORD_OBJECT, ackOf(rig, cityBatch, AUTHORITY, region))).toEqual([
        SIGNATURE_INVALID,
      ]);
      expect(live.record(RECORD_OBJECT, ackOf(rig, cityBatch, REGION, region))).toEqual([
        ACK_MISMATCH,
      ]);
    }
    const medicNow = contactOf(rig, medic, region).contact;
    const before = medicNow.record(RECORD_WANT, []) as number[];
    expect(medicNow.record(RECORD_OBJECT, ackOf(rig, cityBatch, AUTHORITY, city))).toEqual([0]);
    expect(medicNow.record(RECORD_WANT, [])).toEqual(before);
    expect(medicNow.record(RECORD_OBJECT, ackOf(rig, regionBatch, REGION, region))).toEqual([0]);
    expect((medicNow.record(RECORD_WANT, []) as number[])[3]).toBeGreaterThan(before[3] ?? 0);
    const requests = [{ devid: rig.device.devid, logEpoch: 1, from: 1 }];
    const again = signResend({ authority: REGION, requests }, region.ring);
    expect(medicNow.record(RECORD_OBJECT, again)).toEqual([0]);
    expect(readAs("region", rig, sealedOf(medicNow))?.first).toBe(1);
    const next = contactOf(rig, carer, city, 2).contact;
    expect(readAs("city", rig, sealedOf(next))?.first).toBeGreaterThan(1);
  });

  test("L6: who takes over a guest's place finds an empty log, and nobody a number twice", () => {
    const rig = sharedRig();
    const first = contactOf(rig, medic, region).contact;
    expect(readAs("region", rig, sealedOf(first))?.logEpoch).toBe(1);
    const other = issuingOf("fire brigade", 1, SHIFT_S - 86_400, 3);
    const fireman = keyOf("fireman", other, GUEST_SLOTS);
    const change = (cfgseq: number, guest: ReturnType<typeof anchorOf>) => {
      const home = contactOf(rig, carer, city, 2).contact;
      const base = configOf(city, rig.device.devid, { cfgseq });
      const config = { ...base, anchors: [anchorOf(AUTHORITY, city, 3, 45_000), guest] };
      expect(home.record(RECORD_OBJECT, signLockConfig(config, city.device))).toEqual([0]);
    };
    change(2, anchorOf(3, other, 3, 45_000));
    expect(codeOf(contactOf(rig, medic, region).decision)).toBe("silent after message_3");
    const guest = contactOf(rig, fireman, other);
    expect(guest.decision).toMatchObject({ code: 0, lockseq: 1 });
    const batch = readAs("fire brigade", rig, sealedOf(guest.contact));
    expect(batch).toMatchObject({ authority: 3, first: 1, logEpoch: 2 });
    expect(batch?.entries.length).toBe(1);
    change(3, anchorOf(REGION, region, 3, 45_000));
    rig.cutPower();
    rig.boot();
    const back = contactOf(rig, medic, region);
    expect(readAs("region", rig, sealedOf(back.contact))).toMatchObject({ first: 1, logEpoch: 3 });
  });

  test("L4, L6: a cut at every flash operation of a guest's first session costs nobody the door", () => {
    const rig = sharedRig();
    contactOf(rig, carer, city);
    const image = rig.flash.image();
    const play = () => contactOf(rig, medic, region);
    rig.flash.cutAt(undefined);
    expect(codeOf(play().decision)).toBe(0);
    const operations = rig.flash.operations();
    expect(operations).toBeGreaterThan(4);
    for (let operation = 0; operation < operations; operation += 1) {
      for (const mode of TEAR_MODES) {
        rig.flash.restore(image);
        rig.flash.cutAt(undefined);
        rig.cutPower();
        rig.boot();
        rig.flash.cutAt(operation, mode);
        expect(runUntilCut(play)).toBe(true);
        rig.flash.cutAt(undefined);
        rig.cutPower();
        rig.boot();
        const guest = contactOf(rig, medic, region);
        expect(codeOf(guest.decision)).toBe(0);
        expect(readAs("region", rig, sealedOf(guest.contact))?.first).toBe(1);
        const home = contactOf(rig, carer, city, 2);
        expect(codeOf(home.decision)).toBe(0);
        expect(readAs("city", rig, sealedOf(home.contact))?.first).toBe(1);
      }
    }
  }, 120_000);

  test("L6: a lock without flash for guests refuses a configuration that has any", () => {
    const rig = createRig({ pages: 20 });
    const config = configOf(city, rig.device.devid, { cfgseq: 2, anchors });
    const contact = contactOf(rig, carer, city, 2).contact;
    expect(contact.record(RECORD_OBJECT, signLockConfig(config, city.device))).toEqual([
      CLAIMS_MALFORMED,
    ]);
  });
});

describe("the lowest epoch of an authority", () => {
  const rotatedRegion = issuingOf("region", 2, SHIFT_S - 600, REGION);
  const rotatedCity = issuingOf("city", 2, SHIFT_S - 600);
  const newMedic = keyOf("medic", rotatedRegion, GUEST_SLOTS);
  const newCarer = keyOf("carer", rotatedCity);
  const own = (lowest: number) => anchorOf(AUTHORITY, city, 3, 45_000, lowest);
  const guest = (lowest: number) => anchorOf(REGION, region, 1, 45_000, lowest);
  const SILENT = "silent after message_3";

  /** A contact of the owner's key, which may bring its certificate first. */
  function visit(rig: Rig, key: TestKey, certificate: Uint8Array = NOTHING) {
    const contact = plug(rig, key, "visit");
    contact.begin({ head: key.head() });
    if (certificate.length > 0) contact.door.useCertificate(certificate);
    return { contact, decision: contact.finish({ op: 2 }) };
  }

  test("threat 12: a guest's withdrawn certificate is taken in no way, not even as the first", () => {
    const rig = sharedRig({ anchors: [own(1), guest(2)] });
    expect(codeOf(contactOf(rig, medic, region).decision)).toBe(SILENT);
    const home = contactOf(rig, carer, city, 2).contact;
    for (const withdrawn of region.certificates) {
      expect(home.record(RECORD_OBJECT, withdrawn)).toEqual([OBJECT_OLD]);
    }
    expect(codeOf(contactOf(rig, medic, region).decision)).toBe(SILENT);
    rig.cutPower();
    rig.boot();
    expect(codeOf(contactOf(rig, medic, region).decision)).toBe(SILENT);
    expect(codeOf(contactOf(rig, newMedic, rotatedRegion).decision)).toBe(0);
    expect(rig.events).toContain("unlock");
  });

  test("threat 12: a configuration with a higher epoch ends a guest's key that is in force", () => {
    const rig = sharedRig();
    expect(codeOf(contactOf(rig, medic, region).decision)).toBe(0);
    const home = contactOf(rig, carer, city, 2).contact;
    const base = configOf(city, rig.device.devid, { cfgseq: 2 });
    const config = signLockConfig({ ...base, anchors: [own(1), guest(2)] }, city.device);
    expect(home.record(RECORD_OBJECT, config)).toEqual([0]);
    expect(codeOf(contactOf(rig, medic, region).decision)).toBe(SILENT);
    expect(codeOf(contactOf(rig, newMedic, rotatedRegion).decision)).toBe(0);
    expect(codeOf(contactOf(rig, carer, city, 2).decision)).toBe(0);
  });

  test("threat 12: the owner's own lowest epoch holds as well, and locks nobody out for good", () => {
    const rig = sharedRig();
    const home = visit(rig, carer).contact;
    expect(home.record(RECORD_OBJECT, rotatedCity.certificates[1] ?? NOTHING)).toEqual([0]);
    const base = configOf(city, rig.device.devid, { cfgseq: 2 });
    const config = signLockConfig({ ...base, anchors: [own(2), guest(1)] }, rotatedCity.device);
    expect(home.record(RECORD_OBJECT, config)).toEqual([0]);
    expect(home.record(RECORD_WANT, [])).toBeDefined();
    expect(codeOf(visit(rig, carer).decision)).toBe(SILENT);
    expect(codeOf(visit(rig, carer, city.certificates[0]).decision)).toBe(SILENT);
    rig.cutPower();
    rig.boot();
    expect(codeOf(visit(rig, carer, city.certificates[0]).decision)).toBe(SILENT);
    expect(codeOf(visit(rig, newCarer, rotatedCity.certificates[0]).decision)).toBe(0);
    expect(codeOf(visit(rig, newCarer).decision)).toBe(0);
  });

  test("threat 12: nobody asks of the owner an epoch above that of the signing key", () => {
    const rig = sharedRig();
    const home = visit(rig, carer).contact;
    const base = configOf(city, rig.device.devid, { cfgseq: 2 });
    const config = signLockConfig({ ...base, anchors: [own(2), guest(1)] }, city.device);
    expect(home.record(RECORD_OBJECT, config)).toEqual([CLAIMS_MALFORMED]);
    expect(codeOf(visit(rig, carer).decision)).toBe(0);
  });
});

describe("a test lock", () => {
  test("C8: opens by no production right, and no production issuer can read its log", () => {
    const testing = issuingOf("testing", 1, SHIFT_S - 86_400, 99);
    const tester = keyOf("tester", testing);
    const rig = createRig({ issuing: testing });
    expect(codeOf(contactOf(rig, carer, city).decision)).toBe("silent after message_3");
    const production = plug(rig, carer, "production");
    production.begin({ head: carer.head() });
    production.door.useCertificate(city.certificates[0] ?? NOTHING);
    expect(codeOf(production.finish())).toBe("silent after message_3");
    expect(rig.events).not.toContain("unlock");
    const tested = contactOf(rig, tester, testing);
    expect(codeOf(tested.decision)).toBe(0);
    const sealed = sealedOf(tested.contact);
    expect(readAs("city", rig, sealed)).toBeUndefined();
    const told = entriesOf(readAs("testing", rig, sealed)).map((entry) => entry.reason);
    expect(told).toEqual([ANCHOR_UNKNOWN, ANCHOR_UNKNOWN, 0]);
    // And a key of the tests is nobody at a lock of production.
    const home = createRig();
    expect(codeOf(contactOf(home, tester, testing).decision)).toBe("silent after message_3");
  });
});
