// SPDX-License-Identifier: EUPL-1.2
import {
  decodeKeyStation,
  type ErrorCode,
  encodeKeyStation,
  equalBytes,
  type KeyStationMessage,
  LINK_KEY_STATION,
  type RingState,
  SYNC_ANSWER,
  SYNC_BUNDLE,
  SYNC_CARRIED_BATCH,
  SYNC_DONE,
  SYNC_NEXT,
  SYNC_NONE,
  SYNC_OBJECT,
  SYNC_OWN_BATCH,
  SYNC_REFUSAL,
  SYNC_RING_STATE,
  SYNC_STORED,
  SYNC_WAIT,
} from "@nyckelring/protocol";
import type { TimerPort } from "../ports.ts";
import type { MessageLink } from "../shared/link.ts";

/** The station says `wait` when it has had nothing to say for so long, in milliseconds. */
const PATIENCE_MS = 1500;
/** What may lie in memory for one key: a full ring in parts. */
const ITEM_BYTES_MAX = 98304;

/** One thing to hand over. */
export type SessionItem =
  | { readonly type: typeof SYNC_OBJECT; readonly bytes: Uint8Array }
  | {
      readonly type: typeof SYNC_BUNDLE;
      readonly part: number;
      readonly parts: number;
      readonly bytes: Uint8Array;
    };

/** What a session needs of its station. */
export interface SessionHost {
  /** A key said who it is: ask the issuer, or release what the shelf has. */
  onKey(state: RingState): void;
  /** Keeps a batch durably. Returns 0 or the fault that the key is told. */
  keepBatch(sealed: Uint8Array): ErrorCode;
  /** True while something that the key waits for may still come. */
  isPending(): boolean;
  /** The key refused what it was given. */
  onVerdict(code: ErrorCode): void;
  /** The key has finished by itself. */
  onDone(): void;
}

/** The conversation with the key that is plugged in. */
export interface KeySession {
  /** The key in contact; undefined before it has said who it is. */
  devid(): Uint8Array | undefined;
  /** True for the key in contact. */
  isWith(devid: Uint8Array): boolean;
  onMessage(kind: number, message: Uint8Array): void;
  /**
   * Queues something to hand over.
   *
   * @returns False beyond the bound of memory; what is queued stays.
   */
  offer(item: SessionItem): boolean;
  /** Queues why there is no ring; it is told once, after what was queued before. */
  refuse(code: ErrorCode): void;
  /** Something changed: answers the question that the key has open, if there is an answer now. */
  poke(): void;
  /** The plug was pulled. */
  close(): void;
}

/**
 * Creates the session of one contact.
 *
 * The key asks, the station owes exactly one answer, and gives it at once, when it has one, or after
 * a moment, as `wait`. Nothing is sent unasked.
 */
export function createKeySession(
  link: MessageLink,
  timer: TimerPort,
  host: SessionHost,
): KeySession {
  let devid: Uint8Array | undefined;
  let items: SessionItem[] = [];
  let itemBytes = 0;
  let refusal: ErrorCode = 0;
  let isOwed = false;
  let lastGiven = 0;
  let patienceId = 0;

  function stopPatience(): void {
    if (patienceId !== 0) timer.cancel(patienceId);
    patienceId = 0;
  }

  function say(message: KeyStationMessage): void {
    isOwed = false;
    stopPatience();
    link.send(LINK_KEY_STATION, encodeKeyStation(message));
  }

  /** Answers with the next thing, the refusal, `none`, or later. */
  function answerNext(): void {
    const item = items.shift();
    if (item !== undefined) {
      itemBytes -= item.bytes.length;
      lastGiven = item.type;
      say(item);
    } else if (refusal !== 0) {
      const code = refusal;
      refusal = 0;
      say({ type: SYNC_REFUSAL, code });
    } else if (!host.isPending()) {
      say({ type: SYNC_NONE });
    } else if (patienceId === 0) {
      patienceId = timer.after(PATIENCE_MS, () => {
        patienceId = 0;
        if (isOwed) say({ type: SYNC_WAIT });
      });
    }
  }

  /** A ring of which one part was refused is not continued. */
  function dropBundles(): void {
    const kept: SessionItem[] = [];
    itemBytes = 0;
    for (const item of items) {
      if (item.type === SYNC_OBJECT) {
        kept.push(item);
        itemBytes += item.bytes.length;
      }
    }
    items = kept;
  }

  function onRingState(state: RingState): void {
    devid = state.devid;
    items = [];
    itemBytes = 0;
    refusal = 0;
    isOwed = true;
    host.onKey(state);
    if (isOwed) answerNext();
  }

  function onVerdict(code: ErrorCode): void {
    isOwed = true;
    if (code !== 0) {
      host.onVerdict(code);
      if (lastGiven === SYNC_BUNDLE) dropBundles();
    }
    answerNext();
  }

  return {
    devid: () => devid,
    isWith: (other) => devid !== undefined && equalBytes(devid, other),
    onMessage(kind, bytes) {
      if (kind !== LINK_KEY_STATION) return;
      const decoded = decodeKeyStation(bytes);
      if (!decoded.ok) return;
      const message = decoded.value;
      if (message.type === SYNC_RING_STATE) {
        onRingState(message.state);
        return;
      }
      if (devid === undefined) return;
      switch (message.type) {
        case SYNC_NEXT:
          isOwed = true;
          answerNext();
          return;
        case SYNC_ANSWER:
          onVerdict(message.code);
          return;
        case SYNC_OWN_BATCH:
        case SYNC_CARRIED_BATCH:
          say({ type: SYNC_STORED, code: host.keepBatch(message.bytes) });
          return;
        case SYNC_DONE:
          host.onDone();
          return;
        default:
          return;
      }
    },
    offer(item) {
      if (itemBytes + item.bytes.length > ITEM_BYTES_MAX) return false;
      items.push(item);
      itemBytes += item.bytes.length;
      return true;
    },
    refuse(code) {
      refusal = code;
    },
    poke() {
      if (isOwed) answerNext();
    },
    close() {
      stopPatience();
      devid = undefined;
      items = [];
      itemBytes = 0;
      refusal = 0;
      isOwed = false;
    },
  };
}
