// SPDX-License-Identifier: EUPL-1.2

import type { FrameOperations } from "@nyckelring/protocol";

/**
 * The ports of the device roles: everything a key, a lock or a station can touch.
 *
 * A role is a function over these interfaces and nothing else, so that the same source runs on a
 * board, in the interpreter and in the simulator. Whoever implements a port calls the role back
 * through the role's own `on…` functions, never from inside a port call: `send` must not deliver
 * the answer before it has returned.
 *
 * Power cuts: a role has no "power is going" event, because real power goes without one. The world
 * drops the instance and keeps its flash. Any port call may throw to say that power is gone at that
 * very instant; roles do not catch, so the exception reaches the world, which alone handles it.
 */

/**
 * Flash memory of one device: pages that are erased whole to 0xFF and words that are programmed.
 *
 * Called by the stores of `shared` only. Addresses are bytes from the start of the device's area.
 */
export interface FlashPort {
  /** Bytes of one erase page, a multiple of 4. */
  readonly pageBytes: number;
  /** Number of pages in the area that this device owns. */
  readonly pageCount: number;
  /**
   * Reads bytes as they are now.
   *
   * @param address - Byte address, any alignment.
   * @param bytes - How many, at least 1; the range lies inside the area.
   * @returns A fresh array that the caller owns.
   */
  read(address: number, bytes: number): Uint8Array;
  /**
   * Clears bits: every stored byte becomes its old value AND the given one.
   *
   * A power cut inside leaves any subset of the words done, the last one possibly in part.
   * The stores never program one word twice between two erases.
   *
   * @param address - Byte address, a multiple of 4; the write does not cross a page.
   * @param bytes - The content, a multiple of 4 bytes long, not kept by the port.
   */
  program(address: number, bytes: Uint8Array): void;
  /**
   * Sets a whole page to 0xFF. A power cut inside leaves unpredictable bits in that page alone.
   *
   * @param page - Page number from 0 to `pageCount - 1`.
   */
  erase(page: number): void;
  /**
   * The board's native CRC-32 (ISO-HDLC, the one of zip), where it has one.
   *
   * A loop over bytes costs an interpreter a thousand times what it costs the board; where this is
   * absent the stores compute the same value themselves.
   */
  readonly crc32?: (bytes: Uint8Array) => number;
  /** What the stores ask of octets, where the board has native code for it. */
  readonly records?: RecordChecks;
}

/**
 * What the stores of `page-journal.ts` do in native code: a loop over a page costs an interpreter more
 * than a session.
 */
export interface RecordChecks {
  /** Octets of a content, read from a word on, before the erased words at its end. */
  readonly usedBytes: (content: Uint8Array) => number;
  /**
   * Octets in the payload of the record that begins at an offset of a content; -1 where there is none
   * that is right in every bit.
   */
  readonly payloadOf: (content: Uint8Array, offset: number, salt: number) => number;
  /**
   * Goes through the records of a page of a record store, whose words it changes; see `record-store.ts`.
   *
   * @returns The offset of the first place where no whole record begins, or `end`.
   */
  readonly walk: (
    content: Uint8Array,
    from: number,
    end: number,
    salt: number,
    places: Uint32Array,
  ) => number;
  /** The CRC of a record whose first four octets and payload are laid out. */
  readonly crcOf: (record: Uint8Array, salt: number) => number;
}

/**
 * The contact (V, GND, TX, RX) of one device: 8-bit clean, in order, may end at any byte.
 *
 * Bytes of the other side come in through the role's `onBytes`; the plug is told by `onContact`.
 */
export interface ContactPort {
  /**
   * Queues bytes for the other side. A contact that is open drops them silently.
   *
   * @param bytes - Whole frames of `@nyckelring/protocol`, not kept by the port.
   */
  send(bytes: Uint8Array): void;
  /** What reads and writes frames, where the device has something better than the protocol's own script. */
  readonly frames?: FrameOperations | undefined;
}

/** One-shot timers. They do not survive a power cut and need no absolute time. */
export interface TimerPort {
  /**
   * Calls back once, never before `after` has returned.
   *
   * @param delayMs - Delay in milliseconds, 0 or more.
   * @param callback - Runs with nothing of the role on the stack.
   * @returns An id for `cancel`, 1 or more, unique among the running timers of the device.
   */
  after(delayMs: number, callback: () => void): number;
  /** Drops a timer. An id that has fired or was dropped is ignored. */
  cancel(id: number): void;
}

/** The device's own clock, if it has one. */
export interface ClockPort {
  /**
   * What the clock says, UTC seconds; undefined where there is none or it lost its time.
   *
   * A key-powered lock always answers undefined.
   */
  nowS(): number | undefined;
  /** Sets the clock, UTC seconds. Called with issuer-signed time only. Ignored without a clock. */
  set(nowS: number): void;
}

/** Bolt position: the end switches say neither, that is, it moves or stands between them. */
export const BOLT_BETWEEN = 0;
/** Bolt position: the end switch of the locked side is closed. */
export const BOLT_LOCKED = 1;
/** Bolt position: the end switch of the unlocked side is closed. */
export const BOLT_UNLOCKED = 2;
/** What the end switches of a bolt say: `BOLT_BETWEEN`, `BOLT_LOCKED` or `BOLT_UNLOCKED`. */
export type BoltPosition = 0 | 1 | 2;

