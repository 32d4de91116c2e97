// SPDX-License-Identifier: EUPL-1.2
import type { SignalWiring } from "../boards/board.ts";
import type { SignalPort } from "../ports.ts";

/** The look and feel of one signal, as the key's table has it. */
export interface SignalRhythm {
  readonly signal: number;
  /** 0 off, 1 green, 2 amber, 3 red, 4 blue. */
  readonly light: number;
  readonly blinkMs: readonly number[];
  readonly buzzMs: readonly number[];
}

/** Light and buzzer on pins: the light repeats its rhythm, the buzzer plays once. */
export function openSignalPins(wiring: SignalWiring, rhythms: readonly SignalRhythm[]): SignalPort {
  let lightTimer = 0;
  let buzzTimer = 0;
  let shown = 0;

  function light(color: number): void {
    digitalWrite(wiring.red, color === 3 || color === 2 ? 1 : 0);
    digitalWrite(wiring.green, color === 1 || color === 2 ? 1 : 0);
    digitalWrite(wiring.blue, color === 4 ? 1 : 0);
  }

  function playLight(rhythm: SignalRhythm, step: number): void {
    light(step % 2 === 0 ? rhythm.light : 0);
    const next = (step + 1) % (2 * Math.ceil(rhythm.blinkMs.length / 2));
    const delayMs = step < rhythm.blinkMs.length ? (rhythm.blinkMs[step] ?? 0) : 0;
    // One number alone is a steady light that needs no timer.
    if (rhythm.blinkMs.length > 1) {
      lightTimer = setTimeout(() => playLight(rhythm, next), delayMs);
    }
  }

  function playBuzz(rhythm: SignalRhythm, step: number): void {
    buzzTimer = 0;
    const isOn = step < rhythm.buzzMs.length && step % 2 === 0;
    digitalWrite(wiring.buzzer, isOn ? 1 : 0);
    if (step < rhythm.buzzMs.length) {
      buzzTimer = setTimeout(() => playBuzz(rhythm, step + 1), rhythm.buzzMs[step] ?? 0);
    }
  }

  function stop(): void {
    if (lightTimer !== 0) {
      clearTimeout(lightTimer);
      lightTimer = 0;
    }
    if (buzzTimer !== 0) {
      clearTimeout(buzzTimer);
      buzzTimer = 0;
    }
    light(0);
    digitalWrite(wiring.buzzer, 0);
  }

  stop();
  return {
    show(signal) {
      if (signal === shown) {
        return;
      }
      shown = signal;
      stop();
      for (const rhythm of rhythms) {
        if (rhythm.signal === signal) {
          playLight(rhythm, 0);
          playBuzz(rhythm, 0);
        }
      }
    },
  };
}
