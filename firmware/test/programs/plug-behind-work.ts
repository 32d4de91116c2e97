// SPDX-License-Identifier: EUPL-1.2
// Runs on the interpreter: a plug that is pulled and put in again while a step computes.
import { board } from "../../src/boards/xiao-nrf52840.ts";
import { watchPlugPins } from "../../src/espruino/contact-pins.ts";
import { createTimer } from "../../src/espruino/timer.ts";
import { createPlug } from "../../src/key/plug.ts";

/** What the test puts before this program, since the Linux build has no pins. */
declare const bench: {
  /** Moves the sense pin; the edge waits with its time, as it does behind an interrupt. */
  drive(level: 0 | 1): void;
  /** What the interpreter does when it is idle, before it looks at its timers. */
  serve(): void;
};

const REST_MS = 200;
const OUT_S = 0.1;
const told: string[] = [];

function note(name: string): void {
  told.push(name);
}

function compute(spanS: number): void {
  const endS = getTime() + spanS;
  while (getTime() < endS) {
    // Nothing else runs meanwhile.
  }
}

const plug = createPlug(
  createTimer(1),
  { on: () => note("feeds"), off: () => note("feeds nothing") },
  {
    onContact: (isPlugged) => note(isPlugged ? "in" : "out"),
    onOverload: () => undefined,
    onBytes: () => undefined,
    onButton: () => undefined,
    status: () => {
      throw new Error("nobody asks");
    },
  },
);
watchPlugPins(board, (isPlugged, sensesVoltage, atMs) => {
  plug.onSense(isPlugged, sensesVoltage, atMs);
});
bench.drive(0);
bench.serve();
setTimeout(() => {
  note("computes");
  bench.drive(1);
  compute(OUT_S);
  bench.drive(0);
  compute(OUT_S);
  bench.serve();
  setTimeout(() => {
    // The first line after an idle moment carries what wipes the prompt.
    print("");
    print(`plug told ${told.join(", ")}`);
    print("plug-end");
  }, REST_MS);
}, REST_MS);
