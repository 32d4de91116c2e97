// SPDX-License-Identifier: EUPL-1.2
import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { createContext, runInContext, Script } from "node:vm";
import { crc32 } from "node:zlib";
import { unpackScript } from "@nyckelring/firmware/unpack";
import { toPrinted, toSource, toUncaught } from "../value-text.ts";
import type { BoardTime } from "./board-time.ts";
import { type FlashImage, PowerCut } from "./flash-image.ts";
import type { Networks } from "./networks.ts";
import type { Pins } from "./pins.ts";
import type { Storage } from "./storage.ts";

/** What the interpreter of a virtual board touches outside itself. */
export interface InterpreterWorld {
  /** The name in `process.env.BOARD`. */
  readonly boardName: string;
  readonly serialNumber: string;
  readonly hasAes: boolean;
  /** Whether the interpreter has Bluetooth of an nRF. */
  readonly hasRadio: boolean;
  readonly time: BoardTime;
  readonly flash: FlashImage;
  readonly storage: Storage;
  readonly pins: Pins;
  /** Text for the console, lines ended by a newline. */
  readonly print: (text: string) => void;
  readonly clock: BoardClock;
  readonly networks: Networks;
  /** Octets for the modem; undefined on a board without one. */
  readonly sendModem: ((octets: Uint8Array) => void) | undefined;
  /** Octets for the contact. */
  readonly sendContact: (octets: Uint8Array) => void;
  /**
   * The program asks for a restart with or without the stored boot code; a reset of the processor
   * gives the console back, another restart does not.
   */
  readonly onRestart: (runsBootCode: boolean, isReset: boolean) => void;
  /** The program takes the console away from every line. */
  readonly onConsoleGone: () => void;
  /** The program ends what the radio shows and offers. */
  readonly onRadioOff: () => void;
  /** A call has not come back for as long as the watchdog waits. */
  readonly onHang: () => void;
  /** The watchdog waits no longer than this, in milliseconds; for tests that hang. */
  readonly watchdogMsMax: number;
  /** The program wants the console locked until the password comes. */
  readonly onLock: (password: string) => void;
  readonly onPowerCut: () => void;
}

/** The clock of a board, UTC seconds with fractions; it survives a restart of the interpreter. */
export interface BoardClock {
  nowS(): number;
  set(nowS: number): void;
}

/** What came of evaluating a text. */
export type Evaluation =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly text: string };

/** One life of the interpreter, from power-on to the next restart. */
export interface Interpreter {
  /** Runs statements in the global scope and gives the value of the last one. */
  run(code: string): Evaluation;
  /** Octets that came over the contact. */
  receiveContact(octets: Uint8Array): void;
  /** Octets that the modem says. */
  receiveModem(octets: Uint8Array): void;
  /** Whether something is about to happen that no timer waits for. */
  isBusy(): boolean;
  /** Octets of the last connection over the network; undefined while there is none. */
  network(): OctetCounts | undefined;
  /** Ends timers and watches; nothing runs any more. */
  stop(): void;
}

/** Octets that a board has received and sent on one line. */
export type OctetCounts = { readonly received: number; readonly sent: number };

type Callback = (...args: unknown[]) => unknown;

/** The version that the emulation follows. */
export const INTERPRETER_VERSION = "2v29.277";

/** Octets that no script has as text: it is written in the tokens of the interpreter. */
const PACKED = /[\x80-\xff]/;
/** Reading one back takes as long as a start; a board starts the same few again and again. */
const unpacked = new Map<string, string>();

/** A script as text that Node understands, however it lies in Storage. */
function readScript(code: string): string {
  if (!PACKED.test(code)) return code;
  const known = unpacked.get(code) ?? unpackScript(Buffer.from(code, "latin1"));
  unpacked.set(code, known);
  return known;
}

/**
 * The globals of Espruino over Node's virtual machine, for the bundles of this project.
 *
 * The language is that of Node, which is wider than the board's: the dialect gate and the suites on
 * the real interpreter judge that. Emulated is what a bundle, an uploader and a person at
 * the console touch. Memory and speed of the processor are not emulated.
 */
