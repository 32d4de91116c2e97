// SPDX-License-Identifier: EUPL-1.2

import { toSource, toUncaught } from "../value-text.ts";
import type { Evaluation } from "./interpreter.ts";
import type { Storage } from "./storage.ts";

const SOH = 1;
const ETX = 3;
const ENQ = 5;
const ACK = 6;
const DLE = 16;
const NAK = 21;
const ESC = 27;
const PACKET_MS_MAX = 5_000;
const FILE_MS_MAX = 10_000;
const TYPE_MASK = 0xe000;
const EVAL = 0x2000;
const EVENT = 0x4000;
const FILE_SEND = 0x6000;
const DATA = 0x8000;
const FILE_RECV = 0xa000;
const PART_BYTES = 1024;
const PASSWORD_LENGTH_MAX = 20;

/** What the console needs from the board behind it. */
export interface ConsoleWorld {
  /** What the board answers to ENQ. */
  readonly identity: string;
  readonly send: (octets: Uint8Array) => void;
  readonly run: (code: string) => Evaluation;
  readonly event: (name: string, value: unknown) => void;
  readonly storage: Storage;
}

/** Espruino's console: a line editor with echo, and packets with an acknowledgement. */
export interface BoardConsole {
  /** One octet from the line. */
  receive(octet: number): void;
  /** Text of the program, lines ended by a newline. */
  print(text: string): void;
  /** Refuses every line until the password comes. */
  lock(password: string): void;
  /** Prints the prompt; at the end of a boot. */
  showPrompt(): void;
  stop(): void;
}

interface Transfer {
  readonly name: string;
  readonly size: number;
  offset: number;
}

/**
 * The console as Espruino 2v29 speaks it: echo and prompt, DLE at the start of a line for silence,
 * Ctrl-C, ENQ, and packets `DLE SOH type+length content` that are answered with ACK or NAK.
 *
 * As there, a block that Storage refuses is acknowledged all the same and only the console tells:
 * an uploader that trusts the acknowledgement is wrong.
 */
