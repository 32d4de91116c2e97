// SPDX-License-Identifier: EUPL-1.2
import { concatBytes } from "@nyckelring/protocol";
import type { ModemPort, StreamPort } from "../src/ports.ts";

/** What goes wrong at one command. */
export type ModemFault =
  /** Nothing comes any more until the reset line is pulled. */
  | "hang"
  /** The answer stops in the middle of a line, and then nothing comes until a reset. */
  | "half-hang"
  /** This one command is never answered. */
  | "ignore"
  /** The answer comes after a minute and a half, when nobody waits for it any more. */
  | "late"
  /** Octets that are no answer at all, and then the answer. */
  | "garbage"
  /** ERROR. */
  | "error"
  /** The answer of another command: an OK without what was asked for. */
  | "bare-ok"
  /** Forty lines that nobody asked for before each line of the answer. */
  | "storm"
  /** The modem starts anew by itself. */
  | "reboot"
  /** The answer, and then the network takes the connection away. */
  | "drop"
  /** The answer, octet by octet, 30 ms apart. */
  | "slow";

export const MODEM_FAULTS: readonly ModemFault[] = [
  "hang",
  "half-hang",
  "ignore",
  "late",
  "garbage",
  "error",
  "bare-ok",
  "storm",
  "reboot",
  "drop",
  "slow",
];

/** How a modem is by nature. */
export type ModemNature = {
  /** It says back what it hears, whatever ATE0 says. */
  readonly alwaysEchoes?: boolean;
  /** Speed of its line when it starts. */
  readonly baud?: number;
  /** It is on from the start. */
  readonly isOn?: boolean;
  /** `READY`, `SIM PIN` with the PIN below, `none`, or `SIM PUK`. */
  readonly sim?: "READY" | "SIM PIN" | "SIM PUK" | "none";
  readonly pin?: string;
  /** Polls until it is registered; the status before. */
  readonly registersAfter?: number;
  readonly statusBefore?: number;
  /** The data connection is refused: no credit. */
  readonly hasNoCredit?: boolean;
  /** It hangs whenever it is asked for its SIM card. */
  readonly hangsAtSim?: boolean;
  /** It never tells that data has come. */
  readonly hidesArrivals?: boolean;
  /** +QIOPEN comes before the OK of its command. */
  readonly opensEarly?: boolean;
  /** SEND FAIL from this message on. */
  readonly sendFailsAfter?: number;
};

/** A modem of the BG95 family in virtual time. */
export interface ScriptedModem {
  readonly port: ModemPort;
  /** Commands so far, since the last power-on and in all. */
  readonly commands: string[];
  /** Plans a fault at the n-th command from now on. */
  failAt(command: number, fault: ModemFault): void;
  /** Changes its nature. */
  become(nature: ModemNature): void;
  resets(): number;
  powerPresses(): number;
  isOn(): boolean;
  /** Wrong PINs so far. */
  wrongPins(): number;
}

const URCS = [
  '+QIURC: "recv",3',
  "+CMTI: 1",
  "RING",
  '+QIURC: "closed",5',
  "+CUSD: 0",
  "%&OK",
  "+CREG: 2",
];
const BOOT_MS = 3000;
const ANSWER_MS = 15;

/**
 * Creates a modem that is off.
 *
 * @param after - Virtual time.
 * @param host - What its TCP connection leads to.
 * @param toDriver - Where its octets go.
 */
