// SPDX-License-Identifier: EUPL-1.2
import { BATCH_ENTRIES_MAX, type CryptoPort, type ErrorCode, kidOf } from "@nyckelring/protocol";
import { RECORD_SEALING_COUNTER } from "../shared/device-records.ts";
import type { DeviceIdentity } from "../shared/identity.ts";
import type { LogStore } from "../shared/log-store.ts";
import { createNonceCounter } from "../shared/nonce-counter.ts";
import type { RecordStore } from "../shared/record-store.ts";
import { type BatchSealer, sealBatch } from "../shared/sealed-batch.ts";
import type { KeyClock } from "./key-clock.ts";

/** One event of the key, before the log gives it number and time. */
export interface KeyEvent {
  /** One of the ENTRY_ constants. */
  readonly kind: number;
  /** `OP_ENTER`, `OP_LEAVE` or 0. */
  readonly op: number;
  /** 0 for success, else a code of the table. */
  readonly reason: ErrorCode;
  /** The other device, 8 octets. */
  readonly peer: Uint8Array;
  /** Number of the ring head in use. */
  readonly ring: number;
  /** Door, or what the kind says. */
  readonly target: number;
}

/** A sealed piece of the key's log. */
export interface SealedPiece {
  readonly sealed: Uint8Array;
  /** Number of the entry behind the last one inside. */
  readonly nextN: number;
}

/** The key's own log. */
export interface KeyLog {
  readonly store: LogStore;
  /** Commits an event; it survives any power cut from here on. */
  note(event: KeyEvent): void;
  /**
   * Seals the next entries that the issuer has not acknowledged.
   *
   * @param fromN - Where to begin; `firstToUpload()` at the start of a contact.
   * @returns The piece, or undefined where nothing is left.
   */
  sealFrom(fromN: number): SealedPiece | undefined;
  /** Number of the oldest entry that the issuer has not acknowledged, or asks for once more. */
  firstToUpload(): number;
  /** Notes that a station has stored everything from there on. */
  noteUploaded(): void;
}

/** Opens the log of a key. */
export function openKeyLog(
  crypto: CryptoPort,
  records: RecordStore,
  store: LogStore,
  identity: DeviceIdentity,
  authority: number,
  sealingKey: Uint8Array,
  clock: KeyClock,
  shiftRingseq: () => number,
): KeyLog {
  let made: BatchSealer | undefined;

  /** The import of the signing key costs a curve operation, so no key at a door waits for it. */
  function sealer(): BatchSealer {
    if (made !== undefined) return made;
    made = {
      devid: identity.devid,
      authority,
      kid: kidOf(crypto, identity.signingPublicKey),
      signingKey: crypto.importSigningKey(identity.signingSeed()),
      sealingKey,
      counter: createNonceCounter(records, RECORD_SEALING_COUNTER),
    };
    return made;
  }

  return {
    store,
    note(event) {
      store.append({
        tS: clock.tS(),
        tq: clock.tq(shiftRingseq()),
        kind: event.kind,
        op: event.op,
        reason: event.reason,
        peer: event.peer,
        ring: event.ring,
        target: event.target,
      });
    },
    sealFrom(fromN) {
      const tS = clock.tS();
      const tq = clock.tq(shiftRingseq());
      store.settle(tS, tq);
      const slice = store.batch(fromN, BATCH_ENTRIES_MAX);
      if (slice === undefined) return undefined;
      const sealed = sealBatch(crypto, sealer(), slice, store.logEpoch(), tS, tq);
      return { sealed, nextN: slice.first + slice.entries.length };
    },
    firstToUpload() {
      const again = store.resendCursor();
      return again > 0 ? again : store.ackedN() + 1;
    },
    noteUploaded() {
      if (store.resendCursor() > 0) store.moveResendCursor(store.ackedN());
    },
  };
}
