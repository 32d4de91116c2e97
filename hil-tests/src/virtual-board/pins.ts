// SPDX-License-Identifier: EUPL-1.2
import type { Board } from "@nyckelring/firmware/boards/board";

// A motor of this size turns the bolt in about a tenth of a second.
const BOLT_TRAVEL_MS = 80;
const FULL_SUPPLY_MILLIVOLTS = 4150;

/** A change outside the processor that somebody may want to see. */
export type PinEvent =
  | { readonly type: "bolt"; readonly position: "locked" | "between" | "unlocked" }
  | { readonly type: "light"; readonly color: string }
  | { readonly type: "buzzer"; readonly isOn: boolean };

interface Watch {
  readonly pin: string;
  readonly edge: string;
  readonly repeat: boolean;
  readonly callback: (event: { state: boolean; time: number; pin: string }) => void;
}

/** The pins of a virtual board, with a bolt, lights and a supply behind them. */
export interface Pins {
  /** What the processor reads. */
  read(pin: string): 0 | 1;
  /** What the processor drives. */
  write(pin: string, level: 0 | 1): void;
  /** A timer of the processor ends what the interpreter has begun, whatever becomes of it. */
  pulse(pin: string, level: 0 | 1, lengthMs: number): void;
  mode(pin: string, mode: string): void;
  analog(pin: string): number;
  watch(watch: Watch): number;
  clearWatch(id: number | undefined): void;
  /** What the world does to a pin: a plug, a button. */
  drive(pin: string, level: 0 | 1): void;
  /** Sets the voltage before the divider of the supply. */
  setSupply(millivolts: number): void;
  /** The bolt sticks at a place, in thousandths of its way from locked; undefined frees it. */
  jamBolt(permille: number | undefined): void;
  /** A hand turns the bolt. */
  turnBolt(to: "locked" | "unlocked"): void;
  /** Power is gone: motor and watches stop, the bolt stays where it is. */
  reset(): void;
}

/**
 * Joins the pins of a board's wiring to what they are for.
 *
 * @param onEvent - Told of the bolt, the light and the buzzer.
 * @param later - Runs something after a delay, in milliseconds; for the travel of the bolt.
 * @param nowS - The clock of the board, which says when an edge was.
 * @param onWrite - Told what the processor drives to another level.
 */
export function openPins(
  board: Board,
  onEvent: (event: PinEvent) => void,
  later: (call: () => void, delayMs: number) => () => void,
  nowS: () => number,
  onWrite: (pin: string, level: 0 | 1) => void = () => undefined,
): Pins {
  const levels = new Map<string, 0 | 1>();
  /** What the world holds, whether the processor has power or not. */
  const driven = new Set<string>();
  const pulses = new Map<string, () => void>();
  const watches = new Map<number, Watch>();
  let nextWatch = 1;
  let bolt: "locked" | "between" | "unlocked" = "locked";
  let jamPermille: number | undefined;
  let stopTravel: (() => void) | undefined;
  let supplyMillivolts = FULL_SUPPLY_MILLIVOLTS;
  let color = "";
  let buzzer: 0 | 1 = 0;
  const { bolt: motor, signal, supply } = board;

  function set(pin: string, level: 0 | 1): void {
    const before = read(pin);
    levels.set(pin, level);
    if (before === level) {
      return;
    }
    const time = nowS();
    for (const [id, watch] of [...watches]) {
      const isWanted = watch.edge === "both" || (watch.edge === "rising") === (level === 1);
      if (watch.pin === pin && isWanted) {
        if (!watch.repeat) {
          watches.delete(id);
        }
        later(() => watch.callback({ state: level === 1, time, pin }), 0);
      }
    }
  }

  function read(pin: string): 0 | 1 {
    return levels.get(pin) ?? 0;
  }

  function moveBolt(position: typeof bolt): void {
    if (motor === undefined || bolt === position) {
      return;
    }
    bolt = position;
    onEvent({ type: "bolt", position });
    set(motor.unlocked, position === "unlocked" ? 0 : 1);
    set(motor.locked, position === "locked" ? 0 : 1);
  }

  function turnMotor(): void {
    stopTravel?.();
    stopTravel = undefined;
    if (motor === undefined) {
      return;
    }
    const forward = read(motor.forward);
    if (forward !== read(motor.backward)) {
      const goal = forward === 1 ? "unlocked" : "locked";
      if (bolt !== goal && !isStuckAtEnd()) {
        moveBolt("between");
        stopTravel = later(() => {
          if (jamPermille === undefined) moveBolt(goal);
        }, BOLT_TRAVEL_MS);
      }
    }
  }

  function isStuckAtEnd(): boolean {
    return (
      (bolt === "locked" && jamPermille === 0) || (bolt === "unlocked" && jamPermille === 1000)
    );
  }

  function showSignal(): void {
    if (signal === undefined) {
      return;
    }
    const lit = (["red", "green", "blue"] as const).filter((name) => read(signal[name]) === 1);
    const now = lit.length === 0 ? "off" : lit.join("+");
    if (now !== color) {
      color = now;
      onEvent({ type: "light", color });
    }
    if (read(signal.buzzer) !== buzzer) {
      buzzer = read(signal.buzzer);
      onEvent({ type: "buzzer", isOn: buzzer === 1 });
    }
  }

  function restoreSwitches(): void {
    if (motor !== undefined) {
      levels.set(motor.unlocked, bolt === "unlocked" ? 0 : 1);
      levels.set(motor.locked, bolt === "locked" ? 0 : 1);
    }
  }

  function write(pin: string, level: 0 | 1): void {
    if (read(pin) !== level) onWrite(pin, level);
    set(pin, level);
    if (motor !== undefined && (pin === motor.forward || pin === motor.backward)) {
      turnMotor();
    }
    showSignal();
  }

  restoreSwitches();
  return {
    read,
    write,
    pulse(pin, level, lengthMs) {
      // A pulse that is under way is followed by the next one, and the pin stays as it is.
      if (!pulses.has(pin)) write(pin, level);
      const end = later(() => {
        pulses.delete(pin);
        write(pin, level === 1 ? 0 : 1);
      }, lengthMs);
      pulses.set(pin, end);
    },
    mode(pin, mode) {
      if (!levels.has(pin) && mode === "input_pullup") {
        levels.set(pin, 1);
      }
    },
    analog: (pin) => (pin === supply?.pin ? supplyMillivolts / supply.fullScaleMillivolts : 0),
    watch(watch) {
      watches.set(nextWatch, watch);
      nextWatch += 1;
      return nextWatch - 1;
    },
    clearWatch(id) {
      if (id === undefined) {
        watches.clear();
      } else {
        watches.delete(id);
      }
    },
    drive(pin, level) {
      driven.add(pin);
      set(pin, level);
    },
    setSupply(millivolts) {
      supplyMillivolts = millivolts;
    },
    jamBolt(permille) {
      jamPermille = permille;
    },
    turnBolt(to) {
      stopTravel?.();
      stopTravel = undefined;
      moveBolt("between");
      moveBolt(to);
    },
    reset() {
      stopTravel?.();
      stopTravel = undefined;
      for (const end of pulses.values()) end();
      pulses.clear();
      watches.clear();
      const outside = [...driven].flatMap((pin) => {
        const level = levels.get(pin);
        return level === undefined ? [] : [[pin, level] as const];
      });
      levels.clear();
      for (const [pin, level] of outside) {
        levels.set(pin, level);
      }
      restoreSwitches();
    },
  };
}
