// SPDX-License-Identifier: EUPL-1.2
import { concatBytes, sliceBytes } from "@nyckelring/protocol";
import type { ModemPort, StreamListener, StreamPort, TimerPort } from "../../ports.ts";
import type { GsmBudget } from "../gsm-budget.ts";
import { createAtLines } from "./at-lines.ts";
import { asciiBytes } from "./mqtt-packets.ts";

// A driver for modems with the TCP commands of Quectel's BG95 family (LTE-M and 2G): AT+QICSGP,
// QIACT, QIOPEN, QISEND, QIRD, QICLOSE, QPOWD; 3GPP TS 27.007 for the rest.

/** Switched off, or not looked at yet. */
export const MODEM_OFF = 0;
/** Looks for an answer, at each speed, with and without the power key. */
export const MODEM_STARTING = 1;
/** Settings and SIM card. */
export const MODEM_SETTING_UP = 2;
/** Waits for a mobile network. */
export const MODEM_REGISTERING = 3;
/** Asks for a data connection. */
export const MODEM_ATTACHING = 4;
/** Opens the TCP connection. */
export const MODEM_OPENING = 5;
/** The TCP connection is open. */
export const MODEM_ONLINE = 6;
/** Attached without a TCP connection, for a while. */
export const MODEM_READY = 7;
/** Sends what waits, closes and switches off. */
export const MODEM_CLOSING = 8;
/** A fault was met: the reset line is pulled and the modem switched off. */
export const MODEM_RESTING = 9;

/** No fault. */
export const MODEM_FINE = 0;
/** An answer did not come in its time. */
export const MODEM_SILENT = 1;
/** No SIM card, or one that is not ready. */
export const MODEM_NO_SIM = 2;
/** The card wants a PIN that is not known, was refused, or has no tries to spare. */
export const MODEM_PIN = 3;
/** The operator refuses the card: barred, or out of credit. */
export const MODEM_DENIED = 4;
/** No mobile network is in reach. */
export const MODEM_NO_NETWORK = 5;
/** A network, but no data: no credit, or another access point name. */
export const MODEM_NO_DATA = 6;
/** The broker's host does not take the connection. */
export const MODEM_NO_HOST = 7;
/** The connection was cut by the network, the modem or the far side. */
export const MODEM_DROPPED = 8;
/** The modem said something that no modem says there. */
export const MODEM_GARBLED = 9;
/** What the mobile network may cost in a day is used up. */
export const MODEM_CAPPED = 10;

const BAUD = 115200;
const BAUDS = [BAUD, 9600, 57600, 921600];
const SYNC_EVERY_MS = 1000;
const SYNC_TRIES = 2;
/** One as it is, two after the power key. */
const SYNC_ROUNDS = 3;
/** After the first answer everything that is late may come, until it is quiet for so long. */
const QUIET_MS = 700;
const QUIET_MAX_MS = 5000;
const POWER_KEY_MS = 800;
const BOOT_MS = 4000;
const RESET_MS = 400;
const RESET_BOOT_MS = 8000;
const POWER_DOWN_MS = 4000;
const ANSWER_MS = 5000;
const SIM_TRIES = 10;
const SIM_EVERY_MS = 1000;
const PIN_TRIES_MIN = 3;
const REGISTER_EVERY_MS = 2000;
const REGISTER_TRIES = 45;
const DENIED_TRIES = 3;
const ATTACH_MS = 60000;
const OPEN_MS = 60000;
const SEND_MS = 30000;
const CLOSE_MS = 10000;
/** What has arrived is asked for so often even without a word of the modem. */
const POLL_MS = 30000;
/** An attached modem without a connection is switched off after this. */
const LINGER_MS = 60000;
const HOST_FAILURES_MAX = 3;
const PORTION_BYTES = 1024;
const QUEUE_BYTES_MAX = 65536;
/** Heads of TCP and IP, which the operator counts as well. */
const HEAD_BYTES = 40;

/** Where the modem is to go. */
export interface ModemSettings {
  readonly apn: string;
  /** Empty for none. */
  readonly pin: string;
  readonly host: string;
  readonly port: number;
}

/** How the modem is. */
export interface ModemStatus {
  /** One of the ten states. */
  readonly state: number;
  /** The last fault, until a connection is open again. */
  readonly fault: number;
  /** Signal as AT+CSQ counts it, 0 to 31; 99 for unknown. */
  readonly signal: number;
  /** Octets of the running day. */
  readonly bytesToday: number;
}

