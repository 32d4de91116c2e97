// SPDX-License-Identifier: EUPL-1.2
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { createBenchTimer } from "../../test/lock-rig.ts";
import { board } from "../boards/xiao-nrf52840.ts";
import { createPlug, SETTLE_MS } from "../key/plug.ts";
import { watchPlugPins } from "./contact-pins.ts";

type Edge = { readonly state: boolean; readonly time: number };

/** The interpreter's pins: edges are noted as they come and told when the processor is free. */
function createPins() {
  const timer = createBenchTimer();
  const queue: Edge[] = [];
  const levels: Record<string, 0 | 1> = {};
  let isFull = false;
  let isBusy = false;
  let onEdge: (edge: Edge) => void = () => undefined;
  let debounceMs: number | undefined;
  const nowS = () => timer.nowMs() / 1000;
  return {
    timer,
    debounceMs: () => debounceMs,
    set isFull(full: boolean) {
      isFull = full;
    },
    drive(pin: string | undefined, level: 0 | 1) {
      levels[pin ?? ""] = level;
      if (pin !== board.contactSense || isFull) return;
      queue.push({ state: level === 1, time: nowS() });
      if (!isBusy) this.tell();
    },
    tell() {
      for (const edge of queue.splice(0)) onEdge(edge);
    },
    /** Only edges happen here: whoever computes fires no timer. */
    compute(during: () => void) {
      isBusy = true;
      during();
      isBusy = false;
      this.tell();
    },
    globals: {
      getTime: nowS,
      digitalRead: (pin: string) => levels[pin] ?? 1,
      pinMode: (pin: string, mode: string) => {
        if (mode === "input_pulldown") levels[pin] ??= 0;
      },
      setTimeout: (call: () => void, delayMs: number) => timer.port.after(delayMs, call),
      setWatch: (call: (edge: Edge) => void, pin: string, options: { debounce: number }) => {
        expect(pin).toBe(board.contactSense);
        onEdge = call;
        debounceMs = options.debounce;
      },
    },
  };
}

describe("pins of a key's plug", () => {
  let pins = createPins();
  let told: string[] = [];
  beforeEach(() => {
    pins = createPins();
    told = [];
    for (const [name, value] of Object.entries(pins.globals)) vi.stubGlobal(name, value);
    const plug = createPlug(
      pins.timer.port,
      { on: () => undefined, off: () => undefined },
      {
        onContact: (isPlugged, senses) => told.push(isPlugged ? `in ${senses}` : "out"),
        onOverload: () => undefined,
        onBytes: () => undefined,
        onButton: () => undefined,
        status: () => {
          throw new Error("nobody asks");
        },
      },
    );
    watchPlugPins(board, plug.onSense);
  });
  afterEach(() => vi.unstubAllGlobals());

  test("a key that boots in a contact has been put in, and sees who feeds it", () => {
    pins.drive(board.voltageSense, 1);
    pins.drive(board.contactSense, 0);
    pins.timer.pass(SETTLE_MS);
    expect(told).toEqual(["in true"]);
  });

  test("a withdrawal and an insertion behind a busy processor are both told", () => {
    pins.drive(board.contactSense, 0);
    pins.timer.pass(1000);
    pins.compute(() => {
      pins.drive(board.contactSense, 1);
      pins.timer.pass(500);
      pins.drive(board.contactSense, 0);
      pins.timer.pass(500);
    });
    pins.timer.pass(SETTLE_MS);
    expect(told).toEqual(["in false", "out", "in false"]);
    // The interpreter would keep both from us if it debounced.
    expect(pins.debounceMs()).toBe(0);
  });

  test("an edge that found the queue full is found a moment later", () => {
    pins.drive(board.contactSense, 0);
    pins.timer.pass(1000);
    pins.drive(board.contactSense, 1);
    pins.isFull = true;
    pins.drive(board.contactSense, 0);
    pins.isFull = false;
    pins.timer.pass(1000);
    expect(told).toEqual(["in false", "out", "in false"]);
    pins.drive(board.contactSense, 1);
    pins.drive(board.contactSense, 0);
    pins.isFull = true;
    pins.drive(board.contactSense, 1);
    pins.timer.pass(1000);
    expect(told.slice(3)).toEqual(["out"]);
  });
});
