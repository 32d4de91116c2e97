// SPDX-License-Identifier: EUPL-1.2
import { createContext, runInContext } from "node:vm";
import { SIGNALS } from "@nyckelring/firmware";
import type { Board } from "@nyckelring/firmware/boards/board";
import { board } from "@nyckelring/firmware/boards/virtual";
import { expect, test } from "vitest";
import { openSignalPins } from "../../../firmware/src/espruino/signal-pins.ts";
import { observerOf, readObserved } from "./console-observer.ts";

/** The globals of an interpreter, as far as pins and timers go; timers never fire. */
function startBoard(role: "key" | "lock", wiring: Board) {
  const said: string[] = [];
  const written: [string, number][] = [];
  const globals = createContext({
    print: (text: string) => said.push(text),
    digitalWrite: (pin: string, level: number) => written.push([pin, level]),
    digitalRead: () => 1,
    setTimeout: () => 1,
    clearTimeout: () => undefined,
    setWatch: () => 1,
  });
  runInContext(observerOf(role, wiring) ?? "", globals);
  return { said, written, globals: globals as Record<string, (...args: unknown[]) => unknown> };
}

test("the observer tells each signal of the one table from the pins that the firmware drives", () => {
  const { said, written, globals } = startBoard("key", board);
  const before = {
    digitalWrite: Reflect.get(globalThis, "digitalWrite"),
    setTimeout: globalThis.setTimeout,
  };
  Object.assign(globalThis, {
    digitalWrite: globals["digitalWrite"],
    setTimeout: globals["setTimeout"],
  });
  try {
    if (board.signal === undefined) throw new Error("a key has signals");
    const port = openSignalPins(board.signal, SIGNALS);
    for (const { signal } of SIGNALS) port.show(signal);
  } finally {
    Object.assign(globalThis, before);
  }
  expect(said.map(readObserved)).toEqual(SIGNALS.map(({ signal }) => ({ type: "signal", signal })));
  // What the firmware wrote reached the pins all the same.
  expect(written.length).toBeGreaterThan(SIGNALS.length * 4);
});

test("the observer tells of bolt and output, and a light of no signal is a fault", () => {
  const lock = startBoard("lock", board);
  const { forward = "", backward = "" } = board.bolt ?? {};
  for (const [pin, level] of [
    [forward, 1],
    [forward, 0],
    [backward, 1],
    [backward, 0],
  ]) {
    lock.globals["digitalWrite"]?.(pin, level);
  }
  expect(lock.said.map(readObserved)).toEqual([
    { type: "bolt", position: "between" },
    { type: "motor", command: "unlock" },
    { type: "motor", command: "stop" },
    { type: "motor", command: "lock" },
    { type: "motor", command: "stop" },
  ]);
  const key = startBoard("key", board);
  key.globals["digitalWrite"]?.(board.powerOut?.enable, 1);
  expect(key.said.map(readObserved)).toEqual([{ type: "feed", isOn: true }]);
  expect(() => readObserved("NK~s4,2940")).toThrow("of no signal");
  expect(readObserved("bolt unlocked")).toBeUndefined();
});
