// SPDX-License-Identifier: EUPL-1.2
import {
  ACKS_MAX,
  bytesOfHex,
  chainNext,
  chainStart,
  decodeLogBatch,
  ENTRY_OBJECT,
  equalBytes,
  fail,
  hexOf,
  LOG_FORKED,
  openObject,
  type Result,
  SEAL_INVALID,
  sealingKey,
  signLogAck,
  signResend,
  succeed,
  TYP_LOCK_CONFIG,
  type VerifiedBatch,
  verifyBatch,
} from "@nyckelring/protocol";
import { type Authority, deviceAnchor } from "./authority.ts";
import type { Fact } from "./facts.ts";
import { type Journal, type NewEntry, SYSTEM } from "./journal.ts";
import { type LogState, logName } from "./register.ts";

// Logs come home through hands that nobody trusts: late, twice, out of order, or not at all. What
// is stored is exactly what the device chained and signed, once for each number; what is
// acknowledged is only what the store has committed.

/** A hole that is older than this is not just a key that is still out. */
const HOLE_PATIENCE_S = 86_400;

/** What an upload brought. @internal */
export interface IntakeOutcome {
  readonly devid: string;
  readonly logEpoch: number;
  /** Entries that were new. */
  readonly stored: number;
  /** True if the device sent again what was acknowledged: it may not have the acknowledgement. */
  readonly repeatsAcknowledged: boolean;
}

/** Log intake of one authority. @internal */
export interface LogIntake {
  /**
   * Stores what a sealed upload holds and is new, in one commit.
   *
   * @returns What it brought; or `SEAL_INVALID` for a stranger's or altered octets, the fault of
   *   `verifyBatch`, or `LOG_FORKED` with the number for which two chain values exist. A
   *   refusal is committed as well, so that the station may forget the upload.
   */
  receive(station: number, upSeq: number, sealed: Uint8Array): Result<IntakeOutcome>;
  /**
   * Signs acknowledgements for what is stored without a hole and not acknowledged yet, or by a key
   * of an earlier epoch only.
   */
  acknowledge(logs: readonly LogState[]): void;
  /**
   * A request for the entries after the stored tail: when a hole has lasted a day, because other
   * keys may still be on their way with it, and after a restore.
   */
  resendFor(log: LogState): Uint8Array | undefined;
}

/**
 * Offers log intake over a journal.
 * @internal
 */
