// SPDX-License-Identifier: EUPL-1.2
import { randomBytes } from "node:crypto";
import {
  CONSOLE_LOCKED,
  DEVICE_GARBLED,
  DEVICE_HUNG,
  DEVICE_SILENT,
  PACKET_REFUSED,
} from "@nyckelring/protocol";

import { BoardFault } from "./board-fault.ts";
import { type BoardLine, unplugged } from "./board-line.ts";
import { type ConsoleToken, createPacketReader } from "./packet-reader.ts";
import { readStringLiteral } from "./value-text.ts";

const EVAL = 0x2000;
const FILE_SEND = 0x6000;
const DATA = 0x8000;
const CONTENT_BYTES_MAX = 0x1fff;
/** A block of a file; the interpreter writes it to flash before it acknowledges. */
const BLOCK_BYTES = 1024;
/** Base64 of a block goes into an expression where the console is not 8-bit clean. */
const TEXT_BLOCK_BYTES = 1536;
const SENDS_MAX = 3;

/** How patient the computer is with a board, in milliseconds. */
export interface ConsoleTiming {
  /** For the first sign of life. */
  readonly greetMs: number;
  /** For the answer to one packet. The interpreter itself gives a packet five seconds. */
  readonly answerMs: number;
}

/** The patience that fits a board on a cable. */
export const BOARD_TIMING: ConsoleTiming = { greetMs: 1_500, answerMs: 7_000 };

/** What an interpreter says of itself. */
export interface InterpreterIdentity {
  /** For example `XIAOBLE` or `LINUX`. */
  readonly boardName: string;
  readonly version: string;
  readonly serialNumber: string;
}

/** The console of a board as a computer uses it. */
export interface BoardConsoleClient {
  readonly name: string;
  readonly identity: InterpreterIdentity;
  /**
   * Evaluates an expression on the board whose value is a text.
   *
   * @param expression - ASCII, at most 8191 octets.
   * @param answerMs - Patience for what takes long, in milliseconds.
   * @throws BoardFault `PACKET_REFUSED` with what the console said, `DEVICE_SILENT`,
   *   `DEVICE_HUNG`, `DEVICE_GARBLED`, `DEVICE_UNPLUGGED`.
   */
  evaluate(expression: string, answerMs?: number): Promise<string>;
  /**
   * Writes a file into Storage in acknowledged blocks. The acknowledgement proves nothing about the
   * flash: whoever calls this reads a digest back.
   */
  sendFile(name: string, content: Uint8Array, onSent: (bytes: number) => void): Promise<void>;
  /** Types a line without waiting for anything. */
  typeLine(line: string): Promise<void>;
  /** Finds the prompt again after the board has restarted. */
  greet(): Promise<void>;
  /** Text that the program printed since the last call. */
  takeText(): string;
}

/**
 * Puts an end to an answer, so that its length is neither XON nor XOFF: a terminal with flow control
 * keeps these for itself, also where they are the length of a packet, and after XOFF it sends nothing.
 */
const MARK = '(function(r){var l=JSON.stringify(r).length+1&255;return r+(l==17||l==19?"!!":".")})';

/**
 * Meets the interpreter at the other end of a line.
 *
 * Octets of an earlier program may still be on their way, and a packet may be half sent: the console
 * is in order when it prints a word that was made a moment ago.
 *
 * @throws BoardFault `DEVICE_SILENT`, `DEVICE_GARBLED`, `CONSOLE_LOCKED`, `DEVICE_UNPLUGGED`.
 */
