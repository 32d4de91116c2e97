// SPDX-License-Identifier: EUPL-1.2
// The names of the interpreter that `src/espruino` uses, and no others: what is not declared here
// cannot be used by mistake. Checked against Espruino 2v29.

/** A pin by its name, such as `D6`. */
type EspruinoPin = string;

interface EspruinoSerial {
  setup(baud: number, options: { path?: string; tx?: EspruinoPin; rx?: EspruinoPin }): void;
  on(event: "data", callback: (bytes: string) => void): void;
  removeAllListeners(event: "data"): void;
  write(bytes: Uint8Array): void;
}

interface EspruinoFlash {
  read(bytes: number, address: number): Uint8Array;
  write(bytes: Uint8Array, address: number): void;
  erasePage(address: number): void;
  getPage(address: number): { addr: number; length: number } | undefined | null;
}

interface EspruinoStorage {
  read(name: string, offset?: number, bytes?: number): string | undefined;
  write(name: string, content: string, offset?: number, size?: number): boolean;
  erase(name: string): void;
  list(pattern?: RegExp): string[];
  getStats(): { readonly freeBytes: number; readonly trashBytes: number };
}

interface EspruinoCrypto {
  SHA256(message: Uint8Array | string): ArrayBuffer;
  SHA512(message: Uint8Array): ArrayBuffer;
}

interface EspruinoFile {
  read(bytes: number): string | undefined;
  write(text: string | Uint8Array): void;
  seek(offset: number): void;
  close(): void;
}

interface EspruinoSocket {
  on(event: "data", callback: (text: string) => void): void;
  on(event: "close" | "error", callback: () => void): void;
  /** Takes a string of octets. @throws when the far side has closed. */
  write(text: string): void;
  end(): void;
}

interface EspruinoNet {
  /** @throws without a network, and where the host cannot be found or reached at once. */
  connect(to: { host: string; port: number }, onOpen: () => void): EspruinoSocket;
}

interface EspruinoWifi {
  connect(name: string, options: { password: string }, onDone: (fault: unknown) => void): void;
  on(event: "connected" | "disconnected", callback: () => void): void;
}

declare const Serial1: EspruinoSerial;
declare const Serial2: EspruinoSerial;

declare const AES: {
  encrypt(
    message: Uint8Array,
    key: Uint8Array,
    options: { mode: "CBC" | "CTR" | "ECB"; iv?: Uint8Array },
  ): ArrayBuffer;
};

/** Bluetooth of an nRF; other boards do not have the name. */
declare const NRF: {
  /** Ends advertising and takes no connection any more. */
  sleep(): void;
  setServices(services: Record<string, never>, options: { uart: boolean }): void;
};

declare const E: {
  setConsole(device: null, options: { force: boolean }): void;
  /** Resets the board that does not come back to the idle loop for so many seconds. */
  enableWatchdog(timeoutS: number): void;
  hwRand(): number;
  toUint8Array(text: string): Uint8Array;
  toUint8Array(parts: readonly Uint8Array[]): Uint8Array | undefined;
  toString(bytes: Uint8Array | ArrayBuffer): string;
  openFile(path: string, mode: "r" | "r+" | "w"): EspruinoFile;
  convolve(left: Float64Array, right: Float64Array, offset: number): number;
  getErrorFlags(): string[];
  /** Told of flags that were not up before: `MEMORY` where there was no room for a value. */
  on(event: "errorFlag", callback: (flags: string[]) => void): void;
  /** Resets the processor; the Linux build ends. */
  reboot(): void;
  toFlatString(text: string): string;
  toArrayBuffer(text: string): ArrayBuffer;
  getAddressOf(value: Uint8Array | Uint32Array, flatAddress: true): number;
  nativeCall(
    address: number,
    signature: string,
  ): (a?: number, b?: number, c?: number, d?: number) => number;
  CRC32(bytes: Uint8Array | string): number;
};

declare function require(name: "Flash"): EspruinoFlash;
declare function require(name: "Storage"): EspruinoStorage;
/** Number of the chip, as text. */
declare function getSerial(): string;

declare function require(name: "crypto"): EspruinoCrypto;
declare function require(name: "net"): EspruinoNet;
declare function require(name: "Wifi"): EspruinoWifi;
/** A module of ours in Storage: evaluated once, in a scope of its own. */
declare function require(name: string): unknown;

/** What the loader offers to the application and to the console. */
interface Loader {
  /** `starting`, or `running` once the application has said `ok`. */
  state: string;
  /** True until an application says that it was commissioned. */
  isBlank: boolean;
  /** True where the device was locked down and has no console. */
  readonly isLocked: boolean;
  /** Slot that was chosen, `a` or `b`; empty where there is no application. */
  readonly slot: string;
  /** Text of the entry module, empty where there is none. */
  entry(): string;
  /** Has a module of the chosen slot evaluated, unless that is done. */
  use(module: string): void;
  /** The application runs: this version is kept from now on. */
  ok(): void;
  /** What runs here, as one line of JSON. */
  info(): string;
}
declare let nk: Loader;

declare function getTime(): number;
declare function setTimeout(callback: () => void, delayMs: number): number;
declare function setInterval(callback: () => void, delayMs: number): number;
/** Without an id it ends every timer. */
declare function clearTimeout(id?: number): void;
/** Ends every watch. */
declare function clearWatch(): void;
declare function setWatch(
  /** `time` is when the edge was, as `getTime` counts; `state` what the pin was after it. */
  callback: (edge: { readonly state: boolean; readonly time: number }) => void,
  pin: EspruinoPin,
  options: { repeat: boolean; edge: "rising" | "falling" | "both"; debounce: number },
): void;
declare function digitalWrite(pin: EspruinoPin, level: 0 | 1): void;
/** Drives a pin for so long; a timer of the processor ends it, whatever the interpreter does. */
declare function digitalPulse(pin: EspruinoPin, level: 0 | 1, lengthMs: number): void;
declare function analogRead(pin: EspruinoPin): number;
declare function digitalRead(pin: EspruinoPin): 0 | 1;
declare function pinMode(
  pin: EspruinoPin,
  mode: "output" | "input_pullup" | "input_pulldown",
): void;
declare function print(...values: unknown[]): void;

declare const process: {
  on(event: "uncaughtException", callback: (fault: unknown) => void): void;
  memory(collectsGarbage?: boolean): {
    free: number;
    usage: number;
    total: number;
    /** Lowest address of the stack; boards alone tell it. */
    stackEndAddress?: number;
  };
};