/**
 * The motor of the bolt and its end switches.
 *
 * The motor turns until it is told otherwise: reaching an end does not stop it, the lock role does,
 * when the port's owner calls its `onBolt`. It is off at power-on and when power is gone. The
 * resident's mechanical key and the inside handle work beside it and need nothing from here.
 */
export interface MotorPort {
  /** Starts turning towards unlocked. */
  unlock(): void;
  /** Starts turning towards locked. */
  lock(): void;
  /** Stops. Always allowed, also when the motor stands. */
  stop(): void;
  /** Reads the end switches. Moves are told through the lock role's `onBolt(position)`. */
  position(): BoltPosition;
}

/** What feeds the device: the contact on a key-powered lock, its battery on a key. */
export interface SupplyPort {
  /** Voltage now, in millivolts. */
  millivolts(): number;
  /** State of the battery in percent, 0 to 100; 100 where there is no battery. */
  percent(): number;
}

/**
 * The output of a key that feeds what it is plugged into.
 *
 * The hardware limits its current: above the limit it switches off by itself within a millisecond
 * and the port's owner tells the key's plug through `onOverload`.
 */
export interface PowerOutPort {
  /** Feeds the contact. Never called while the contact itself carries a voltage. */
  on(): void;
  /** Stops feeding. Always allowed, also when it is off. */
  off(): void;
}

/** A switch that tells whether the leaf of the door stands open; many locks have none. */
export interface DoorSensorPort {
  /** True while the door is open. Changes are told through the lock role's `onDoor(isOpen)`. */
  isOpen(): boolean;
}

/** Light and buzzer of a key. */
export interface SignalPort {
  /**
   * Shows one of the nine signals until the next call.
   *
   * @param signal - A number of the key's table of signals.
   */
  show(signal: number): void;
}

/** No way to the issuer. */
export const LINK_NONE = 0;
/** Wired network of the office. */
export const LINK_LAN = 1;
/** Wireless network of the office. */
export const LINK_WIFI = 2;
/** Mobile network through the station's modem. */
export const LINK_GSM = 3;
/** A way from a station to the issuer: `LINK_NONE`, `LINK_LAN`, `LINK_WIFI` or `LINK_GSM`. */
export type LinkKind = 0 | 1 | 2 | 3;

/**
 * The station's way to the issuer.
 *
 * Messages of the issuer come in through the station role's `onDown`, changes of the links through
 * its `onLink`.
 */
export interface UplinkPort {
  /**
   * Hands one encoded up message to the link in use, with whatever quality of service it has.
   *
   * Nothing is promised: the station keeps what it must not lose until the issuer's own answer.
   * With `LINK_NONE` in use the message is dropped.
   */
  publish(message: Uint8Array): void;
  /** The links that are up now, in no order; empty when there is none. */
  links(): readonly LinkKind[];
  /** Chooses the link for what follows; `LINK_NONE` switches the radio and the modem off. */
  use(link: LinkKind): void;
  /**
   * Why the last link was lost, for whoever has to mend it: its kind times 256, and 1 for a
   * connection that ended, 2 for silence, 3 for a far side that speaks something else, 4 for a broker
   * that refuses the station, or 16 and the modem's own fault. 0 where no link was lost.
   */
  readonly fault?: () => number;
}

/** Who is told what happens to one connection; nothing of it is told after its end. */
export interface StreamListener {
  /** The far side has taken the connection. */
  onOpen(): void;
  /** Octets of the far side, in order and in any portions; not kept by the listener. */
  onBytes(bytes: Uint8Array): void;
  /** It did not come about, or it is over; not told after the listener's own `close`. */
  onEnd(): void;
}

/**
 * A way to open one connection at a time to one host: a byte stream, in order, that may end at any
 * octet. Nothing is authenticated by it.
 */
export interface StreamPort {
  /** Opens a connection; one that is open is closed first. Never calls back from inside the call. */
  open(listener: StreamListener): void;
  /** Queues octets, which the port may keep; without a connection they are dropped. */
  send(bytes: Uint8Array): void;
  /** Ends the connection; its listener hears nothing more. */
  close(): void;
  /** What is wrong with the hardware below, 1 to 239; 0 where nothing is. */
  readonly fault?: () => number;
}

/** The serial line of a modem with its power key and reset line; octets come in elsewhere. */
export interface ModemPort {
  /** Queues octets for the modem. */
  send(bytes: Uint8Array): void;
  /** Sets the speed of the line; 8N1, no flow control. */
  setBaud(baud: number): void;
  /** Presses (true) or releases the power key. */
  pressPower(isPressed: boolean): void;
  /** Pulls the reset line (true) or lets it go. */
  holdReset(isHeld: boolean): void;
}

/** Mains power. */
export const POWER_MAINS = 0;
/** The station's own battery. */
export const POWER_BATTERY = 1;
/** The battery of the key that is plugged in. */
export const POWER_KEY = 2;
/** What feeds a station: `POWER_MAINS`, `POWER_BATTERY` or `POWER_KEY`. */
export type PowerSource = 0 | 1 | 2;

/** What feeds the station. Changes are told through the station role's `onPower`. */
export interface StationPowerPort {
  /** The source in use now. The hardware switches by itself, in the order of the numbers. */
  source(): PowerSource;
  /** Charge of the station's own battery in percent, 0 to 100. */
  percent(): number;
}

/** The console of a device that was locked down. */
export interface ServicePort {
  /** Gives the console back, from the next start of the device on; the start comes soon. */
  openConsole(): void;
}