export function openConsole(world: ConsoleWorld): BoardConsole {
  let line = "";
  let isSilent = false;
  let isPromptShown = false;
  let hadDle = false;
  let escapeSequence = "";
  let password: string | undefined;
  let packet: number[] | undefined;
  let packetTimer: NodeJS.Timeout | undefined;
  let transfer: Transfer | undefined;
  let transferTimer: NodeJS.Timeout | undefined;

  const send = (text: string): void => world.send(Buffer.from(text, "latin1"));

  function print(text: string): void {
    if (isPromptShown) {
      // A silent line leaves the prompt where it is.
      send(isSilent ? "" : "\r\u001b[J");
      isPromptShown = false;
    }
    send(text.replace(/\n/g, "\r\n"));
  }

  function showPrompt(): void {
    if (!isPromptShown && !isSilent) {
      isPromptShown = true;
      send(`${password === undefined ? "" : "password"}>${line.replace(/\n/g, "\r\n:")}`);
    }
  }

  function endLine(): void {
    if (password !== undefined) {
      const isRight = line === password;
      password = isRight ? undefined : password;
      line = "";
      isPromptShown = false;
      print(isRight ? "\n  Logged in.\n" : "\n  Invalid password\n");
      showPrompt();
      return;
    }
    if (countOpenBrackets(line) > 0) {
      line += "\n";
      if (!isSilent) {
        send("\r\n:");
      }
      return;
    }
    const code = line.trimEnd();
    const wasSilent = isSilent;
    line = "";
    if (!wasSilent) {
      send("\r\n");
      isPromptShown = false;
    }
    if (code !== "") {
      const result = world.run(code);
      if (!result.ok) {
        print(`${result.text}\n`);
      } else if (!wasSilent) {
        print(`=${toSource(result.value)}\n`);
      }
    }
    isSilent = false;
    showPrompt();
  }

  function finishPacket(isGood: boolean): void {
    world.send(Uint8Array.of(isGood ? ACK : NAK));
  }

  function leavePacket(): void {
    clearTimeout(packetTimer);
    packet = undefined;
  }

  function endTransfer(): void {
    clearTimeout(transferTimer);
    transfer = undefined;
  }

  function awaitBlock(): void {
    clearTimeout(transferTimer);
    transferTimer = setTimeout(endTransfer, FILE_MS_MAX);
  }

  function reply(type: number, text: string): void {
    const head = type | text.length;
    send(String.fromCharCode(DLE, SOH, head >> 8, head & 0xff) + text);
  }

  function takePacket(type: number, content: string): void {
    switch (type) {
      case EVAL: {
        const result = world.run(`(${content}\n)`);
        finishPacket(result.ok);
        if (result.ok) {
          reply(0, toSource(result.value));
        } else {
          print(`${result.text}\n`);
          showPrompt();
        }
        break;
      }
      case EVENT: {
        const value = parseLiberal(content);
        if (value !== undefined) {
          world.event("packet", value);
        }
        finishPacket(value !== undefined);
        break;
      }
      case FILE_SEND:
        finishPacket(startTransfer(content));
        break;
      case DATA:
        finishPacket(storeBlock(content));
        break;
      case FILE_RECV:
        sendFile(content);
        break;
      default:
        finishPacket(false);
    }
  }

  function startTransfer(content: string): boolean {
    endTransfer();
    const wanted = parseLiberal(content);
    // Compressed blocks and files outside Storage are not emulated.
    if (
      typeof wanted?.["fn"] !== "string" ||
      typeof wanted["s"] !== "number" ||
      wanted["s"] <= 0 ||
      wanted["fs"] ||
      wanted["c"]
    ) {
      return false;
    }
    transfer = { name: wanted["fn"], size: wanted["s"], offset: 0 };
    awaitBlock();
    return true;
  }

  function storeBlock(content: string): boolean {
    if (transfer === undefined) {
      return false;
    }
    try {
      const octets = Buffer.from(content, "latin1");
      world.storage.write(transfer.name, octets, transfer.offset, transfer.size);
    } catch (error) {
      if (error instanceof Error && error.name === "PowerCut") {
        throw error;
      }
      print(`${toUncaught(error)}\n`);
    }
    transfer.offset += content.length;
    if (transfer.offset >= transfer.size) {
      endTransfer();
    } else {
      awaitBlock();
    }
    return true;
  }

  function sendFile(content: string): void {
    const name = parseLiberal(content)?.["fn"];
    const file = typeof name === "string" ? world.storage.read(name) : undefined;
    finishPacket(file !== undefined);
    if (file !== undefined) {
      for (let offset = 0; offset < file.length; offset += PART_BYTES) {
        reply(DATA, file.slice(offset, offset + PART_BYTES));
      }
      reply(DATA, "");
    }
  }

  function receivePacketOctet(octets: number[], octet: number): void {
    octets.push(octet);
    const head = ((octets[0] ?? 0) << 8) | (octets[1] ?? 0);
    if (octets.length >= 2 && octets.length === 2 + (head & ~TYPE_MASK)) {
      leavePacket();
      takePacket(head & TYPE_MASK, Buffer.from(octets.slice(2)).toString("latin1"));
    }
  }

  function startPacket(): void {
    packet = [];
    isSilent = line === "" ? false : isSilent;
    packetTimer = setTimeout(() => {
      leavePacket();
      finishPacket(false);
    }, PACKET_MS_MAX);
  }

  function receiveText(octet: number): void {
    if (octet === 8 || octet === 127) {
      if (line !== "") {
        line = line.slice(0, -1);
        send(isSilent ? "" : "\b \b");
      }
      return;
    }
    if (octet < 32 || (password !== undefined && line.length >= PASSWORD_LENGTH_MAX)) {
      return;
    }
    const text = String.fromCharCode(octet);
    line += text;
    if (!isSilent && password === undefined) {
      send(text);
    }
  }

  return {
    receive(octet) {
      if (packet !== undefined) {
        receivePacketOctet(packet, octet);
        return;
      }
      const afterDle = hadDle;
      hadDle = false;
      if (octet === ESC || escapeSequence !== "") {
        // Cursor keys and line numbers of other tools; the line is the same without them.
        escapeSequence += String.fromCharCode(octet);
        escapeSequence = /^($|[[O]\d*$)/.test(escapeSequence.slice(1)) ? escapeSequence : "";
      } else if (octet === 10 || octet === 13) {
        endLine();
      } else if (password !== undefined) {
        receiveText(octet);
      } else if (octet === SOH) {
        if (afterDle) {
          startPacket();
        }
      } else if (octet === ETX) {
        line = "";
        isSilent = false;
        isPromptShown = false;
        send("\r\n");
        showPrompt();
      } else if (octet === ENQ) {
        if (line === "") {
          print(`Espruino ${world.identity}\n`);
          showPrompt();
        }
      } else if (octet === DLE) {
        isSilent = line === "" ? true : isSilent;
        hadDle = true;
      } else {
        receiveText(octet);
      }
    },
    print(text) {
      print(text);
      if (line === "" && !isSilent) {
        setImmediate(showPrompt);
      }
    },
    lock(secret) {
      password = secret;
    },
    showPrompt,
    stop() {
      leavePacket();
      endTransfer();
    },
  };
}

/** Brackets that are still open, texts and comments apart. */
function countOpenBrackets(code: string): number {
  const bare = code.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\/\/.*|\/\*[\s\S]*?\*\//g, "");
  let open = 0;
  for (const sign of bare) {
    open += "([{".includes(sign) ? 1 : ")]}".includes(sign) ? -1 : 0;
  }
  return open;
}

/** JSON whose names need no quotes. */
function parseLiberal(text: string): Record<string, unknown> | undefined {
  const quoted = text.replace(/([{,]\s*)([A-Za-z_]\w*)\s*:/g, '$1"$2":').replace(/'/g, '"');
  try {
    const parsed: unknown = JSON.parse(quoted);
    return typeof parsed === "object" && parsed !== null
      ? (parsed as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
