// SPDX-License-Identifier: EUPL-1.2
import {
  type Message,
  readMessages,
  type SignalName,
  type WorldEvent,
} from "@nyckelring/simulator";
import type { CaseRecord } from "../run/case-record.ts";
import { joinPieces } from "./join-pieces.ts";

/** One insertion in a case, as a report shows it. */
export type ShownContact = {
  readonly id: number;
  readonly startUs: number;
  readonly endUs: number;
  readonly key: string;
  readonly device: string;
  readonly messages: readonly Message[];
  readonly signals: readonly { readonly atUs: number; readonly signal: SignalName }[];
  readonly motor: readonly { readonly atUs: number; readonly command: string }[];
};

/** Words for the kinds of messages, as the wire format names them. */
export const MESSAGE_WORDS: { readonly [kind in Message["kind"]]: string } = {
  hello: "hello",
  helloAnswer: "hello answer",
  edhoc1: "message_1",
  edhoc2: "message_2",
  edhoc3: "message_3 (head, leaf, path)",
  edhoc4: "message_4 (decision)",
  record: "record (sealed)",
  ringState: "ring state",
  next: "next",
  answer: "answer",
  ownBatch: "own log batch",
  carriedBatch: "carried log batch",
  done: "done",
  bundle: "ring bundle",
  object: "signed object",
  stored: "stored",
  wait: "wait",
  none: "nothing more",
  refusal: "refusal",
  cut: "no whole message",
};

/** The insertions of a case, in order. */
export function readContacts(record: CaseRecord): ShownContact[] {
  const ids = new Set<number>();
  for (const frame of record.frames) ids.add(frame.contact);
  for (const event of record.events) if (event.kind === "plugged") ids.add(event.contact);
  return [...ids]
    .map((id) => readContact(record, id))
    .sort((left, right) => left.startUs - right.startUs);
}

function readContact(record: CaseRecord, id: number): ShownContact {
  const frames = joinPieces(
    record.frames.filter((frame) => frame.contact === id).sort((left, right) => left.t - right.t),
  );
  const events = record.events.filter((event) => "contact" in event && event.contact === id);
  const plugged = events.find((event) => event.kind === "plugged");
  const pulled = events.find((event) => event.kind === "pulled");
  const ends = [...new Set(frames.flatMap(({ from, to }) => [from, to]))].sort();
  const key = plugged?.kind === "plugged" ? plugged.key : (ends.find(isHolder) ?? "?");
  const device =
    plugged?.kind === "plugged" ? plugged.device : (ends.find((name) => name !== key) ?? "?");
  const messages = readMessages(frames, key);
  const first = messages[0]?.startUs ?? 0;
  const last = messages.reduce((end, message) => Math.max(end, message.endUs), first);
  return {
    id,
    key,
    device,
    messages,
    startUs: plugged?.atUs ?? first,
    endUs: pulled?.atUs ?? last,
    signals: events.flatMap((event) =>
      event.kind === "signal" ? [{ atUs: event.atUs, signal: event.signal }] : [],
    ),
    motor: events.flatMap(motorOf),
  };
}

function isHolder(name: string): boolean {
  return /(^|-)(key|copy|probe)(-|$)/.test(name);
}

function motorOf(event: WorldEvent): { atUs: number; command: string }[] {
  return event.kind === "motor" ? [{ atUs: event.atUs, command: event.command }] : [];
}
