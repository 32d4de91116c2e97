// SPDX-License-Identifier: EUPL-1.2
import { equal, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { SILENT_CASES } from "../../mutants/silent-cases.ts";
import { ALL_CASES } from "../../suite/all-cases.ts";
import { shareEntrance } from "../../suite/rights.ts";
import { enter, setStageSynced } from "../../suite/stage.ts";
import { InfraFault, Skipped } from "../board-driver/roles.ts";
import { acceptance, type Case } from "./case.ts";
import {
  type BenchSession,
  countVerdicts,
  resultLine,
  runSuite,
  SIMULATED_SESSION,
} from "./run-suite.ts";

const ROW = /^\| ([A-Z]\d+) \|/gm;

function run(cases: readonly Case[], session: BenchSession = SIMULATED_SESSION, repeat = 1) {
  let nowMs = 0;
  const wallMs = () => {
    nowMs += 1;
    return nowMs;
  };
  return runSuite({ cases, session, seed: "1", repeat, wallMs });
}

/** A case that does something else each time that it is played. */
function changing(...plays: readonly (() => void)[]): { readonly one: Case; played(): number } {
  let count = 0;
  const one = acceptance("changes", "L1: changes", async () => {
    count += 1;
    plays[Math.min(count, plays.length) - 1]?.();
  });
  return { one, played: () => count };
}

const passes = () => undefined;
const fails = () => equal(1, 2, "the bolt is unlocked");
const skips = () => {
  throw new Skipped("the key of this rig cannot do that");
};
const loses = () => {
  throw new InfraFault("lock", "no answer for 5 s");
};
const stumbles = () => {
  throw new TypeError("undefined is no function");
};

test("a case that passes is passed, and one that is wrong is failed at its first try", async () => {
  const wrong = changing(fails, passes);
  const [failed] = await run([wrong.one]);
  expect(failed).toMatchObject({ verdict: "failed", fault: "product", attempts: 1 });
  expect(failed?.reason).toContain("the bolt is unlocked");
  expect(wrong.played()).toBe(1);
  const [passed] = await run([changing(passes).one]);
  expect(passed).toMatchObject({ verdict: "passed", reason: "", attempts: 1 });
});

test("a case that stumbles is failed, and says that the case is at fault", async () => {
  const [result] = await run([changing(stumbles).one]);
  expect(result).toMatchObject({ verdict: "failed", fault: "test", attempts: 1 });
});

test("only a bench that failed is tried again, and what passes then is flaky and no plain pass", async () => {
  const recovered: string[] = [];
  const session = {
    ...SIMULATED_SESSION,
    recover: async (role: string) => void recovered.push(role),
  };
  const [flaky] = await run([changing(loses, passes).one], session);
  expect(flaky).toMatchObject({ verdict: "flaky", attempts: 2 });
  expect(flaky?.reason).toBe("passed on try 2 (infra: no answer for 5 s)");
  expect(recovered).toEqual(["lock"]);
  const [failed] = await run([changing(loses, fails).one], session);
  expect(failed).toMatchObject({ verdict: "failed", attempts: 2 });
  const [infra] = await run([changing(loses).one], session);
  expect(infra).toMatchObject({ verdict: "infra", role: "lock", attempts: 3 });
});

test("a board that does not answer after a case makes it infra, whether it passed or failed", async () => {
  const session: BenchSession = { ...SIMULATED_SESSION, silentRoles: async () => ["lock"] };
  const results = await run([changing(passes).one, changing(fails).one], session);
  expect(results.map(({ verdict }) => verdict)).toEqual(["infra", "infra"]);
});

test("what the rig cannot do is skipped with its reason, once", async () => {
  const one = changing(skips);
  const [result] = await run([one.one], SIMULATED_SESSION, 5);
  expect(result).toMatchObject({
    verdict: "skipped",
    reason: "the key of this rig cannot do that",
  });
  expect(one.played()).toBe(1);
});

test("a case that fails in one of several repetitions has failed", async () => {
  const one = changing(passes, passes, fails, passes);
  const [result] = await run([one.one], SIMULATED_SESSION, 4);
  expect(result?.verdict).toBe("failed");
  expect(one.played()).toBe(4);
});

test("the result line names every verdict, also those that did not come", () => {
  const counts = countVerdicts([
    { verdict: "passed" },
    { verdict: "flaky" },
    { verdict: "passed" },
  ]);
  expect(resultLine(counts)).toBe("2 passed, 0 failed, 1 flaky, 0 skipped, 0 infra");
});

test("a heading without a row, a strange mark or a bad name is an error of the suite", () => {
  for (const [id, heading] of [
    ["x", "opens"],
    ["x", "Q9: opens"],
    ["x", "threat x: opens"],
    ["Bad Name", "L1: opens"],
  ] as const) {
    expect(() => acceptance(id, heading, async () => undefined)).toThrow();
  }
});

test("the suite has sixty cases and more, each with its own name, and every row exists", () => {
  const table = readFileSync(new URL("../../../docs/requirements.md", import.meta.url), "utf8");
  const rows = new Set([...table.matchAll(ROW)].map(([, row]) => row));
  ok(rows.size > 80);
  expect(ALL_CASES.length).toBeGreaterThanOrEqual(60);
  expect(new Set(ALL_CASES.map(({ id }) => id)).size).toBe(ALL_CASES.length);
  expect(ALL_CASES.flatMap((one) => one.rows).filter((row) => !rows.has(row))).toEqual([]);
  const held = new Set(ALL_CASES.flatMap((one) => one.rows));
  const wanted = ["S6", "T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "K1", "K2", "K3", "K4"];
  const more = ["K5", "L1", "L2", "L4", "L5", "L6", "G1", "C8", "X6"];
  expect([...wanted, ...more].filter((row) => !held.has(row))).toEqual([]);
});

test("the oracle sees a guest's contact at its host: it finds nothing wrong, a bolt that opens for the guest without a right, and an opening that its log has lost", async () => {
  const clean = await run(SILENT_CASES);
  expect(clean.map(({ verdict, reason }) => [verdict, reason])).toEqual([["passed", ""]]);
  const opens = acceptance("opens", "L6: opens", async (bench) => {
    const { host, theirs } = await shareEntrance(bench);
    const other = await host.addLock(host.addEntrance());
    bench.later({ seconds: 1.5 }, () => other.unit.board.motor.port.unlock());
    await bench.insert(theirs.key, other, { as: "wrong-door" });
  });
  const forgets = acceptance("forgets", "L6: forgets", async (bench) => {
    const { lock, theirs } = await shareEntrance(bench);
    const before = lock.unit.board.flash.image();
    await enter(bench, theirs.key, lock);
    lock.unit.board.flash.restore(before);
  });
  const found = (await run([opens, forgets])).map(({ reason }) => reason);
  expect(found).toEqual([
    expect.stringMatching(/^the oracle: I1 no-unauth: lock-02 opened for a2-key-01/),
    "the oracle: I2 nothing-lost: lock-01 opened for a2-key-01 and its log does not say so",
  ]);
});

test("the oracle judges each case: a lost entry and a bolt that moves by itself are failures", async () => {
  const forgets = acceptance("forgets", "L1: forgets", async (bench) => {
    const { key, lock } = await setStageSynced(bench);
    await enter(bench, key, lock);
    lock.unit.board.flash.restore(new Map());
  });
  const moves = acceptance("moves", "L1: moves", async (bench) => {
    const { lock } = await setStageSynced(bench);
    await bench.probe(lock);
    await bench.pass({ seconds: 1 });
    lock.unit.board.motor.port.unlock();
  });
  const results = await run([forgets, moves]);
  expect(results.map(({ verdict, fault }) => [verdict, fault])).toEqual([
    ["failed", "product"],
    ["failed", "product"],
  ]);
  expect(results[0]?.reason).toMatch(/^the oracle: I2 nothing-lost: /);
  expect(results[1]?.reason).toMatch(/^the oracle: I1 no-unauth: lock-01 moved to unlocked/);
});
