// SPDX-License-Identifier: EUPL-1.2

import {
  type CborValue,
  cborMap,
  encodeCbor,
  encodeFrames,
  LINK_EDHOC,
  LINK_HELLO_ANSWER,
  LINK_KEY_STATION,
  RECORD_OBJECT,
  ROLE_STATION,
  TYP_RING_HEAD,
} from "@nyckelring/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
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
});
