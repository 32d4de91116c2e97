// SPDX-License-Identifier: EUPL-1.2

import { DOWN_OBJECTS, signFloorList, signTimeGrant } from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";
import { createBench, createBenchIssuer, DAY_S, RIGHTS } from "../../test/key-bench.ts";
import { issuingOf, SHIFT_S } from "../../test/lock-rig.ts";
import { SIGNAL_READY } from "./signals.ts";

describe("time of a key whose issuing key was stolen", () => {
  test("I5, threat 20: the rotation cures a floor and a clock that the thief set far ahead", () => {
    const bench = createBench();
    const farS = SHIFT_S + 4000 * DAY_S;
    bench.answerWith((present) => {
      const { devid, nonce } = present;
      const list = { expS: farS + DAY_S, iatS: farS, listseq: 1, ringfloor: 0, floors: [] };
      const objects = [
        signTimeGrant({ devid, nonce, nowS: farS }, bench.issuing.ring),
        signFloorList(list, bench.issuing.ring),
      ];
      return [{ type: DOWN_OBJECTS, devid, objects }];
    });
    bench.sync();
    expect(bench.key.clockS()).toBeGreaterThanOrEqual(farS);

    const rotated = issuingOf("city", 2, SHIFT_S - 600);
    const issuer = createBenchIssuer(rotated, bench.key.device);
    const { bundles } = issuer.rights(RIGHTS);
    bench.answerWith((present) => {
      const { devid, nonce } = present;
      const objects = [...rotated.certificates, issuer.grant(nonce, SHIFT_S)];
      return [{ type: DOWN_OBJECTS, devid, objects }, issuer.bundleDown(bundles, 0)];
    });
    bench.sync();
    bench.key.boot();
    expect(bench.key.clockS()).toBeLessThan(SHIFT_S + DAY_S);
    expect(bench.key.role().status().ringseq).toBe(issuer.ringseq());
    expect(bench.key.lastSignal()).toBe(SIGNAL_READY);
  });

  test("I5, threat 13: the certificate of the key before, shown again, turns no floor back", () => {
    const bench = createBench();
    const rotated = issuingOf("city", 2, SHIFT_S - 600);
    const issuer = createBenchIssuer(rotated, bench.key.device);
    const { bundles } = issuer.rights(RIGHTS);
    bench.answerWith((present) => [
      { type: DOWN_OBJECTS, devid: present.devid, objects: rotated.certificates },
      issuer.bundleDown(bundles, 0),
    ]);
    bench.sync();
    const devid = bench.key.device.devid;
    bench.answerWith(() => [
      { type: DOWN_OBJECTS, devid, objects: bench.issuing.certificates },
      issuer.bundleDown(bundles, 0),
    ]);
    bench.sync();
    // A clock that is behind the floor is none, and the entry of the sync takes the floor's time.
    bench.key.setClock(SHIFT_S - 20 * DAY_S);
    bench.key.boot();
    bench.sync();
    expect(bench.issuer.entries().length).toBe(3);
    expect(bench.issuer.entries().at(-1)?.tS).toBe(SHIFT_S - 600);
  });
});