export async function openBoardConsole(
  line: BoardLine,
  timing: ConsoleTiming = BOARD_TIMING,
): Promise<BoardConsoleClient> {
  let heard = 0;
  let text = "";
  let printed = "";
  let isGone = false;
  let tokens: ConsoleToken[] = [];
  let wake: (() => void) | undefined;
  const reader = createPacketReader((token) => {
    if (token.kind === "text") {
      text += token.text;
      printed += token.text;
    } else {
      tokens.push(token);
    }
  });
  line.onOctets((octets) => {
    heard += octets.length;
    reader.push(octets);
    wake?.();
  });
  line.onGone(() => {
    isGone = true;
    wake?.();
  });

  /** Waits until something is true of what was heard. @returns false when the time is over. */
  async function until(isDone: () => boolean, timeoutMs: number): Promise<boolean> {
    const endMs = performance.now() + timeoutMs;
    while (!isDone()) {
      if (isGone) {
        throw unplugged(line.name);
      }
      const leftMs = endMs - performance.now();
      if (leftMs <= 0) {
        return false;
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      wake = undefined;
    }
    return true;
  }

  function fault(code: number, message: string): BoardFault {
    return new BoardFault({
      code,
      message: `${line.name}: ${message}`,
      details: { port: line.name },
    });
  }

  /**
   * Finds the prompt. The tries outlast the five seconds in which the interpreter waits for the rest of
   * a packet, and only one of them, after that, interrupts a program that never ends: before, a board
   * that has just got its power may still be starting, and two of them end the Linux build.
   */
  async function greet(mayInterrupt: boolean): Promise<void> {
    heard = 0;
    for (const prefix of ["\n", "\n", "\n", "\n", mayInterrupt ? "\u0003\n" : "\n", "\n"]) {
      const word = randomBytes(6).toString("hex");
      text = "";
      tokens = [];
      reader.reset();
      await line.write(
        Buffer.from(`${prefix}\u0010print("NK-"+${JSON.stringify(word)})\n`, "latin1"),
      );
      if (await until(() => text.includes(`NK-${word}`), timing.greetMs)) {
        tokens = [];
        reader.reset();
        return;
      }
      if (/password>|Invalid password/.test(text)) {
        throw fault(CONSOLE_LOCKED, "the console asks for a password");
      }
    }
    throw heard === 0
      ? fault(DEVICE_SILENT, "the board does not answer")
      : fault(DEVICE_GARBLED, `${heard} octets came, and none of them is an answer`);
  }

  /** Sends one packet and waits for ACK or NAK. */
  async function exchange(
    type: number,
    content: Buffer,
    answerMs = timing.answerMs,
  ): Promise<boolean> {
    tokens = [];
    text = "";
    heard = 0;
    const head = type | content.length;
    await line.write(Buffer.concat([Buffer.from([16, 1, head >> 8, head & 0xff]), content]));
    const isAnswered = await until(
      () => tokens.some(({ kind }) => kind === "ack" || kind === "nak"),
      answerMs,
    );
    if (!isAnswered) {
      throw noAnswer(content.length);
    }
    const index = tokens.findIndex(({ kind }) => kind === "ack" || kind === "nak");
    const [answer] = tokens.splice(index, 1);
    return answer?.kind === "ack";
  }

  function noAnswer(bytes: number): BoardFault {
    // Text of a program is no answer and no garbage; anything else is.
    const isGarbage = heard > 0 && /[\x7f-\xff]/.test(text);
    return isGarbage
      ? fault(DEVICE_GARBLED, `no answer to a packet of ${bytes} octets, and ${heard} others`)
      : fault(DEVICE_HUNG, `no answer to a packet of ${bytes} octets`);
  }

  /** A packet whose octets the console of the Linux build survives: 3 and 4 would end it. */
  function pad(content: string): Buffer {
    const padded = [3, 4].includes(content.length & 0xff)
      ? content.padEnd(content.length + 2)
      : content;
    return Buffer.from(padded, "latin1");
  }

  async function evaluate(expression: string, answerMs?: number): Promise<string> {
    const content = pad(`${MARK}(${expression})`);
    if (content.length > CONTENT_BYTES_MAX) {
      throw new Error(`an expression of ${content.length} octets does not fit a packet`);
    }
    if (!(await exchange(EVAL, content, answerMs))) {
      await until(() => text.includes("Uncaught"), 200);
      const said = /Uncaught [^\r\n]*/.exec(text)?.[0];
      throw fault(PACKET_REFUSED, said ?? "the board refused an expression");
    }
    const isResponse = (token: ConsoleToken): boolean =>
      token.kind === "packet" && token.type === 0;
    if (!(await until(() => tokens.some(isResponse), timing.answerMs))) {
      throw fault(DEVICE_HUNG, `an answer stopped after ${reader.pendingBytes()} octets`);
    }
    const response = tokens.find(isResponse);
    const literal = response?.kind === "packet" ? readStringLiteral(response.content) : undefined;
    const end = literal?.endsWith("!!") === true ? -2 : literal?.endsWith(".") === true ? -1 : 0;
    if (literal === undefined || end === 0) {
      throw fault(DEVICE_GARBLED, "the answer to an expression is no text");
    }
    return literal.slice(0, end);
  }

  async function sendBlocks(
    name: string,
    content: Buffer,
    onSent: (bytes: number) => void,
  ): Promise<boolean> {
    if (!(await exchange(FILE_SEND, pad(JSON.stringify({ fn: name, s: content.length }))))) {
      return false;
    }
    for (let offset = 0; offset < content.length; offset += BLOCK_BYTES) {
      const block = content.subarray(offset, offset + BLOCK_BYTES);
      if (!(await exchange(DATA, block))) {
        return false;
      }
      onSent(offset + block.length);
    }
    return true;
  }

  async function sendText(
    name: string,
    content: Buffer,
    onSent: (bytes: number) => void,
  ): Promise<boolean> {
    for (let offset = 0; offset < content.length; offset += TEXT_BLOCK_BYTES) {
      const block = content.subarray(offset, offset + TEXT_BLOCK_BYTES);
      const call = `require("Storage").write(${JSON.stringify(name)},atob("${block.toString("base64")}"),${offset},${content.length})`;
      if ((await evaluate(`""+${call}`)) !== "true") {
        return false;
      }
      onSent(offset + block.length);
    }
    return true;
  }

  await greet(true);
  const [boardName = "", version = "", serialNumber = ""] = (
    await evaluate('[process.env.BOARD,process.env.VERSION,getSerial()].join(" ")')
  ).split(" ");
  const identity = { boardName, version, serialNumber };
  const isEightBitClean = boardName !== "LINUX";

  return {
    name: line.name,
    identity,
    evaluate,
    async sendFile(name, content, onSent) {
      const octets = Buffer.from(content);
      const send = isEightBitClean ? sendBlocks : sendText;
      for (let attempt = 0; attempt < SENDS_MAX; attempt += 1) {
        if (await send(name, octets, onSent)) {
          return;
        }
      }
      throw fault(PACKET_REFUSED, `the board refused ${name}, ${SENDS_MAX} times`);
    },
    typeLine: (typed) => line.write(Buffer.from(`\u0010${typed}\n`, "latin1")),
    // An application that starts slowly must not be interrupted in it.
    greet: () => greet(false),
    takeText() {
      const taken = printed;
      printed = "";
      return taken;
    },
  };
}
