// SPDX-License-Identifier: EUPL-1.2
import {
  BATTERY_LOW,
  decodeKeyStation,
  ENTRY_SYNC,
  type ErrorCode,
  encodeKeyStation,
  FLOOR_STALE,
  type KeyStationMessage,
  LINK_KEY_STATION,
  LINK_TIMEOUT,
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
import { takeObject } from "./issuer-objects.ts";
import { type KeyContext, lacksFloors, type Visit } from "./key-context.ts";
import { RING_SHIFT } from "./key-layout.ts";
import { SIGNAL_WORKING } from "./signals.ts";

/** Longest wait for an answer, in milliseconds; a station that waits itself says so sooner. */
const ANSWER_WAIT_MS = 5000;
/** The key gives up after so many `wait` answers without anything else in between. */
const WAITS_MAX = 60;
/** Charge below which a key no longer feeds a station, in percent. */
export const FEED_PERCENT_MIN = 20;
const NONCE_BYTES = 8;
const NO_DEVID_BYTES = 8;

/** First the ring and the objects. */
const PHASE_RECEIVE = 1;
/** Then the key's own log. */
const PHASE_OWN_LOG = 2;
/** Then what it carries for locks. */
const PHASE_CARRIED = 3;
/** Then what the issuer answered to that. */
const PHASE_COLLECT = 4;
const PHASE_OVER = 5;

/**
 * One sync at a station: ring and objects in, logs out, acknowledgements in.
 *
 * The order is the carer's: the ring comes first, so that pulling the key too early costs logs their
 * trip and not the shift its start. Each thing is durable before the key asks for the next one.
 *
 * @param feeds - True where the key's battery feeds the station.
 * @param onEnd - Runs once when nothing is left to do, before the plug is pulled; 0 or why there is
 *   no new ring.
 */
export function createStationVisit(
  key: KeyContext,
  feeds: boolean,
  onEnd: (result: ErrorCode) => void,
): Visit {
  const nonce = new Uint8Array(NONCE_BYTES);
  let phase = PHASE_RECEIVE;
  let waits = 0;
  let result: ErrorCode = 0;
  let hasRing = false;
  /** Why the first ring that was refused was refused. */
  let ringFault: ErrorCode = 0;
  let hasUploaded = false;
  let nextN = 0;
  let sentTag = 0;

  function shiftRingseq(): number {
    const ring = key.rings.ringAt(RING_SHIFT);
    return ring === undefined ? 0 : ring.claims.ringseq;
  }

  function say(message: KeyStationMessage): void {
    if (feeds && key.ports.supply.percent() <= FEED_PERCENT_MIN) {
      result = BATTERY_LOW;
      end();
      return;
    }
    key.link.send(LINK_KEY_STATION, encodeKeyStation(message));
    key.link.expect(ANSWER_WAIT_MS, () => {
      if (phase === PHASE_RECEIVE) noteRing(LINK_TIMEOUT);
      end();
    });
  }

  function end(): void {
    if (phase === PHASE_OVER) return;
    phase = PHASE_OVER;
    key.link.relax();
    key.rings.abandon();
    onEnd(result);
  }

  /**
   * The sync's own entry; before the log goes up, so that it goes up with it. `reason` says what
   * became of the ring, `target` is the charge of the battery.
   */
  function noteSync(reason: ErrorCode): void {
    key.clock.settleCheck(shiftRingseq());
    const peer = new Uint8Array(NO_DEVID_BYTES);
    const target = key.ports.supply.percent();
    key.log.note({ kind: ENTRY_SYNC, op: 0, reason, peer, ring: shiftRingseq(), target });
  }

  /** Notes what became of the ring; `reason` counts where none came and none was refused. */
  function noteRing(reason: ErrorCode): void {
    result = ringFault !== 0 || hasRing ? ringFault : reason;
    if (result === 0 && lacksFloors(key)) result = FLOOR_STALE;
    noteSync(result);
  }

  function onReceived(message: KeyStationMessage): void {
    switch (message.type) {
      case SYNC_BUNDLE: {
        const received = key.rings.receive(message.part, message.parts, message.bytes);
        const code = received.ok ? 0 : received.fault.code;
        if (received.ok && received.value.floors !== null) {
          takeObject(key, received.value.floors, nonce);
        }
        if (received.ok && message.part + 1 === message.parts) hasRing = true;
        if (ringFault === 0) ringFault = code;
        say({ type: SYNC_ANSWER, code });
        return;
      }
      case SYNC_OBJECT:
        say({ type: SYNC_ANSWER, code: takeObject(key, message.bytes, nonce) });
        return;
      case SYNC_WAIT:
        waits += 1;
        if (waits <= WAITS_MAX) say({ type: SYNC_NEXT });
        else receivedAll(LINK_TIMEOUT);
        return;
      case SYNC_NONE:
        receivedAll(0);
        return;
      case SYNC_REFUSAL:
        receivedAll(message.code);
        return;
      default:
        end();
    }
  }

  function receivedAll(reason: ErrorCode): void {
    if (phase === PHASE_COLLECT) {
      leave();
      return;
    }
    key.rings.abandon();
    // A station that answered takes the requests of locks with it.
    key.timeAsks.clear();
    noteRing(reason);
    phase = PHASE_OWN_LOG;
    nextN = key.log.firstToUpload();
    upload();
  }

  function upload(): void {
    if (phase === PHASE_OWN_LOG) {
      const piece = key.log.sealFrom(nextN);
      if (piece !== undefined) {
        nextN = piece.nextN;
        say({ type: SYNC_OWN_BATCH, bytes: piece.sealed });
        return;
      }
      key.log.noteUploaded();
      phase = PHASE_CARRIED;
    }
    const tag = key.carried.tags()[0];
    const batch = tag === undefined ? undefined : key.carried.read(tag);
    if (tag !== undefined && batch !== undefined) {
      sentTag = tag;
      say({ type: SYNC_CARRIED_BATCH, bytes: batch });
      return;
    }
    phase = PHASE_COLLECT;
    waits = 0;
    if (hasUploaded) say({ type: SYNC_NEXT });
    else leave();
  }

  function onStored(code: ErrorCode): void {
    if (code !== 0) {
      // The station has no room: it keeps what it took, and the key keeps the rest.
      phase = PHASE_COLLECT;
      waits = 0;
      say({ type: SYNC_NEXT });
      return;
    }
    hasUploaded = true;
    if (phase === PHASE_CARRIED) key.carried.free(sentTag);
    upload();
  }

  function leave(): void {
    key.link.send(LINK_KEY_STATION, encodeKeyStation({ type: SYNC_DONE }));
    end();
  }

  key.show(SIGNAL_WORKING);
  key.ports.entropy.fill(nonce, 0, NONCE_BYTES);
  const floors = key.courier.floorsOf(key.trust.homeAuthority());
  say({
    type: SYNC_RING_STATE,
    state: {
      devid: key.identity.devid,
      ringseq: shiftRingseq(),
      root16: key.rings.shiftRoot16(),
      listseq: floors === undefined ? 0 : floors.number,
      nonce,
      batteryPercent: key.ports.supply.percent(),
      timeAsks: key.timeAsks.list(),
    },
  });
  return {
    onMessage(kind, bytes) {
      if (phase === PHASE_OVER || kind !== LINK_KEY_STATION) return;
      const decoded = decodeKeyStation(bytes);
      if (!decoded.ok) return;
      key.link.relax();
      const message = decoded.value;
      if (phase === PHASE_RECEIVE || phase === PHASE_COLLECT) onReceived(message);
      else if (message.type === SYNC_STORED) onStored(message.code);
      else end();
    },
    onButton() {
      // Nothing to choose at a station.
    },
    onWithdrawn() {
      if (phase === PHASE_RECEIVE) noteRing(LINK_TIMEOUT);
      phase = PHASE_OVER;
      key.rings.abandon();
    },
  };
}
