// SPDX-License-Identifier: EUPL-1.2

import {
  type CborValue,
  cborMap,
  DOWN_UPLOAD_ACK,
  encodeCbor,
  encodeFrames,
  encodeHello,
  hexOf,
  LINK_EDHOC,
  LINK_HELLO,
  LINK_HELLO_ANSWER,
  LINK_KEY_STATION,
  RECORD_LOG_PART,
  RECORD_LOG_REQUEST,
  RECORD_OBJECT,
  RECORD_TIME_ASK,
  RECORD_WANT,
  ROLE_KEY,
  ROLE_STATION,
  SYNC_RING_STATE,
  TYP_RING_HEAD,
  UP_UPLOAD,
  WANT_TIME_GRANT,
} from "@nyckelring/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createHostileLock } from "../test/hostile-lock.ts";
import { createBench, RIGHTS } from "../test/key-bench.ts";
import { createRig, issuingOf, keyOf, plug } from "../test/lock-rig.ts";

const octets = (maxLength: number) => fc.uint8Array({ maxLength });
const items = fc.letrec<{ item: CborValue }>((tie) => ({
  item: fc.oneof(
    { depthSize: "small" },
    fc.nat({ max: 30 }),
    fc.integer({ min: -70_000, max: 0xffff_ffff }),
    fc.constantFrom<CborValue>(null, true, "text"),
    octets(80),
    fc.array(tie("item"), { maxLength: 5 }),
    tie("item").map((value) => cborMap([[1, value]])),
    tie("item").map((value) => encodeCbor(value)),
  ),
})).item;
/** Something that looks like one of our signed objects. */
const objects = fc.tuple(fc.nat({ max: 12 }), octets(60), items).map(([kind, kid, payload]) =>
  encodeCbor([
    encodeCbor(
      cborMap([
        [1, -19],
        [4, kid.slice(0, 4)],
        [16, TYP_RING_HEAD + kind],
      ]),
    ),
    cborMap([]),
    encodeCbor(payload),
    new Uint8Array(64),
  ]),
);

/**
 * Goal: rule 9, no octets of a peer reach an exception, which would restart the device.
 * Method: well-formed nonsense where only a peer inside a session, or a false station, can say it;
 * afterwards the honest counterpart finds the device as before.
 */
