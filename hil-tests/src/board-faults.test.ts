// SPDX-License-Identifier: EUPL-1.2
import { describe as describeCode } from "@nyckelring/protocol/host";
import { describe, expect, test } from "vitest";

import {
  BENCH_TIMING,
  BOARD_FAULTS,
  faultOf,
  flashSample,
  flipInBlock,
  GARBAGE,
  hangAfter,
  refusePackets,
  SILENCE,
} from "../test/board-faults.ts";
import { createBenchBoard, type LineDamage } from "../test/memory-line.ts";
import { openBoardConsole } from "./board-console.ts";
import { askApplication } from "./board-state.ts";

test.each(Object.entries(BOARD_FAULTS))(
  "%s ends with its own code, and says where",
  async (name, deed) => {
    const fault = await deed();
    expect(describeCode(fault.parts.code)?.name).toBe(name);
    expect(fault.message.length).toBeGreaterThan(20);
  },
);

test("a port in use is told with the process that has it", async () => {
  const fault = await BOARD_FAULTS["PORT_BUSY"]?.();
  expect(fault?.message).toMatch(/is in use by sleep \(pid \d+\)/);
});

const DAMAGES: readonly (readonly [string, () => LineDamage])[] = [
  ["refused packets", () => refusePackets(12)],
  ["silence", () => SILENCE],
  ["garbage", () => GARBAGE],
  ["a flipped octet", flipInBlock],
  ...[1, 9, 40, 700, 2000, 3500, 5000, 6500].map(
    (octets) => [`a hang after ${octets} octets`, () => hangAfter(octets)] as const,
  ),
];

/**
 * Goal: no fault of a line leaves a board that starts nothing or cannot be flashed again.
 * Method: a board with version 1 is updated over a damaged line, which must fail. Then it is
 * switched off and on, must run version 1, and must take version 2 over a good line.
 */
describe("a board after a failed flash", () => {
  test.each(DAMAGES)(
    "starts as before and can be flashed again after %s",
    async (_name, damage) => {
      const bench = createBenchBoard();
      await flashSample(bench);
      const update = { version: "2.0.0", bytes: 4000 };
      const fault = await faultOf(flashSample(bench, update, damage()));
      expect(describeCode(fault.parts.code)?.exit).toBeGreaterThan(0);
      bench.board.powerOn();
      const client = await openBoardConsole(bench.connect(), BENCH_TIMING);
      expect((await askApplication(client))?.version).toBe("1.0.0");
      expect((await flashSample(bench, update)).version).toBe("2.0.0");
      bench.stop();
    },
  );

  test("needs no restart: a packet that stayed half sent does not swallow the next flash", async () => {
    const bench = createBenchBoard();
    await faultOf(flashSample(bench, {}, hangAfter(3000)));
    // The interpreter gives a packet five seconds; the second flash waits that long.
    const timing = { greetMs: 1_500, answerMs: 1_000 };
    const again = await flashSample(bench, {}, {}, () => false, timing);
    expect(again.version).toBe("1.0.0");
    bench.stop();
  }, 30_000);
});

test("a board that does not answer is interrupted once, after it had time to start", async () => {
  const bench = createBenchBoard();
  const sent: number[] = [];
  const line = bench.connect({
    toBoard: (octet) => {
      sent.push(octet);
      return octet;
    },
    ...SILENCE,
  });
  await faultOf(openBoardConsole(line, BENCH_TIMING));
  const text = Buffer.from(sent).toString("latin1");
  expect(text.split("\u0003")).toHaveLength(2);
  expect(text.split("\u0003")[0]?.split("print(")).toHaveLength(5);
  bench.stop();
});