/** A modem as a way to open one TCP connection. */
export interface AtModem {
  readonly stream: StreamPort;
  /** Octets of the modem. */
  onBytes(bytes: Uint8Array): void;
  status(): ModemStatus;
}

type Command = {
  readonly text: string;
  /** Begins of the line that carries the answer; undefined where OK is all. */
  readonly prefix: string | undefined;
  readonly onDone: (isOk: boolean, answer: string) => void;
  answer: string;
};

/**
 * Creates the driver.
 *
 * One command is under way at a time, each with its time limit; lines that come unasked are told by
 * their names and change no answer. Whatever goes wrong in a way that leaves the modem's state in
 * doubt (silence, garbage, an answer of the wrong kind) has one end: the listener hears that the
 * connection is over, the reset line is pulled, and the modem is switched off. A late answer finds
 * nobody listening. Trying again, with growing pauses, is the caller's.
 *
 * @param budget - What the mobile network may cost; where it is used up the modem is switched off.
 */
export function createAtModem(
  port: ModemPort,
  timer: TimerPort,
  settings: ModemSettings,
  budget: GsmBudget,
): AtModem {
  let state = MODEM_OFF;
  let fault = MODEM_FINE;
  let signal = 99;
  let listener: StreamListener | undefined;
  let command: Command | undefined;
  /** The one wait of the driver: an answer, a pause, a poll. */
  let waitId = 0;
  let queue: Uint8Array[] = [];
  let queueBytes = 0;
  let portion: Uint8Array | undefined;
  let hasData = false;
  /** The far side has closed; told when the command under way has its answer. */
  let isSocketGone = false;
  let hasSpoken = false;
  /** `+QIOPEN` may overtake the OK of its command. */
  let openResult = -1;
  let hostFailures = 0;
  let isPinSpent = false;

  const lines = createAtLines(PORTION_BYTES, {
    onLine,
    onPrompt() {
      if (portion === undefined || command === undefined) return;
      lines.expectEcho(portion);
      wait(SEND_MS, onSilence);
      port.send(portion);
    },
    onData(bytes) {
      count(bytes.length);
      if (listener !== undefined) listener.onBytes(bytes);
    },
  });

  function stopWait(): void {
    if (waitId !== 0) timer.cancel(waitId);
    waitId = 0;
  }

  function wait(delayMs: number, then: () => void): void {
    stopWait();
    waitId = timer.after(delayMs, () => {
      waitId = 0;
      then();
    });
  }

  function onSilence(): void {
    fail(MODEM_SILENT);
  }

  function count(bytes: number): void {
    budget.count(bytes + HEAD_BYTES);
  }

  function ask(
    text: string,
    prefix: string | undefined,
    limitMs: number,
    onDone: (isOk: boolean, answer: string) => void,
  ): void {
    command = { text, prefix, onDone, answer: "" };
    wait(limitMs, onSilence);
    port.send(asciiBytes(`${text}\r`));
  }

  /** Ends the command; `then` goes on with its answer. */
  function finish(isOk: boolean): void {
    const done = command;
    if (done === undefined) return;
    command = undefined;
    stopWait();
    lines.expectPrompt(false);
    // An OK without what was asked for is the answer to something else.
    if (isOk && done.prefix !== undefined && done.answer === "") fail(MODEM_GARBLED);
    else done.onDone(isOk, done.answer);
  }

  function onLine(line: string): void {
    if (state === MODEM_OFF || state === MODEM_RESTING) return;
    if (starts(line, "+QIURC:")) {
      onNotice(line);
      return;
    }
    if (starts(line, "+QIOPEN: 0,")) {
      openResult = numberAt(line, 11);
      if (state === MODEM_OPENING && command === undefined) onOpened();
      return;
    }
    const isDown = line === "POWERED DOWN" || line === "NORMAL POWER DOWN";
    if (isDown || line === "RDY" || line === "APP RDY") {
      // A modem that starts by itself has forgotten everything.
      if (state !== MODEM_STARTING && state !== MODEM_CLOSING) fail(MODEM_DROPPED);
      return;
    }
    if (command === undefined || line === command.text) return;
    if (command.prefix !== undefined && starts(line, command.prefix)) {
      command.answer = line;
      if (starts(line, "+QIRD:")) onReadHead(line);
      return;
    }
    if (portion !== undefined) {
      if (line === "SEND OK") finish(true);
      else if (line === "SEND FAIL" || starts(line, "ERROR") || starts(line, "+CME")) finish(false);
      return;
    }
    if (line === "OK") {
      finish(true);
    } else if (line === "ERROR" || starts(line, "+CME ERROR") || starts(line, "+CMS ERROR")) {
      command.answer = line;
      finish(false);
    }
  }

  function onNotice(line: string): void {
    if (starts(line, '+QIURC: "recv",0')) {
      hasData = true;
      if (state === MODEM_ONLINE && command === undefined) pump();
    } else if (starts(line, '+QIURC: "closed",0')) {
      isSocketGone = state === MODEM_ONLINE;
      if (isSocketGone && command === undefined) pump();
    } else if (starts(line, '+QIURC: "pdpdeact"')) {
      if (state > MODEM_ATTACHING && state !== MODEM_CLOSING) fail(MODEM_NO_DATA);
    }
  }

  // --- From off to online ---

  function start(): void {
    state = MODEM_STARTING;
    signal = 99;
    command = undefined;
    lines.reset();
    sync(0, 0, 0);
  }

  /** It is mostly off: the first round is short, the others, after the power key, try each speed. */
  function sync(round: number, speed: number, tries: number): void {
    if (tries === SYNC_TRIES) {
      if (round > 0 && speed + 1 < BAUDS.length) sync(round, speed + 1, 0);
      else if (round + 1 < SYNC_ROUNDS) pressPower(() => sync(round + 1, 0, 0));
      else fail(MODEM_SILENT);
      return;
    }
    const baud = BAUDS[speed] as number;
    if (tries === 0) port.setBaud(baud);
    ask("AT", undefined, SYNC_EVERY_MS, () => settle(baud));
    wait(SYNC_EVERY_MS, () => {
      command = undefined;
      sync(round, speed, tries + 1);
    });
  }

  function pressPower(then: () => void): void {
    port.pressPower(true);
    wait(POWER_KEY_MS, () => {
      port.pressPower(false);
      wait(BOOT_MS, then);
    });
  }

  /** Lets everything that is late run out before the first command whose answer counts. */
  function settle(baud: number): void {
    let leftMs = QUIET_MAX_MS;
    const again = (): void => {
      leftMs -= QUIET_MS;
      if (hasSpoken && leftMs > 0) {
        hasSpoken = false;
        wait(QUIET_MS, again);
      } else if (baud === BAUD) {
        configure();
      } else {
        ask(`AT+IPR=${BAUD}`, undefined, ANSWER_MS, () => {
          port.setBaud(BAUD);
          wait(QUIET_MS, configure);
        });
      }
    };
    hasSpoken = false;
    wait(QUIET_MS, again);
  }

  function configure(): void {
    state = MODEM_SETTING_UP;
    ask("ATE0", undefined, ANSWER_MS, (isOk) => {
      if (!isOk) fail(MODEM_GARBLED);
      else ask("AT+CMEE=1", undefined, ANSWER_MS, () => checkSim(0));
    });
  }

  function checkSim(tries: number): void {
    if (tries === SIM_TRIES) {
      fail(MODEM_NO_SIM);
      return;
    }
    ask("AT+CPIN?", "+CPIN:", ANSWER_MS, (isOk, answer) => {
      if (!isOk) wait(SIM_EVERY_MS, () => checkSim(tries + 1));
      else if (starts(answer, "+CPIN: READY")) register(0, 0);
      else if (starts(answer, "+CPIN: SIM PIN")) unlockSim();
      else fail(MODEM_PIN);
    });
  }

  /** A card bears three wrong PINs; ours is tried only while all three are left. */
  function unlockSim(): void {
    if (settings.pin === "") {
      fail(MODEM_PIN);
      return;
    }
    ask('AT+QPINC="SC"', "+QPINC:", ANSWER_MS, (isOk, answer) => {
      if (!isOk || numberAt(answer, answer.indexOf(",") + 1) < PIN_TRIES_MIN) {
        isPinSpent = true;
        fail(MODEM_PIN);
        return;
      }
      ask(`AT+CPIN="${settings.pin}"`, undefined, ANSWER_MS, (isTaken) => {
        if (isTaken) {
          wait(SIM_EVERY_MS, () => checkSim(0));
        } else {
          isPinSpent = true;
          fail(MODEM_PIN);
        }
      });
    });
  }

  function register(tries: number, denials: number): void {
    state = MODEM_REGISTERING;
    if (tries === REGISTER_TRIES || denials === DENIED_TRIES) {
      fail(denials > 0 ? MODEM_DENIED : MODEM_NO_NETWORK);
      return;
    }
    ask("AT+CEREG?", "+CEREG:", ANSWER_MS, (isOk, answer) => {
      const stat = isOk ? numberAt(answer, answer.indexOf(",") + 1) : 0;
      if (stat === 1 || stat === 5) measure();
      else registerOn2g(tries, stat === 3 ? denials + 1 : denials);
    });
  }

  function registerOn2g(tries: number, denials: number): void {
    ask("AT+CREG?", "+CREG:", ANSWER_MS, (isOk, answer) => {
      const stat = isOk ? numberAt(answer, answer.indexOf(",") + 1) : 0;
      if (stat === 1 || stat === 5) measure();
      else wait(REGISTER_EVERY_MS, () => register(tries + 1, denials));
    });
  }

  function measure(): void {
    ask("AT+CSQ", "+CSQ:", ANSWER_MS, (isOk, answer) => {
      if (isOk) signal = numberAt(answer, 6);
      attach();
    });
  }

  function attach(): void {
    state = MODEM_ATTACHING;
    ask(`AT+QICSGP=1,1,"${settings.apn}","","",0`, undefined, ANSWER_MS, (isTaken) => {
      if (!isTaken) {
        fail(MODEM_NO_DATA);
        return;
      }
      ask("AT+QIACT=1", undefined, ATTACH_MS, (isOk) => {
        if (isOk) openSocket();
        else fail(MODEM_NO_DATA);
      });
    });
  }

  function openSocket(): void {
    state = MODEM_OPENING;
    openResult = -1;
    hasData = false;
    isSocketGone = false;
    queue = [];
    queueBytes = 0;
    portion = undefined;
    const { host, port: hostPort } = settings;
    ask(`AT+QIOPEN=1,0,"TCP","${host}",${hostPort},0,0`, undefined, ANSWER_MS, (isOk) => {
      if (!isOk) dropSocket(MODEM_NO_HOST);
      else if (openResult >= 0) onOpened();
      else wait(OPEN_MS, onSilence);
    });
  }

  function onOpened(): void {
    stopWait();
    if (openResult !== 0) {
      dropSocket(MODEM_NO_HOST);
      return;
    }
    state = MODEM_ONLINE;
    fault = MODEM_FINE;
    hostFailures = 0;
    count(HEAD_BYTES);
    if (listener !== undefined) listener.onOpen();
    if (state === MODEM_ONLINE) pump();
  }

  // --- Online ---

  /** Reads before it sends; with nothing to do it looks again in a while. */
  function pump(): void {
    if (command !== undefined) return;
    if (isSocketGone) {
      isSocketGone = false;
      dropSocket(MODEM_DROPPED);
    } else if (queueBytes > QUEUE_BYTES_MAX) {
      fail(MODEM_DROPPED);
    } else if (budget.isSpent()) {
      tellEnd(MODEM_CAPPED);
      shutDown();
    } else if (hasData) {
      read();
    } else if (queue.length > 0) {
      sendNext();
    } else if (state === MODEM_CLOSING) {
      closeSocket();
    } else {
      wait(POLL_MS, () => {
        hasData = true;
        pump();
      });
    }
  }

  function read(): void {
    ask(`AT+QIRD=0,${PORTION_BYTES}`, "+QIRD:", ANSWER_MS, (isOk) => {
      if (!isOk) dropSocket(MODEM_DROPPED);
      else if (state === MODEM_ONLINE || state === MODEM_CLOSING) pump();
    });
  }

  function onReadHead(line: string): void {
    const bytes = numberAt(line, 7);
    if (bytes > PORTION_BYTES) fail(MODEM_GARBLED);
    else if (bytes === 0) hasData = false;
    else lines.takeData(bytes);
  }

  function sendNext(): void {
    const all = concatBytes(queue);
    const taken = sliceBytes(all, 0, Math.min(all.length, PORTION_BYTES));
    queue = taken.length < all.length ? [sliceBytes(all, taken.length)] : [];
    queueBytes = all.length - taken.length;
    count(taken.length);
    portion = taken;
    ask(`AT+QISEND=0,${taken.length}`, undefined, ANSWER_MS, (isOk) => {
      portion = undefined;
      if (!isOk) dropSocket(MODEM_DROPPED);
      else pump();
    });
    lines.expectPrompt(true);
  }

  // --- The end of a connection ---

  function tellEnd(why: number): void {
    fault = why;
    const told = listener;
    listener = undefined;
    queue = [];
    queueBytes = 0;
    if (told !== undefined) told.onEnd();
  }

  /** The connection is over and the modem is in order: it may be asked for another one. */
  function dropSocket(why: number): void {
    if (why === MODEM_NO_HOST) hostFailures += 1;
    if (hostFailures >= HOST_FAILURES_MAX) {
      hostFailures = 0;
      fail(why);
      return;
    }
    const isClosing = state === MODEM_CLOSING;
    state = MODEM_CLOSING;
    portion = undefined;
    ask("AT+QICLOSE=0", undefined, CLOSE_MS, () => {
      if (isClosing) shutDown();
      else if (listener !== undefined) openSocket();
      else rest();
    });
    tellEnd(why);
  }

  function rest(): void {
    state = MODEM_READY;
    wait(LINGER_MS, shutDown);
  }

  function closeSocket(): void {
    ask("AT+QICLOSE=0", undefined, CLOSE_MS, shutDown);
  }

  function shutDown(): void {
    state = MODEM_CLOSING;
    command = undefined;
    portion = undefined;
    port.pressPower(false);
    switchOff();
  }

  /** Not waited for: a modem that does not listen is found out when it is needed again. */
  function switchOff(): void {
    port.send(asciiBytes("AT+QPOWD=1\r"));
    wait(POWER_DOWN_MS, beOff);
  }

  function beOff(): void {
    state = MODEM_OFF;
    command = undefined;
    lines.reset();
    if (listener !== undefined) start();
  }

  /** The one way out of every doubt. */
  function fail(why: number): void {
    state = MODEM_RESTING;
    command = undefined;
    portion = undefined;
    lines.reset();
    port.pressPower(false);
    port.holdReset(true);
    wait(RESET_MS, () => {
      port.holdReset(false);
      port.setBaud(BAUD);
      wait(RESET_BOOT_MS, switchOff);
    });
    tellEnd(why);
  }

  const stream: StreamPort = {
    fault: () => fault,
    open(next) {
      listener = next;
      const blocked = budget.isSpent() ? MODEM_CAPPED : isPinSpent ? MODEM_PIN : MODEM_FINE;
      if (blocked !== MODEM_FINE) {
        timer.after(0, () => {
          if (listener === next) tellEnd(blocked);
        });
      } else if (state === MODEM_OFF) {
        start();
      } else if (state === MODEM_READY) {
        stopWait();
        openSocket();
      } else if (state === MODEM_ONLINE) {
        // A new caller must not meet what was said to the one before.
        state = MODEM_CLOSING;
        if (command === undefined) wait(0, pump);
      }
      // Else it is on its way up, down or to rest, and goes on from there.
    },
    send(bytes) {
      if (state !== MODEM_ONLINE) return;
      queue.push(bytes);
      queueBytes += bytes.length;
      if (command === undefined) wait(0, pump);
    },
    close() {
      listener = undefined;
      if (state === MODEM_ONLINE) {
        state = MODEM_CLOSING;
        if (command === undefined) pump();
      } else if (state > MODEM_OFF && state < MODEM_ONLINE) {
        // Nobody wants it any more: half way up it is not worth the last step.
        shutDown();
      } else if (state === MODEM_READY) {
        shutDown();
      }
    },
  };

  return {
    stream,
    onBytes(bytes) {
      hasSpoken = true;
      if (state !== MODEM_OFF && state !== MODEM_RESTING) lines.push(bytes);
    },
    status: () => ({ state, fault, signal, bytesToday: budget.spentBytes() }),
  };
}

function starts(line: string, begin: string): boolean {
  return line.substr(0, begin.length) === begin;
}

/** The number at a place of a line; 0 where there is none. */
function numberAt(line: string, at: number): number {
  const value = parseInt(line.substr(at), 10);
  return value >= 0 ? value : 0;
}
