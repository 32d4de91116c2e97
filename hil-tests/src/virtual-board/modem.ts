// SPDX-License-Identifier: EUPL-1.2
import { connect, type Socket } from "node:net";
import type { BoardTime } from "./board-time.ts";
import type { OctetCounts } from "./interpreter.ts";
import type { Networks } from "./networks.ts";

/** What a modem is joined to. */
export interface ModemWorld {
  readonly time: BoardTime;
  readonly networks: Networks;
  /** Octets for the board. */
  readonly send: (octets: Uint8Array) => void;
}

/** A modem on the second serial line of a station. */
export interface VirtualModem {
  receive(octets: Uint8Array): void;
  /** The power key and the reset line, which a transistor pulls to ground. */
  pressPower(isPressed: boolean): void;
  holdReset(isHeld: boolean): void;
  /** Its power is gone. */
  stop(): void;
  isBusy(): boolean;
  network(): OctetCounts | undefined;
}

const BOOT_MS = 3000;
const POWER_KEY_MS = 700;
const POWER_DOWN_MS = 1000;
const ANSWER_MS = 15;
const CARRIAGE_RETURN = 13;

/**
 * A modem of the BG95 family as far as a station asks for it: a SIM card without a PIN, one data
 * connection, one TCP connection over the network of this computer. It is always willing; one that
 * fails in every way is what the tests of the firmware's driver have.
 */
export function createModem({ time, networks, send }: ModemWorld): VirtualModem {
  let isOn = false;
  /** Before its reset line was held. */
  let wasOn = false;
  /** What is planned belongs to one life. */
  let life = 0;
  let echoes = true;
  let line = "";
  let dataLeft = 0;
  let socket: Socket | undefined;
  let isConnecting = false;
  let arrived: Buffer = Buffer.alloc(0);
  let counts = { received: 0, sent: 0 };

  function after(delayMs: number, call: () => void): void {
    const bornIn = life;
    time.after(delayMs, () => {
      if (bornIn === life) call();
    });
  }

  function say(...lines: readonly string[]): void {
    const text = lines.map((one) => `\r\n${one}\r\n`).join("");
    after(ANSWER_MS, () => send(Buffer.from(text, "latin1")));
  }

  function closeSocket(): void {
    const open = socket;
    socket = undefined;
    isConnecting = false;
    arrived = Buffer.alloc(0);
    open?.destroy();
  }

  function turn(on: boolean): void {
    life += 1;
    isOn = on;
    echoes = true;
    line = "";
    dataLeft = 0;
    closeSocket();
    if (on) after(BOOT_MS, () => say("RDY", "APP RDY"));
  }

  function open(host: string, port: number): void {
    const mine = connect({ host, port, noDelay: true });
    socket = mine;
    isConnecting = true;
    counts = { received: 0, sent: 0 };
    mine.on("connect", () => {
      if (socket !== mine) return;
      isConnecting = false;
      say("+QIOPEN: 0,0");
    });
    mine.on("data", (part: Buffer) => {
      if (socket !== mine) return;
      counts.received += part.length;
      arrived = Buffer.concat([arrived, part]);
      say('+QIURC: "recv",0');
    });
    mine.on("error", () => undefined);
    mine.on("close", () => {
      if (socket !== mine) return;
      const wasOpen = !isConnecting;
      closeSocket();
      say(wasOpen ? '+QIURC: "closed",0' : "+QIOPEN: 0,566");
    });
  }

  /** What follows a command; undefined where the answer is said elsewhere. */
  function answerOf(command: string): readonly string[] | undefined {
    if (command === "ATE0") echoes = false;
    if (["AT", "ATE0", "AT+CMEE=1"].includes(command)) return ["OK"];
    if (command.startsWith("AT+IPR=") || command.startsWith("AT+QICSGP=")) return ["OK"];
    if (command === "AT+CPIN?") return ["+CPIN: READY", "OK"];
    if (command === "AT+CEREG?") return [`+CEREG: 0,${networks.has("gsm") ? 1 : 2}`, "OK"];
    if (command === "AT+CREG?") return ["+CREG: 0,0", "OK"];
    if (command === "AT+CSQ") return ["+CSQ: 17,99", "OK"];
    if (command === "AT+QIACT=1") return networks.has("gsm") ? ["OK"] : ["ERROR"];
    const opening = /^AT\+QIOPEN=1,0,"TCP","([^"]+)",(\d+)/.exec(command);
    if (opening !== null) {
      after(2 * ANSWER_MS, () => open(opening[1] ?? "", Number(opening[2])));
      return ["OK"];
    }
    const bytes = Number(/^AT\+QI(?:SEND|RD)=0,(\d+)$/.exec(command)?.[1] ?? 0);
    if (command.startsWith("AT+QISEND=0,")) {
      if (socket === undefined) return ["ERROR"];
      dataLeft = bytes;
      after(ANSWER_MS, () => send(Buffer.from("\r\n> ", "latin1")));
      return undefined;
    }
    if (command.startsWith("AT+QIRD=0,")) {
      const portion = arrived.subarray(0, bytes);
      arrived = arrived.subarray(portion.length);
      const head = Buffer.from(`\r\n+QIRD: ${portion.length}\r\n`, "latin1");
      const answer = Buffer.concat([head, portion, Buffer.from("\r\nOK\r\n", "latin1")]);
      after(ANSWER_MS, () => send(answer));
      return undefined;
    }
    if (command === "AT+QICLOSE=0") {
      closeSocket();
      return ["OK"];
    }
    if (command === "AT+QPOWD=1") {
      after(POWER_DOWN_MS, () => {
        send(Buffer.from("\r\nPOWERED DOWN\r\n", "latin1"));
        turn(false);
      });
      return ["OK"];
    }
    return ["ERROR"];
  }

  networks.listen(() => {
    if (!networks.has("gsm")) socket?.destroy();
  });

  return {
    receive(octets) {
      if (!isOn) return;
      for (const octet of octets) {
        if (dataLeft > 0) {
          dataLeft -= 1;
          counts.sent += 1;
          socket?.write(Uint8Array.of(octet));
          if (dataLeft === 0) say("SEND OK");
        } else if (octet !== CARRIAGE_RETURN) {
          line += String.fromCharCode(octet);
        } else {
          const command = line;
          line = "";
          if (echoes) after(1, () => send(Buffer.from(`${command}\r`, "latin1")));
          const answer = answerOf(command);
          if (answer !== undefined) say(...answer);
        }
      }
    },
    pressPower(isPressed) {
      if (isPressed) after(POWER_KEY_MS, () => turn(!isOn));
    },
    holdReset(isHeld) {
      if (isHeld) {
        wasOn = isOn;
        turn(false);
      } else if (wasOn) {
        turn(true);
      }
    },
    stop: () => turn(false),
    isBusy: () => isConnecting,
    network: () => (socket === undefined ? undefined : { ...counts }),
  };
}
