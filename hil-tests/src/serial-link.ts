// SPDX-License-Identifier: EUPL-1.2
import { once } from "node:events";
import { createFrameReader, encodeFrames, type Fault } from "@nyckelring/protocol";
import { SerialPort } from "serialport";

const BAUD = 115200;

/** A message that a board sent over its contact. */
export interface BoardMessage {
  /** Kind of the link message, as in the link's table. */
  readonly kind: number;
  readonly message: Uint8Array;
}

/** The contact of a board, as the far end of a real serial line. */
export interface SerialLink {
  /** Sends one message in as many frames as it needs. Resolves when the octets have left. */
  send(kind: number, message: Uint8Array): Promise<void>;
  /**
   * Waits for the next message, in the order of arrival.
   *
   * @param timeoutMs - How long, in milliseconds.
   * @throws when nothing came in time or the line was closed; the text says which.
   */
  next(timeoutMs: number): Promise<BoardMessage>;
  /** Faults of frames that arrived damaged, in order. */
  faults(): readonly Fault[];
  close(): Promise<void>;
}

interface Waiter {
  readonly resolve: (message: BoardMessage) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Opens the contact of a board by the path of its device file.
 *
 * The path is never guessed: a bench has several boards on one computer, and a pseudo terminal does
 * not appear in any list of ports.
 *
 * @param path - Device file of a serial adapter, or a pseudo terminal.
 * @throws when the port does not exist or somebody else has it open.
 */
export async function openSerialLink(path: string): Promise<SerialLink> {
  const port = new SerialPort({ path, baudRate: BAUD, autoOpen: false, hupcl: false });
  await new Promise<void>((resolve, reject) => {
    port.open((error) => (error === null || error === undefined ? resolve() : reject(error)));
  });
  const arrived: BoardMessage[] = [];
  const waiting: Waiter[] = [];
  const faults: Fault[] = [];
  const reader = createFrameReader(
    (kind, message) => {
      const copy = { kind, message: Uint8Array.from(message) };
      const waiter = waiting.shift();
      if (waiter === undefined) {
        arrived.push(copy);
      } else {
        waiter.resolve(copy);
      }
    },
    (fault) => faults.push(fault),
  );
  port.on("data", (octets: Buffer) => reader.push(Uint8Array.from(octets)));
  // A far end that dies closes the port; whoever waits must hear of it now and not at the timeout.
  port.on("close", () => {
    for (const waiter of waiting.splice(0)) {
      waiter.reject(new Error(`${path}: the line was closed while waiting for a message`));
    }
  });
  return {
    send: (kind, message) =>
      new Promise<void>((resolve, reject) => {
        port.write(Buffer.from(encodeFrames(kind, message)));
        port.drain((error) => (error === null || error === undefined ? resolve() : reject(error)));
      }),
    next(timeoutMs) {
      const first = arrived.shift();
      return first === undefined ? nextOf(waiting, path, timeoutMs) : Promise.resolve(first);
    },
    faults: () => faults,
    async close() {
      if (port.isOpen) {
        const closed = once(port, "close");
        port.close();
        await closed;
      }
    },
  };
}

function nextOf(waiting: Waiter[], path: string, timeoutMs: number): Promise<BoardMessage> {
  return new Promise<BoardMessage>((resolve, reject) => {
    const timer = setTimeout(() => {
      const index = waiting.indexOf(waiter);
      if (index >= 0) {
        waiting.splice(index, 1);
      }
      reject(new Error(`${path}: no message within ${timeoutMs} ms`));
    }, timeoutMs);
    const waiter: Waiter = {
      resolve(message) {
        clearTimeout(timer);
        resolve(message);
      },
      reject(error) {
        clearTimeout(timer);
        reject(error);
      },
    };
    waiting.push(waiter);
  });
}
