// SPDX-License-Identifier: EUPL-1.2
import { octetAt, sliceBytes } from "@nyckelring/protocol";

/** Longest line that is read; what is longer is noise and is dropped up to its end. */
const LINE_CHARS_MAX = 160;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const TILDE = 0x7e;
const PROMPT = 0x3e;

/** Who is told what a modem says. */
export interface AtListener {
  /** One line without its end, not empty; octets that are no ASCII text are left out. */
  onLine(line: string): void;
  /** The prompt for data, a `>` at the start of a line while {@link AtLines.expectPrompt} holds. */
  onPrompt(): void;
  /** Data of the length that {@link AtLines.takeData} named, whole. */
  onData(bytes: Uint8Array): void;
}

/** Cuts what a modem sends into lines, prompts and counted data. */
export interface AtLines {
  push(bytes: Uint8Array): void;
  /** What follows the line that is being told is data, so many octets. */
  takeData(count: number): void;
  /** Whether a `>` at the start of a line is a prompt. */
  expectPrompt(isExpected: boolean): void;
  /** Octets that may come back as an echo of what was sent; they are swallowed if they do. */
  expectEcho(bytes: Uint8Array): void;
  /** Forgets everything that is half received. */
  reset(): void;
}

/** Creates the reader. It holds one line or one portion of data, and nothing by a modem's word. */
export function createAtLines(dataBytesMax: number, listener: AtListener): AtLines {
  const data = new Uint8Array(dataBytesMax);
  let line = "";
  let isTooLong = false;
  let isPromptDue = false;
  /** The prompt is a `>` and a space. */
  let isAfterPrompt = false;
  let dataLeft = 0;
  let dataFilled = 0;
  let echo: Uint8Array | undefined;
  let echoed = 0;

  function reset(): void {
    line = "";
    isTooLong = false;
    isPromptDue = false;
    isAfterPrompt = false;
    dataLeft = 0;
    dataFilled = 0;
    echo = undefined;
  }

  function endLine(): void {
    const told = line;
    const isNoise = isTooLong;
    line = "";
    isTooLong = false;
    if (told !== "" && !isNoise) listener.onLine(told);
  }

  function takeOctet(octet: number): void {
    const isPromptSpace = isAfterPrompt && octet === SPACE;
    isAfterPrompt = false;
    if (isPromptSpace) return;
    if (echo !== undefined) {
      if (octet === octetAt(echo, echoed)) {
        echoed += 1;
        if (echoed === echo.length) echo = undefined;
        return;
      }
      // No echo after all, or one that broke off: from here on it is what the modem says.
      echo = undefined;
    }
    if (octet === LINE_FEED) {
      endLine();
    } else if (octet === PROMPT && isPromptDue && line === "") {
      isPromptDue = false;
      isAfterPrompt = true;
      listener.onPrompt();
    } else if (octet > TILDE || (octet < SPACE && octet !== CARRIAGE_RETURN)) {
      // Noise.
    } else if (octet !== CARRIAGE_RETURN && !(octet === SPACE && line === "")) {
      if (line.length === LINE_CHARS_MAX) isTooLong = true;
      else line += String.fromCharCode(octet);
    }
  }

  return {
    push(bytes) {
      let at = 0;
      while (at < bytes.length) {
        if (dataLeft > 0) {
          const portion = Math.min(bytes.length - at, dataLeft);
          data.set(bytes.subarray(at, at + portion), dataFilled);
          dataFilled += portion;
          dataLeft -= portion;
          at += portion;
          if (dataLeft === 0) listener.onData(sliceBytes(data, 0, dataFilled));
        } else {
          takeOctet(octetAt(bytes, at));
          at += 1;
        }
      }
    },
    takeData(count) {
      dataLeft = Math.min(count, dataBytesMax);
      dataFilled = 0;
    },
    expectPrompt(isExpected) {
      isPromptDue = isExpected;
    },
    expectEcho(bytes) {
      echo = bytes.length > 0 ? bytes : undefined;
      echoed = 0;
    },
    reset,
  };
}