describe("peers that say anything", () => {
  test("rule 9, threat 32: a genuine key with hostile records does not stop a lock", () => {
    const rig = createRig();
    const carer = keyOf("carer", issuingOf());
    // Known types mostly: an unknown one ends the session.
    const types = fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(1, 2, 3, 5) },
      { weight: 1, arbitrary: fc.nat({ max: 23 }) },
    );
    const records = fc.array(fc.tuple(types, fc.oneof(items, objects)), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(records, octets(1100), fc.nat({ max: 7 }), (said, noise, kind) => {
        rig.pass(6000);
        const contact = plug(rig, carer, "hostile");
        expect(contact.open({ op: 2 })).toMatchObject({ code: 0 });
        for (const [type, body] of said) contact.record(type, body);
        contact.record(RECORD_OBJECT, new Uint8Array(0));
        rig.role().onBytes(encodeFrames(kind, noise));
        rig.role().onBytes(encodeFrames(LINK_EDHOC, new Uint8Array([3, ...noise.slice(0, 36)])));
      }),
      { numRuns: 60 },
    );
    rig.pass(6000);
    expect(plug(rig, carer, "honest").open()).toMatchObject({ code: 0 });
  });

  test("rule 9, threat 46: a false station stops no key and leaves its ring alone", () => {
    const bench = createBench();
    bench.answerWithRing(bench.issuer.rights(RIGHTS).bundles);
    bench.sync();
    const ringseq = bench.key.role().status().ringseq;
    const greeting = encodeFrames(LINK_HELLO_ANSWER, encodeCbor([1, ROLE_STATION, 0, null]));
    const messages = fc.array(
      fc.tuple(
        fc.nat({ max: 14 }),
        fc.oneof(
          fc.array(items, { maxLength: 4 }),
          fc.tuple(objects),
          fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 }), octets(300)),
        ),
      ),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(messages, (said) => {
        bench.key.role().onContact(true, true);
        bench.key.role().onBytes(greeting);
        for (const [type, fields] of said) {
          const message = encodeCbor([type, ...fields]);
          if (message.length <= 4096) {
            bench.key.role().onBytes(encodeFrames(LINK_KEY_STATION, message));
          }
        }
        bench.key.role().onContact(false, false);
        bench.key.take();
      }),
      { numRuns: 100 },
    );
    bench.key.boot();
    expect(bench.key.role().status().ringseq).toBe(ringseq);
  });

  test("rule 9, threat 46: a genuine lock with hostile answers stops no key and leaves its ring alone", () => {
    const bench = createBench();
    bench.answerWithRing(bench.issuer.rights(RIGHTS).bundles);
    bench.sync();
    const ringseq = bench.key.role().status().ringseq;
    // Answers of the right type and form, of the right type alone, and of any.
    const forms = fc.constantFrom<CborValue[]>(
      [0xffff_ffff, 0xffff_ffff, 65_535, 1, 0xffff_ffff],
      [0, 8, new Uint8Array(900)],
      [1, 65_535, new Uint8Array(0)],
      [65_535, 0, 0, 0],
      [new Uint8Array(8), new Uint8Array(8)],
    );
    const bodies = fc.oneof(forms, fc.array(items, { maxLength: 5 }));
    const answers = fc.array(fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 23 }), bodies), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(answers, (said) => {
        const left = [...said];
        const lock = createHostileLock(
          bench.issuing,
          (type) => {
            const next = left.shift();
            if (next === undefined) return undefined;
            const [chance, other, body] = next;
            const expected = type === RECORD_LOG_REQUEST ? RECORD_LOG_PART : type;
            return [chance > 0 ? expected : other, body];
          },
          [WANT_TIME_GRANT],
        );
        bench.visit(lock, 800);
      }),
      { numRuns: 40 },
    );
    bench.key.boot();
    expect(bench.key.role().status().ringseq).toBe(ringseq);
    const honest = createRig();
    bench.visit(honest);
    expect(honest.events).toContain("unlock");
  });

  test("rule 9, threat 46: a false key and a false broker stop no station", () => {
    const bench = createBench();
    bench.answerWithRing(bench.issuer.rights(RIGHTS).bundles);
    bench.sync();
    const { ringseq } = bench.key.role().status();
    const greeting = encodeFrames(LINK_HELLO, encodeHello(ROLE_KEY));
    const present = fc.tuple(octets(8), octets(16), fc.nat()).map(([devid, root16, number]) => {
      const named = (bytes: Uint8Array, length: number) => {
        const whole = new Uint8Array(length);
        whole.set(bytes);
        return whole;
      };
      const nonce = named(devid, 8);
      const state = [nonce, number, named(root16, 16), number, nonce, number % 101, []];
      return encodeCbor([SYNC_RING_STATE, state]);
    });
    const spoken = fc.oneof(
      { weight: 3, arbitrary: present },
      {
        weight: 5,
        arbitrary: fc
          .tuple(fc.constantFrom(2, 3, 4, 5, 6), fc.oneof(fc.nat({ max: 0xffff }), octets(300)))
          .map((message) => encodeCbor(message)),
      },
      { weight: 2, arbitrary: fc.tuple(fc.nat({ max: 20 }), items).map((one) => encodeCbor(one)) },
      { weight: 1, arbitrary: octets(400) },
    );
    const said = fc.array(fc.tuple(fc.nat({ max: 9 }), spoken), { maxLength: 12 });
    fc.assert(
      fc.property(said, fc.array(octets(200), { maxLength: 3 }), (messages, downs) => {
        const station = bench.station.role();
        station.onContact(true);
        station.onBytes(greeting);
        for (const [kind, message] of messages) {
          station.onBytes(encodeFrames(kind < 8 ? LINK_KEY_STATION : kind, message));
          bench.station.timer.pass(500);
        }
        for (const octetsOfBroker of downs) station.onDown(octetsOfBroker);
        station.onContact(false);
        bench.station.take();
        // A false key's batch is sealed by nobody; the issuer takes it off the station's hands.
        for (const { seq, message } of bench.station.takeUp()) {
          if (message.type === UP_UPLOAD)
            bench.station.down({ type: DOWN_UPLOAD_ACK, seqs: [seq] });
        }
      }),
      { numRuns: 100 },
    );
    bench.answerWithRing(bench.issuer.rights(RIGHTS.slice(1)).bundles);
    bench.sync();
    expect(bench.key.role().status().ringseq).toBeGreaterThan(ringseq);
  });

  test("T3: a lock asks for the time in its own name, and spoils no other lock's question", () => {
    const bench = createBench();
    bench.answerWithRing(bench.issuer.rights(RIGHTS).bundles);
    bench.sync();
    const honest = createRig({ config: { profile: 1 } });
    bench.visit(honest);
    const forged = new Uint8Array(8).fill(7);
    for (const named of ["honest", "own"]) {
      const lock = createHostileLock(
        bench.issuing,
        (type) => {
          if (type === RECORD_WANT) return [RECORD_WANT, [0, 0, 1, 1, 0]];
          const devid = named === "own" ? lock.devid : honest.device.devid;
          return type === RECORD_TIME_ASK ? [RECORD_TIME_ASK, [devid, forged]] : undefined;
        },
        [WANT_TIME_GRANT],
      );
      bench.visit(lock);
      let asked: readonly { readonly devid: Uint8Array; readonly nonce: Uint8Array }[] = [];
      bench.answerWith((present) => {
        asked = present.timeAsks;
        return [];
      });
      bench.sync();
      const nonces = asked.map(({ devid, nonce }) => [hexOf(devid), hexOf(nonce)]);
      const ofHonest = nonces.find(([devid]) => devid === hexOf(honest.device.devid));
      expect(ofHonest?.[1], named).not.toBe(hexOf(forged));
      expect(ofHonest).toBeDefined();
      const ofHostile = nonces.some(([devid]) => devid === hexOf(lock.devid));
      expect(ofHostile, "what it asks for itself is carried").toBe(named === "own");
    }
  });
});
