// SPDX-License-Identifier: EUPL-1.2
import {
  type CryptoPort,
  encodeLogBatch,
  type SigningKey,
  sealObject,
  signLogHead,
} from "@nyckelring/protocol";
import type { LogSlice } from "./log-store.ts";
import type { NonceCounter } from "./nonce-counter.ts";

/** What a device needs to hand its log to the issuer through hands that it does not trust. */
export type BatchSealer = {
  readonly devid: Uint8Array;
  /** Authority whose issuer may read the batch. */
  readonly authority: number;
  /** Ed25519 key of the device and its key id. */
  readonly kid: Uint8Array;
  readonly signingKey: SigningKey;
  /** From `sealingKey` of the protocol: device and issuer share it, nobody else. */
  readonly sealingKey: Uint8Array;
  readonly counter: NonceCounter;
};

/**
 * Makes one sealed upload of a run of log entries, with a log head signed now.
 *
 * Security: whoever carries the bytes can neither read nor change them, and cannot leave out an
 * entry without breaking the chain to the head. The counter makes every nonce unique, also across
 * power cuts.
 *
 * @param slice - At most 32 entries at a lock.
 * @param logEpoch - From the log store.
 * @param tS - Time of the collection, UTC seconds, with its quality `tq`.
 * @returns A `sealed` object of at most 4096 bytes.
 */
export function sealBatch(
  crypto: CryptoPort,
  sealer: BatchSealer,
  slice: LogSlice,
  logEpoch: number,
  tS: number,
  tq: number,
): Uint8Array {
  const lastN = slice.first + slice.entries.length - 1;
  const signer = { kid: sealer.kid, key: sealer.signingKey };
  const head = signLogHead(
    {
      devid: sealer.devid,
      logEpoch,
      authority: sealer.authority,
      n: lastN,
      chain: slice.chain,
      tS,
      tq,
    },
    signer,
  );
  const batch = encodeLogBatch({
    devid: sealer.devid,
    logEpoch,
    authority: sealer.authority,
    first: slice.first,
    prev: slice.prev,
    entries: slice.entries,
    head,
  });
  return sealObject(crypto, sealer.sealingKey, sealer.devid, sealer.counter.next(), batch);
}