export function createLogIntake(journal: Journal, authority: Authority): LogIntake {
  const { ports, register } = journal;
  const { crypto, store } = ports;

  function deviceOf(devid: string) {
    return register.keys.get(devid) ?? register.locks.get(devid);
  }

  function open(sealed: Uint8Array): Result<{ devid: string; batch: VerifiedBatch }> {
    const opened = openObject(crypto, sealed, (devid) => {
      const device = deviceOf(hexOf(devid));
      if (device === undefined) return undefined;
      return sealingKey(crypto, authority.sharedSecret(device.agreementPublicKey), devid);
    });
    if (!opened.ok) return opened;
    const devid = hexOf(opened.value.devid);
    const device = deviceOf(devid);
    const batch = decodeLogBatch(opened.value.plaintext);
    if (!batch.ok) return batch;
    const isOwn =
      batch.value.authority === authority.number &&
      equalBytes(batch.value.devid, opened.value.devid);
    if (device === undefined || !isOwn) return fail(SEAL_INVALID);
    const verified = verifyBatch(
      crypto,
      batch.value,
      deviceAnchor(journal, device.signingPublicKey),
    );
    return verified.ok ? succeed({ devid, batch: verified.value }) : verified;
  }

  /**
   * Compares a batch with what is stored around it.
   * @returns 0, or the first number for which the device signed two different pasts.
   */
  function findFork(devid: string, batch: VerifiedBatch): number {
    const { logEpoch, n: last } = batch.head;
    const first = last - batch.entries.length + 1;
    const before = first > 1 ? store.entry(devid, logEpoch, first - 1)?.chain : undefined;
    const expected = first === 1 ? hexOf(chainStart()) : before;
    if (expected !== undefined && expected !== hexOf(batch.prev)) return Math.max(1, first - 1);
    for (const { entry, chain } of batch.entries) {
      const stored = store.entry(devid, logEpoch, entry.n);
      if (stored !== undefined && stored.chain !== hexOf(chain)) return entry.n;
    }
    const after = store.entry(devid, logEpoch, last + 1);
    if (after === undefined) return 0;
    const chain = chainNext(crypto, batch.head.chain, bytesOfHex(after.bytes));
    return hexOf(chain) === after.chain ? 0 : last;
  }

  function refuse(station: number, upSeq: number, code: number, sealed: Uint8Array): Fact {
    const digest = hexOf(crypto.hash(sealed));
    return { kind: "upload-refused", station, upSeq, code, digest };
  }

  function receive(station: number, upSeq: number, sealed: Uint8Array): Result<IntakeOutcome> {
    const opened = open(sealed);
    if (!opened.ok) {
      journal.commit({ station }, [refuse(station, upSeq, opened.fault.code, sealed)]);
      return opened;
    }
    const { devid, batch } = opened.value;
    const { logEpoch } = batch.head;
    const fork = findFork(devid, batch);
    if (fork > 0) {
      const subject = logName(devid, logEpoch);
      journal.commit({ station }, [
        refuse(station, upSeq, LOG_FORKED, sealed),
        { kind: "alarm-raised", alarm: "log-forked", subject, detail: fork },
      ]);
      return fail(LOG_FORKED, fork);
    }
    const entries: NewEntry[] = [];
    for (const { entry, bytes, chain } of batch.entries) {
      if (store.entry(devid, logEpoch, entry.n) !== undefined) continue;
      const { n, tS, tq, kind, op, reason, ring: ringseq, target } = entry;
      const peer = hexOf(entry.peer);
      const fields = { n, tS, tq, kind, op, reason, peer, ringseq, target };
      entries.push({ devid, logEpoch, bytes: hexOf(bytes), chain: hexOf(chain), ...fields });
    }
    if (entries.length > 0) {
      const ns = entries.map((entry) => entry.n);
      const applied = entries.filter(
        (entry) => entry.kind === ENTRY_OBJECT && entry.target === TYP_LOCK_CONFIG,
      );
      const facts = applied.map(
        ({ ringseq: cfgseq }): Fact => ({ kind: "lock-config-applied", devid, cfgseq }),
      );
      const stored: Fact = { kind: "entries-stored", devid, logEpoch, ns };
      journal.commit({ station }, [...facts, stored], entries);
    }
    const acked = register.logs.get(logName(devid, logEpoch))?.acked ?? 0;
    const repeatsAcknowledged = batch.entries.some(({ entry }) => entry.n <= acked);
    return succeed({ devid, logEpoch, stored: entries.length, repeatsAcknowledged });
  }

  function acknowledge(logs: readonly LogState[]): void {
    // What an earlier epoch acknowledged means nothing to a device that has met the present one.
    const due = logs.filter(
      (log) =>
        log.tail > log.acked || (log.ack !== null && authority.isOfEarlierEpoch(log.ackedAtS)),
    );
    for (let from = 0; from < due.length; from += ACKS_MAX) {
      const acks = due.slice(from, from + ACKS_MAX).flatMap((log) => {
        const chain = store.entry(log.devid, log.logEpoch, log.tail)?.chain;
        if (chain === undefined) return [];
        const { devid, logEpoch, tail: n } = log;
        return [{ devid, logEpoch, n, chain16: chain.slice(0, 32) }];
      });
      const ack = signLogAck(
        {
          authority: authority.number,
          acks: acks.map((one) => ({
            ...one,
            devid: bytesOfHex(one.devid),
            chain16: bytesOfHex(one.chain16),
          })),
        },
        authority.ringSigner(),
      );
      journal.commit(SYSTEM, [{ kind: "log-acknowledged", acks, ack: hexOf(ack) }]);
    }
  }

  function resendFor(log: LogState): Uint8Array | undefined {
    const nowS = ports.clock.nowS();
    const isLasting = log.holeSinceS !== null && nowS - log.holeSinceS >= HOLE_PATIENCE_S;
    if (!isLasting && !log.resend) return undefined;
    const { devid, logEpoch } = log;
    const from = log.tail + 1;
    const resend = signResend(
      { authority: authority.number, requests: [{ devid: bytesOfHex(devid), logEpoch, from }] },
      authority.ringSigner(),
    );
    journal.commit(SYSTEM, [
      { kind: "resend-requested", devid, logEpoch, from, resend: hexOf(resend) },
    ]);
    return resend;
  }

  return { receive, acknowledge, resendFor };
}
