// SPDX-License-Identifier: EUPL-1.2
import { createFrameReader, encodeFrames } from "@nyckelring/protocol";
import type { ContactFrame } from "@nyckelring/simulator";

/**
 * Joins what passed over a contact in pieces into whole messages.
 *
 * A simulated board hands a message to the wire at once; a serial port gives what it has, often a
 * part of a message or several. A piece that a withdrawal cut, and what is in no message, stay as
 * they are.
 *
 * @param pieces - Those of one contact, in the order of their time.
 */
export function joinPieces(pieces: readonly ContactFrame[]): ContactFrame[] {
  const joined: ContactFrame[] = [];
  const senders = new Map<string, ReturnType<typeof createSender>>();
  for (const piece of pieces) {
    const known = senders.get(piece.from);
    const sender = known ?? createSender((frame) => joined.push(frame));
    if (known === undefined) senders.set(piece.from, sender);
    sender.take(piece);
  }
  for (const sender of senders.values()) sender.flush();
  return joined.sort((left, right) => left.t - right.t);
}

/** One end of a contact, and what it has said that is no whole message yet. */
function createSender(emit: (frame: ContactFrame) => void): {
  take(piece: ContactFrame): void;
  flush(): void;
} {
  let waiting: ContactFrame[] = [];
  let whole: Uint8Array[] = [];
  const reader = createFrameReader(
    (kind, message) => whole.push(encodeFrames(kind, message)),
    () => undefined,
  );

  function flush(): void {
    for (const piece of waiting) emit(piece);
    waiting = [];
  }

  /** When the octet at an offset of what waits has passed. */
  function timeAt(offset: number): number {
    let end = 0;
    for (const { t, hex } of waiting) {
      end += hex.length / 2;
      if (offset < end) return t;
    }
    return waiting.at(-1)?.t ?? 0;
  }

  function take(piece: ContactFrame): void {
    const octets = Buffer.from(piece.hex, "hex");
    whole = [];
    reader.push(octets);
    waiting.push(piece);
    if (octets.length < piece.sent) flush();
    if (whole.length === 0 || waiting.length === 0) return;
    const said = Buffer.concat(waiting.map(({ hex }) => Buffer.from(hex, "hex")));
    let at = 0;
    const put = (end: number): void => {
      const hex = said.toString("hex", at, end);
      if (end > at) emit({ ...piece, t: timeAt(end - 1), sent: end - at, hex });
      at = end;
    };
    for (const message of whole) {
      const start = said.indexOf(message, at);
      if (start < 0) continue;
      put(start);
      put(start + message.length);
    }
    const rest = said.toString("hex", at);
    waiting = rest === "" ? [] : [{ ...piece, sent: rest.length / 2, hex: rest }];
  }

  return { take, flush };
}
