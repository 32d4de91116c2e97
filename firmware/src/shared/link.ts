// SPDX-License-Identifier: EUPL-1.2
import {
  createFrameReader,
  createFrameStep,
  type ErrorCode,
  encodeFrames,
} from "@nyckelring/protocol";
import type { ContactPort, TimerPort } from "../ports.ts";

/** Whole messages over the contact, with a limit on every wait. */
export interface MessageLink {
  /** Sends one message of at most 4096 bytes in as many frames as it takes. */
  send(kind: number, message: Uint8Array): void;
  /** Feeds bytes of the other side; complete messages come out through `onMessage`. */
  readonly push: (bytes: Uint8Array) => void;
  /**
   * Starts waiting for the other side. Sending, a new wait or `relax` ends the wait before.
   *
   * @param limitMs - After so many milliseconds without `relax` the callback runs, once.
   */
  expect(limitMs: number, onTimeout: () => void): void;
  /** Ends the wait. */
  relax(): void;
  /** Forgets half a message and any wait: the contact was opened or closed. */
  reset(): void;
}

/**
 * Creates the message transport of one contact.
 *
 * @param onMessage - Runs with each complete message whose frames were right; `kind` is one of the
 *   link kinds, or a number that nobody knows.
 * @param onFault - Runs with `FRAME_GARBLED` or `FRAME_TOO_LONG` for what was dropped.
 */
export function createMessageLink(
  contact: ContactPort,
  timer: TimerPort,
  onMessage: (kind: number, message: Uint8Array) => void,
  onFault: (code: ErrorCode) => void,
): MessageLink {
  let waitId = 0;
  const { encode, createStep } =
    contact.frames === undefined
      ? { encode: encodeFrames, createStep: createFrameStep }
      : contact.frames;
  const reader = createFrameReader(onMessage, (fault) => onFault(fault.code), createStep);

  function relax(): void {
    if (waitId !== 0) timer.cancel(waitId);
    waitId = 0;
  }

  return {
    send(kind, message) {
      relax();
      contact.send(encode(kind, message));
    },
    push: reader.push,
    expect(limitMs, onTimeout) {
      relax();
      waitId = timer.after(limitMs, () => {
        waitId = 0;
        onTimeout();
      });
    },
    relax,
    reset() {
      relax();
      reader.reset();
    },
  };
}