export function createScriptedModem(
  after: (delayMs: number, callback: () => void) => void,
  host: StreamPort,
  toDriver: (bytes: Uint8Array) => void,
  first: ModemNature = {},
): ScriptedModem {
  let nature = first;
  let on = nature.isOn === true;
  let baud = nature.baud ?? 115200;
  let portBaud = 115200;
  let life = 0;
  let echoes = true;
  let isHung = false;
  let polls = 0;
  let isPinGiven = false;
  let wrongPins = 0;
  let sends = 0;
  let resets = 0;
  let presses = 0;
  let isSocketOpen = false;
  let received: Uint8Array = new Uint8Array(0);
  let line = "";
  /** Octets of data that are still to come after a prompt. */
  let dataLeft = 0;
  let data: Uint8Array[] = [];
  const commands: string[] = [];
  const planned = new Map<number, ModemFault>();
  let isStorming = false;
  let gapMs = 0;

  /** Says octets in order, some time from now, if it still lives by then. */
  function emit(bytes: Uint8Array, delayMs = ANSWER_MS): void {
    const bornIn = life;
    after(delayMs, () => {
      if (bornIn === life && on && !isHung && portBaud === baud) toDriver(bytes);
    });
  }

  function bytesOf(text: string): Uint8Array {
    return Uint8Array.from(text, (char) => char.charCodeAt(0));
  }

  function say(lines: readonly string[], delayMs = ANSWER_MS): void {
    const parts: string[] = [];
    for (const one of lines) {
      if (isStorming)
        for (let times = 0; times < 40; times += 1)
          parts.push(`\r\n${URCS[times % URCS.length]}\r\n`);
      parts.push(`\r\n${one}\r\n`);
    }
    const bytes = bytesOf(parts.join(""));
    if (gapMs === 0) {
      emit(bytes, delayMs);
      return;
    }
    for (const [index, octet] of bytes.entries()) {
      emit(Uint8Array.of(octet), delayMs + index * gapMs);
    }
  }

  function boot(): void {
    life += 1;
    on = true;
    isHung = false;
    echoes = true;
    baud = nature.baud ?? 115200;
    polls = 0;
    isPinGiven = false;
    isStorming = false;
    gapMs = 0;
    closeSocket();
    line = "";
    dataLeft = 0;
    const bornIn = life;
    after(BOOT_MS, () => {
      if (bornIn === life) say(["RDY", "APP RDY"]);
    });
  }

  function closeSocket(): void {
    if (isSocketOpen) host.close();
    isSocketOpen = false;
    received = new Uint8Array(0);
  }

  function hostEnded(): void {
    isSocketOpen = false;
    say(['+QIURC: "closed",0']);
  }

  function openHost(): void {
    const bornIn = life;
    host.open({
      onOpen() {
        if (bornIn !== life) return;
        isSocketOpen = true;
        say(["+QIOPEN: 0,0"]);
      },
      onBytes(bytes) {
        if (bornIn !== life) return;
        received = concatBytes([received, bytes]);
        if (nature.hidesArrivals !== true) say(['+QIURC: "recv",0']);
      },
      onEnd() {
        if (bornIn !== life) return;
        if (isSocketOpen) hostEnded();
        else say(["+QIOPEN: 0,566"]);
      },
    });
  }

  /** Lines of the answer; undefined where the answer is said elsewhere. */
  function answerOf(command: string): readonly string[] | undefined {
    if (command === "AT" || command === "AT+CMEE=1") return ["OK"];
    if (command === "ATE0") {
      echoes = false;
      return ["OK"];
    }
    if (command.startsWith("AT+IPR=")) {
      after(ANSWER_MS + 1, () => {
        baud = Number(command.slice(7));
      });
      return ["OK"];
    }
    if (command === "AT+CPIN?") {
      const sim = nature.sim ?? "READY";
      if (sim === "none") return ["+CME ERROR: 10"];
      return [`+CPIN: ${sim === "SIM PIN" && isPinGiven ? "READY" : sim}`, "OK"];
    }
    if (command === 'AT+QPINC="SC"') return [`+QPINC: SC,${3 - wrongPins},10`, "OK"];
    if (command.startsWith('AT+CPIN="')) {
      if (command.slice(9, -1) === nature.pin) {
        isPinGiven = true;
        wrongPins = 0;
        return ["OK", "+CPIN: READY"];
      }
      wrongPins += 1;
      return ["+CME ERROR: 16"];
    }
    if (command === "AT+CEREG?") {
      polls += 1;
      const isThere = polls > (nature.registersAfter ?? 1);
      return [`+CEREG: 0,${isThere ? 5 : (nature.statusBefore ?? 2)}`, "OK"];
    }
    if (command === "AT+CREG?") return ["+CREG: 0,0", "OK"];
    if (command === "AT+CSQ") return ["+CSQ: 17,99", "OK"];
    if (command.startsWith("AT+QICSGP=1,1,")) return ["OK"];
    if (command === "AT+QIACT=1") return nature.hasNoCredit === true ? ["+CME ERROR: 148"] : ["OK"];
    if (command.startsWith("AT+QIOPEN=1,0,")) {
      if (nature.opensEarly === true) {
        openHost();
        after(1000, () => say(["OK"]));
        return undefined;
      }
      after(100, openHost);
      return ["OK"];
    }
    if (command.startsWith("AT+QISEND=0,")) {
      if (!isSocketOpen) return ["ERROR"];
      dataLeft = Number(command.slice(12));
      data = [];
      emit(bytesOf("\r\n> "));
      return undefined;
    }
    if (command.startsWith("AT+QIRD=0,")) {
      const portion = received.slice(0, Number(command.slice(10)));
      received = received.slice(portion.length);
      emit(
        concatBytes([bytesOf(`\r\n+QIRD: ${portion.length}\r\n`), portion, bytesOf("\r\nOK\r\n")]),
      );
      return undefined;
    }
    if (command === "AT+QICLOSE=0") {
      closeSocket();
      return ["OK"];
    }
    if (command === "AT+QPOWD=1") {
      const bornIn = life;
      after(1000, () => {
        if (bornIn !== life) return;
        say(["POWERED DOWN"], 0);
        after(1, () => {
          if (bornIn === life) turnOff();
        });
      });
      return ["OK"];
    }
    return ["ERROR"];
  }

  function turnOff(): void {
    life += 1;
    on = false;
    closeSocket();
  }

  function onCommand(command: string): void {
    commands.push(command);
    const isAtSim = nature.hangsAtSim === true && command === "AT+CPIN?";
    const fault = isAtSim ? "hang" : planned.get(commands.length - 1);
    planned.delete(commands.length - 1);
    isStorming = fault === "storm";
    gapMs = fault === "slow" ? 30 : 0;
    switch (fault) {
      case "hang":
        isHung = true;
        return;
      case "half-hang": {
        emit(bytesOf("\r\n+QI"), 0);
        const bornIn = life;
        after(1, () => {
          if (bornIn === life) isHung = true;
        });
        return;
      }
      case "ignore":
        return;
      case "late":
        say(["OK", "+QIRD: 12", "SEND OK"], 90_000);
        return;
      case "garbage":
        emit(Uint8Array.from({ length: 300 }, (_, index) => (index * 151 + 7) & 255));
        break;
      case "error":
        say(["ERROR"]);
        return;
      case "bare-ok":
        say(["OK"]);
        return;
      case "reboot":
        boot();
        return;
      case "drop":
        after(ANSWER_MS * 2, () => {
          if (isSocketOpen) {
            closeSocket();
            say(['+QIURC: "closed",0', '+QIURC: "pdpdeact",1']);
          }
        });
        break;
      default:
    }
    const lines = answerOf(command);
    if (lines !== undefined) say(lines);
  }

  function takeData(bytes: Uint8Array): void {
    const portion = bytes.slice(0, dataLeft);
    dataLeft -= portion.length;
    data.push(portion);
    if (echoes || nature.alwaysEchoes === true) emit(portion, 1);
    if (dataLeft > 0) return;
    sends += 1;
    if (nature.sendFailsAfter !== undefined && sends > nature.sendFailsAfter) {
      say(["SEND FAIL"]);
      return;
    }
    if (isSocketOpen) host.send(concatBytes(data));
    say(["SEND OK"]);
  }

  function hear(bytes: Uint8Array): void {
    if (!on || isHung || portBaud !== baud) return;
    if (dataLeft > 0) {
      takeData(bytes);
      return;
    }
    for (const octet of bytes) {
      if (octet !== 13) {
        line += String.fromCharCode(octet);
      } else {
        const command = line;
        line = "";
        if (echoes || nature.alwaysEchoes === true) emit(bytesOf(`${command}\r`), 1);
        onCommand(command);
      }
    }
  }

  return {
    port: {
      send: (bytes) => {
        const copy = bytes.slice();
        after(1, () => hear(copy));
      },
      setBaud(next) {
        portBaud = next;
      },
      pressPower(isPressed) {
        if (!isPressed) return;
        presses += 1;
        const bornIn = life;
        after(700, () => {
          if (bornIn !== life) return;
          if (on) turnOff();
          else boot();
        });
      },
      holdReset(isHeld) {
        if (isHeld) {
          resets += 1;
          life += 1;
          closeSocket();
        } else if (on) {
          boot();
        }
      },
    },
    commands,
    failAt(command, fault) {
      planned.set(commands.length + command, fault);
    },
    become(next) {
      nature = next;
      polls = 0;
    },
    resets: () => resets,
    powerPresses: () => presses,
    isOn: () => on,
    wrongPins: () => wrongPins,
  };
}
