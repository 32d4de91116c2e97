// SPDX-License-Identifier: EUPL-1.2

import type { CutFlash, TearMode } from "../../firmware/test/cut-flash.ts";

/** Where power goes: at which flash operation of the step, and what is left of that operation. */
export type Cut = { readonly operation: number; readonly mode: TearMode };

/** A promise that a run broke. */
export type Broken = { readonly invariant: string; readonly text: string };

/** One device before one step, with everything around it. */
export type Stage = {
  /** Flash of the device that will lose its power. */
  readonly flash: CutFlash;
  /** What is cut; a power cut comes through as an exception. */
  step(): void;
  /** Power comes back. */
  reboot(): void;
  /**
   * Judges what the device is now, from what lies in flash and what it says to others, and lets it
   * go on honestly.
   *
   * @param isDone - Whether the step came to its end.
   */
  judge(isDone: boolean): Broken[];
};

/** A step of one device that is cut at each of its flash operations. */
export type CutScenario = {
  readonly device: "lock" | "key" | "station";
  readonly name: string;
  /** Whether two cuts in a row are tried as well. */
  readonly isDoubled: boolean;
  /** Sets the stage, the same each time; the seed draws what torn operations leave. */
  stage(seed: number): Stage;
};
