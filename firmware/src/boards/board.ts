// SPDX-License-Identifier: EUPL-1.2
import { assert, PROMISE_BROKEN } from "@nyckelring/protocol";

/** Serial line of the contact: pins of a board, or a device file where the board is a computer. */
export type ContactWiring =
  | { readonly kind: "pins"; readonly tx: string; readonly rx: string }
  | { readonly kind: "path"; readonly path: string };

/**
 * Where the pages of a role lie.
 *
 * `storage` is one pre-sized file of Storage whose data area is used page by page through the
 * `Flash` module, so that Storage never compacts. `disk` is a file of the computer that runs the
 * interpreter: its emulated flash of 256 KiB is smaller than a key's or a station's area.
 */
export type FlashWiring = {
  readonly kind: "storage" | "disk";
  readonly name: string;
  readonly pageBytes: number;
  readonly pageCount: number;
  /** Address of the first header of Storage; 0 for `disk`. */
  readonly storageStart: number;
};

/** The pins of the bolt; `unlocked` and `locked` are end switches that close to ground. */
export type BoltWiring = {
  readonly forward: string;
  readonly backward: string;
  readonly unlocked: string;
  readonly locked: string;
};

/**
 * The pins of a key's signals; the three colours are lit by a 1. Lights that hang on the supply are
 * declared to the interpreter as negated, which it turns round itself.
 */
export type SignalWiring = {
  readonly red: string;
  readonly green: string;
  readonly blue: string;
  readonly buzzer: string;
};

/** The load switch that feeds the contact of a key; its fault flag is low after an overload. */
export type PowerOutWiring = { readonly enable: string; readonly fault: string };

/** Serial line of a modem, and the pins of its power key and reset where it has them. */
export type ModemWiring =
  | {
      readonly kind: "pins";
      readonly tx: string;
      readonly rx: string;
      readonly powerKey: string;
      readonly reset: string;
    }
  | { readonly kind: "path"; readonly path: string };

/** Where the supply voltage is measured, and what the numbers mean. */
export type SupplyWiring = {
  readonly pin: string;
  /** A 1 connects the divider; absent where it is connected for good. */
  readonly enable?: string;
  /** Voltage before the divider at which the converter is full. */
  readonly fullScaleMillivolts: number;
  /** Voltages of an empty and of a full battery; estimates until a board was measured. */
  readonly emptyMillivolts: number;
  readonly fullMillivolts: number;
};

/**
 * What differs between boards, as plain data. The wiring reads it; roles never see it.
 *
 * Pins are an estimate from the boards' public pin tables: nothing was tried on silicon yet.
 */
export type Board = {
  /** Name in manifests and in `firmware/dist/<role>/<name>`. */
  readonly name: string;
  /** Which implementation of the ports serves it. */
  readonly platform: "linux" | "nrf52" | "esp32";
  /** What this build cannot do there, one sentence each; the manifest repeats it to whoever loads. */
  readonly limits: readonly string[];
  /** Address of the first header of Storage, as module Flash counts; undefined where it is not read. */
  readonly storageStart: number | undefined;
  readonly contact: ContactWiring;
  /** Pin that tells whether the other side of the contact is there; undefined: at boot it is. */
  readonly contactSense: string | undefined;
  /** Pin that is high when the contact itself carries a voltage, as a station's does. */
  readonly voltageSense: string | undefined;
  readonly button: string | undefined;
  readonly bolt: BoltWiring | undefined;
  readonly signal: SignalWiring | undefined;
  readonly powerOut: PowerOutWiring | undefined;
  readonly supply: SupplyWiring | undefined;
  /** Pin that is high while the mains feed a station; undefined: they always do. */
  readonly mainsSense: string | undefined;
  /** Contact of the door's leaf, which closes to ground while the door is shut; undefined without. */
  readonly door: string | undefined;
  /** A station's modem. */
  readonly modem: ModemWiring | undefined;
  /** Flash areas by role; a role that is absent is not offered on the board. */
  readonly flash: {
    readonly key: FlashWiring | undefined;
    readonly lock: FlashWiring | undefined;
    readonly station: FlashWiring | undefined;
  };
};

/** Wiring that a role cannot do without; the build offers no role on a board that lacks it. */
export function wired<T>(wiring: T | undefined): T {
  assert(wiring !== undefined, PROMISE_BROKEN);
  return wiring;
}