export function startInterpreter(world: InterpreterWorld): Interpreter {
  /** What takes each timer back. */
  const timers = new Map<number, () => void>();
  const sockets = new Set<Socket>();
  let nextTimer = 1;
  let isRunning = true;
  let laterCalls = 0;
  let connecting = 0;
  let counted: { socket: Socket; received: number; sent: number } | undefined;
  let contactListener: Callback | undefined;
  let modemListener: Callback | undefined;

  let watchdogMs: number | undefined;
  let guardedCall: () => unknown = () => undefined;
  const guardedScript = new Script("enterGuarded()");

  /** Runs what the board calls by itself; what is thrown goes to the program or to the console. */
  function enter(call: () => unknown): void {
    if (!isRunning) {
      return;
    }
    try {
      if (watchdogMs === undefined) {
        call();
      } else {
        guardedCall = call;
        guardedScript.runInContext(context, { timeout: watchdogMs });
      }
    } catch (error) {
      takeUncaught(error, (text) => world.print(`${text}\n`));
    }
  }

  /** What nobody has caught goes to the program first, and to the console if that throws it again. */
  function takeUncaught(error: unknown, tell: (text: string) => void): void {
    if (error instanceof PowerCut) {
      world.onPowerCut();
      return;
    }
    if ((error as { readonly code?: unknown }).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") {
      world.onHang();
      return;
    }
    let uncaught = error;
    try {
      const calls = listeners.get("uncaughtException") ?? [];
      for (const call of calls) {
        call(error);
      }
      if (calls.length > 0) {
        return;
      }
    } catch (thrownAgain) {
      uncaught = thrownAgain;
    }
    tell(toUncaught(uncaught));
  }

  function startTimer(
    callback: unknown,
    delayMs: unknown,
    args: unknown[],
    repeats: boolean,
  ): number {
    const id = nextTimer;
    nextTimer += 1;
    const ms = Math.max(0, Number(delayMs) || 0);
    const start = (): void => {
      timers.set(id, world.time.after(repeats ? Math.max(1, ms) : ms, fire));
    };
    const fire = (): void => {
      timers.delete(id);
      if (repeats) start();
      enter(() =>
        typeof callback === "function"
          ? callback(...args)
          : runInContext(String(callback), context),
      );
    };
    start();
    return id;
  }

  function stopTimer(...ids: unknown[]): void {
    const [id] = ids;
    if (ids.length === 0) {
      for (const cancel of timers.values()) cancel();
      timers.clear();
      return;
    }
    if (id === undefined) {
      throw new Error("clearTimeout(undefined) is not allowed");
    }
    timers.get(Number(id))?.();
    timers.delete(Number(id));
  }

  const octetsOf = (value: unknown): Uint8Array => {
    if (typeof value === "string") {
      return Buffer.from(value, "latin1");
    }
    if (ArrayBuffer.isView(value)) {
      return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    }
    if (Object.prototype.toString.call(value) === "[object ArrayBuffer]") {
      return new Uint8Array(value as ArrayBuffer);
    }
    if (Array.isArray(value)) {
      // Numbers are octets, and what stands beside them is taken one after the other.
      const each = (one: unknown) => (typeof one === "number" ? Uint8Array.of(one) : octetsOf(one));
      return Uint8Array.from(Buffer.concat(value.map(each)));
    }
    return Buffer.from(typeof value === "object" ? JSON.stringify(value) : String(value), "latin1");
  };
  const buffer = (octets: Uint8Array): ArrayBuffer => Uint8Array.from(octets).buffer;
  const digest = (name: string) => (message: unknown) =>
    buffer(createHash(name).update(octetsOf(message)).digest());

  let unlisten: () => unknown = () => undefined;
  const modules = createModules();

  function createModules() {
    const built: Record<string, unknown> = {
      Flash: {
        read: (bytes: number, address: number) => world.flash.read(address, bytes),
        write: (content: unknown, address: number) =>
          world.flash.program(address, octetsOf(content)),
        erasePage: (address: number) => world.flash.erasePage(address),
        getPage: (address: number) => {
          const { start, bytes, pageBytes } = world.flash.geometry;
          if (address < start || address >= start + bytes) {
            return undefined;
          }
          return { addr: address - ((address - start) % pageBytes), length: pageBytes };
        },
        getFree: () => [],
      },
      Storage: createStorageModule(),
      Wifi: createWifiModule(),
      net: { connect: connectTo },
      crypto: {
        SHA1: digest("sha1"),
        SHA224: digest("sha224"),
        SHA256: digest("sha256"),
        SHA384: digest("sha384"),
        SHA512: digest("sha512"),
      },
    };
    const cached = new Map<string, unknown>();
    const load = (name: string, source: unknown): unknown => {
      if (typeof source === "object") {
        return source;
      }
      const holder = { exports: {} };
      if (typeof source === "function") {
        source(holder.exports, holder);
      } else {
        const wrapped = runInContext(
          `(function(exports,module){${readScript(String(source))}\n})`,
          context,
          {
            filename: name,
          },
        ) as Callback;
        wrapped(holder.exports, holder);
      }
      return holder.exports;
    };
    return {
      require(name: string): unknown {
        if (cached.has(name)) {
          return cached.get(name);
        }
        if (Object.hasOwn(built, name)) {
          return built[name];
        }
        const source = world.storage.read(name);
        if (source === undefined) {
          throw new Error(`Module ${name} not found`);
        }
        const loaded = load(name, source);
        cached.set(name, loaded);
        return loaded;
      },
      cache: {
        addCached: (name: string, source: unknown) => void cached.set(name, load(name, source)),
        removeCached: (name: string) => void cached.delete(name),
        removeAllCached: () => cached.clear(),
        getCached: () => [...cached.keys()],
      },
    };
  }

  /** A radio that finds every network at once, and joins a known one again when it comes back. */
  function createWifiModule() {
    const listeners = new Map<string, Callback[]>();
    let isWanted = false;
    let isJoined = false;
    const tell = (event: string): void => {
      for (const call of listeners.get(event) ?? []) enter(call);
    };
    const look = (): void => {
      const isThere = isWanted && world.networks.has("wifi");
      if (isThere === isJoined) return;
      isJoined = isThere;
      if (!isThere) for (const socket of sockets) socket.destroy();
      tell(isThere ? "connected" : "disconnected");
    };
    unlisten = world.networks.listen(() => later(look));
    return {
      on: (event: string, call: Callback) =>
        void listeners.set(event, [...(listeners.get(event) ?? []), call]),
      connect: (_name: string, _options: unknown, onDone: Callback) =>
        later(() => {
          isWanted = true;
          look();
          enter(() => onDone(isJoined ? null : "no such network"));
        }),
    };
  }

  /** TCP over the network of this computer. */
  function connectTo(to: { host: string; port: number }, onOpen: Callback) {
    if (!world.networks.has("wifi")) throw new Error("Not connected to the internet");
    const socket = connect({ port: to.port, host: to.host, noDelay: true });
    const count = { socket, received: 0, sent: 0 };
    counted = count;
    sockets.add(socket);
    connecting += 1;
    let isConnecting = true;
    const settle = (): void => {
      if (isConnecting) connecting -= 1;
      isConnecting = false;
    };
    socket.on("connect", () => {
      settle();
      enter(onOpen);
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      settle();
      sockets.delete(socket);
      if (counted === count) counted = undefined;
    });
    return {
      on(event: string, call: Callback) {
        if (event === "data") {
          socket.on("data", (part: Buffer) => {
            count.received += part.length;
            enter(() => call(part.toString("latin1")));
          });
        } else if (event === "close") {
          socket.on("close", () => enter(call));
        }
      },
      write(text: unknown) {
        const octets = octetsOf(text);
        count.sent += octets.length;
        socket.write(octets);
      },
      end: () => void socket.end(),
    };
  }

  function createStorageModule() {
    const { storage } = world;
    return {
      list: (pattern?: { test(text: string): boolean }) =>
        storage.list().filter((name) => pattern === undefined || pattern.test(name)),
      read: (name: string, offset?: number, bytes?: number) => storage.read(name, offset, bytes),
      readArrayBuffer: (name: string) => {
        const text = storage.read(name);
        return text === undefined ? undefined : buffer(Buffer.from(text, "latin1"));
      },
      readJSON: (name: string) => {
        const text = storage.read(name);
        return text === undefined ? undefined : runInContext(`(${text})`, context);
      },
      write: (name: string, content: unknown, offset = 0, size = 0) =>
        storage.write(name, octetsOf(content), offset, size),
      writeJSON: (name: string, value: unknown) =>
        storage.write(name, Buffer.from(JSON.stringify(value), "latin1"), 0, 0),
      erase: (name: string) => storage.erase(name),
      eraseAll: () => storage.eraseAll(),
      compact: () => storage.compact(),
      getFree: () => storage.stats().freeBytes,
      getStats: () => storage.stats(),
    };
  }

  let password = "";
  const listeners = new Map<string, Callback[]>();
  const E = {
    hwRand: () => randomBytes(4).readInt32LE(),
    // Of the script's own kind, which `instanceof` there asks for.
    toUint8Array: (...parts: unknown[]) => {
      const OfScript = runInContext("Uint8Array", context) as Uint8ArrayConstructor;
      return new OfScript(Buffer.concat(parts.map(octetsOf)));
    },
    toArrayBuffer: (text: unknown) => buffer(octetsOf(text)),
    toString: (...parts: unknown[]) => Buffer.concat(parts.map(octetsOf)).toString("latin1"),
    toFlatString: (...parts: unknown[]) => Buffer.concat(parts.map(octetsOf)).toString("latin1"),
    toJS: toSource,
    CRC32: (content: unknown) => crc32(octetsOf(content)),
    // Sum of products, the right side taken from an offset on and from its start again at its end.
    convolve: (left: ArrayLike<number>, right: ArrayLike<number>, offset: number) => {
      const shift = ((offset % right.length) + right.length) % right.length;
      let sum = 0;
      for (let index = 0; index < left.length; index += 1) {
        sum += (left[index] ?? 0) * (right[(index + shift) % right.length] ?? 0);
      }
      return sum;
    },
    getAddressOf: () => 0,
    getSizeOf: () => 1,
    getErrorFlags: () => [],
    setFlags: () => undefined,
    getFlags: () => ({}),
    enableWatchdog: (seconds: number) => {
      watchdogMs = Math.min(Number(seconds) * 1000, world.watchdogMsMax);
    },
    setConsole: (device: unknown) => {
      if (device === null) {
        world.onConsoleGone();
      }
    },
    kickWatchdog: () => undefined,
    getBattery: () => 100,
    setBootCode: (code: string | undefined, always?: boolean) => {
      storageReplace(".bootcde", always === true ? undefined : code);
      storageReplace(".bootrst", always === true ? code : undefined);
    },
    reboot: () => later(() => world.onRestart(true, true)),
    setPassword: (secret: string) => {
      password = secret;
    },
    lockConsole: () => world.onLock(password),
    on: (name: string, call: Callback) => {
      listeners.set(name, [...(listeners.get(name) ?? []), call]);
    },
    emit: (name: string, ...args: unknown[]) => {
      for (const call of listeners.get(name) ?? []) {
        call(...args);
      }
    },
    removeAllListeners: (name: string) => void listeners.delete(name),
  };

  function storageReplace(name: string, code: string | undefined): void {
    if (code === undefined) {
      world.storage.erase(name);
    } else {
      world.storage.write(name, Buffer.from(code, "latin1"), 0, 0);
    }
  }

  /** After the running program has returned to the idle loop, as a restart does. */
  function later(call: () => void): void {
    laterCalls += 1;
    setImmediate(() => {
      laterCalls -= 1;
      if (isRunning) {
        call();
      }
    });
  }

  const print = (...values: unknown[]): void => {
    world.print(`${values.map(toPrinted).join(" ")}\n`);
  };

  const globals: Record<string, unknown> = {
    // A loader evaluates at the top, where this does the same.
    eval: (code: unknown) => runInContext(readScript(String(code)), context),
    E,
    print,
    console: { log: print },
    require: modules.require,
    Modules: modules.cache,
    process: {
      version: INTERPRETER_VERSION,
      env: {
        VERSION: INTERPRETER_VERSION,
        BOARD: world.boardName,
        FLASH: 0,
        STORAGE: world.flash.geometry.bytes,
        SERIAL: world.serialNumber,
        CONSOLE: "USB",
        MODULES: "Flash,Storage,crypto",
        EXPTR: 0,
      },
      memory: () => ({ free: 12_000, usage: 2_000, total: 14_000 }),
      on: E.on,
    },
    Serial1: {
      setup: () => undefined,
      on: (name: string, call: Callback) => {
        if (name === "data") {
          contactListener = call;
        }
      },
      removeAllListeners: (name: string) => {
        if (name === "data") {
          contactListener = undefined;
        }
      },
      write: (...parts: unknown[]) => world.sendContact(Buffer.concat(parts.map(octetsOf))),
      print: (text: unknown) => world.sendContact(octetsOf(String(text))),
    },
    getSerial: () => world.serialNumber,
    getTime: world.clock.nowS,
    setTime: (nowS: unknown) => world.clock.set(Number(nowS)),
    setTimeout: (call: unknown, delayMs: unknown, ...args: unknown[]) =>
      startTimer(call, delayMs, args, false),
    setInterval: (call: unknown, delayMs: unknown, ...args: unknown[]) =>
      startTimer(call, delayMs, args, true),
    clearTimeout: stopTimer,
    clearInterval: stopTimer,
    setWatch: (call: Callback, pin: string, options?: { repeat?: boolean; edge?: string }) =>
      world.pins.watch({
        pin: String(pin),
        edge: options?.edge ?? "both",
        repeat: options?.repeat === true,
        callback: (event) => enter(() => call(event)),
      }),
    clearWatch: (id?: number) => world.pins.clearWatch(id),
    // Without power a processor does nothing more, wherever in a call it was.
    digitalWrite(pin: string, level: number | boolean) {
      if (isRunning) world.pins.write(String(pin), Number(level) !== 0 ? 1 : 0);
    },
    digitalPulse(pin: string, level: number | boolean, lengthMs: number) {
      if (isRunning) world.pins.pulse(String(pin), Number(level) !== 0 ? 1 : 0, Number(lengthMs));
    },
    digitalRead: (pin: string) => world.pins.read(String(pin)),
    analogRead: (pin: string) => world.pins.analog(String(pin)),
    pinMode: (pin: string, mode: string) => world.pins.mode(String(pin), mode),
    atob: (text: string) => Buffer.from(String(text), "base64").toString("latin1"),
    btoa: (text: unknown) => Buffer.from(octetsOf(text)).toString("base64"),
    trace: () => undefined,
    echo: () => undefined,
    load: () => later(() => world.onRestart(true, false)),
    reset: () => later(() => world.onRestart(false, false)),
  };
  const { sendModem } = world;
  if (sendModem !== undefined) {
    globals["Serial2"] = {
      setup: () => undefined,
      on: (name: string, call: Callback) => {
        if (name === "data") modemListener = call;
      },
      write: (...parts: unknown[]) => {
        if (isRunning) sendModem(Buffer.concat(parts.map(octetsOf)));
      },
    };
  }
  if (world.hasRadio) {
    globals["NRF"] = { sleep: () => undefined, setServices: () => world.onRadioOff() };
  }
  if (world.hasAes) {
    globals["AES"] = {
      encrypt: (message: unknown, key: unknown, options: { mode: string; iv?: unknown }) => {
        const secret = octetsOf(key);
        const mode = options.mode.toLowerCase();
        const iv = options.iv === undefined ? new Uint8Array(16) : octetsOf(options.iv);
        const name = `aes-${secret.length * 8}-${mode}`;
        const cipher = createCipheriv(name, secret, mode === "ecb" ? null : iv);
        cipher.setAutoPadding(false);
        return buffer(Buffer.concat([cipher.update(octetsOf(message)), cipher.final()]));
      },
    };
  }
  const context = createContext(globals);
  runInContext("var global=globalThis;", context);
  Object.defineProperty(context, "enterGuarded", { value: () => guardedCall() });

  return {
    run(code) {
      try {
        return { ok: true, value: runInContext(readScript(code), context, { filename: "REPL" }) };
      } catch (error) {
        let text = "";
        takeUncaught(error, (told) => {
          text = told;
        });
        return { ok: false, text };
      }
    },
    receiveModem(octets) {
      const listener = modemListener;
      if (listener !== undefined) enter(() => listener(Buffer.from(octets).toString("latin1")));
    },
    receiveContact(octets) {
      const listener = contactListener;
      if (listener !== undefined && octets.length > 0) {
        enter(() => listener(Buffer.from(octets).toString("latin1")));
      }
    },
    isBusy: () => laterCalls > 0 || connecting > 0,
    network: () =>
      counted === undefined ? undefined : { received: counted.received, sent: counted.sent },
    stop() {
      isRunning = false;
      unlisten();
      for (const cancel of timers.values()) cancel();
      timers.clear();
      for (const socket of sockets) {
        socket.destroy();
      }
      contactListener = undefined;
      modemListener = undefined;
    },
  };
}
