// SPDX-License-Identifier: EUPL-1.2
import {
  bytesOfHex,
  DEVICE_ENDED,
  DOWN_BUNDLE,
  DOWN_CONFIG,
  DOWN_OBJECTS,
  DOWN_REFUSED,
  DOWN_SERVICE,
  DOWN_UPLOAD_ACK,
  type DownMessage,
  decodeUp,
  type ErrorCode,
  encodeDown,
  hexOf,
  KEY_FOREIGN_STATION,
  KEY_REVOKED,
  type KeyPresent,
  LEAF_GROUP,
  SEQUENCE_REPLAYED,
  type StationAccount,
  type StationStatusReport,
  signTimeGrant,
  UNKNOWN_DEVICE,
  UP_KEY_PRESENT,
  UP_STATUS,
  UP_UPLOAD,
  type Upload,
} from "@nyckelring/protocol";
import { doorsOfLeaf, isOwnLock } from "./access-rights.ts";
import type { Issuer } from "./api.ts";
import type { Authority } from "./authority.ts";
import { stationSecret } from "./enrolment.ts";
import type { Fact } from "./facts.ts";
import { type Journal, SYSTEM } from "./journal.ts";
import type { LogIntake } from "./log-intake.ts";
import type { IssuedHead, KeyRecord, LockRecord, LogState, StationRecord } from "./register.ts";
import { type RingIssue, windowOfShift } from "./ring-issue.ts";
import type { StationWatch } from "./station-watch.ts";

// The conversation with stations. A station is a courier with a memory of its own: it asks for a
// key that is in it, hands on what keys brought, and keeps what was signed in advance.

/** A repeated question of a key is answered as before for this long. */
const REPEAT_S = 600;
/** Objects in one message, in octets, so that the message fits 4 KiB. */
const OBJECTS_BYTES_MAX = 3800;
/** Acknowledgements of locks that one key is given at a sync. */
const LOCK_ACKS_MAX = 100;
/** Locks whose new configuration one key is given at a sync. */
const LOCK_CONFIGS_MAX = 12;
/** What a key did not deliver is offered again after this time. */
const OFFER_AGAIN_S = 20 * 3600;

/** Command numbers that one record reserves; a restart skips what is left of them. */
const NUMBERS_AHEAD = 256;
/** A station that reports the same is on record once in this time. */
const REPORT_AGAIN_S = 3600;

/** Holds of a bundle: release now, keep for offline release, release now with more to follow. */
const HOLD_NOW = 0;
const HOLD_OFFLINE = 1;
const HOLD_MORE = 2;

/**
 * Offers the conversation with stations over a journal.
 * @internal
 */
export function createStationExchange(
  journal: Journal,
  authority: Authority,
  rings: RingIssue,
  intake: LogIntake,
  watch: StationWatch,
): Pick<Issuer, "receiveUp" | "outgoing"> {
  const { ports, register } = journal;
  const { crypto } = ports;
  const nowS = () => ports.clock.nowS();
  // What was offered to which key and when. Only a saving: after a restart all is offered again.
  const offered = new Map<string, number>();
  // The key that was last present at each station, to hand it what its own upload earned.
  const present = new Map<number, string>();
  // Numbers for commands, from blocks that the journal reserved.
  const numbers = new Map<number, { next: number; reserved: number }>();
  // When a station's report was last put on record, and what it said.
  const reported = new Map<number, { atS: number; text: string }>();
  // Refused messages that are not yet on record, by station and code, since the last record.
  const refusals = new Map<string, { atS: number; count: number }>();
  // Heads that lie at stations, by station and key and shift.
  const laid = new Map<string, string>();

  /** First of some new numbers for commands to a station; none is ever used twice. */
  function takeNumbers(station: number, count: number): number {
    const reserved = register.stations.get(station)?.downSeq ?? 0;
    const block = numbers.get(station);
    const first = block?.reserved === reserved ? block.next : reserved + 1;
    const next = first + count;
    if (next - 1 > reserved) {
      const downSeq = next - 1 + NUMBERS_AHEAD;
      journal.commit(SYSTEM, [{ kind: "station-numbers-reserved", station, downSeq }]);
    }
    numbers.set(station, { next, reserved: register.stations.get(station)?.downSeq ?? 0 });
    return first;
  }

  function accountOf({ station }: StationRecord): StationAccount {
    return { stationId: station, commandKey: ports.vault.macKey(stationSecret(station)) };
  }

  function send(station: StationRecord, messages: readonly DownMessage[]): Uint8Array[] {
    if (messages.length === 0) return [];
    const account = accountOf(station);
    const first = takeNumbers(station.station, messages.length);
    return messages.map((message, index) => encodeDown(crypto, account, first + index, message));
  }

  function objectsFor(devid: string, objects: readonly Uint8Array[]): DownMessage[] {
    const messages: DownMessage[] = [];
    let group: Uint8Array[] = [];
    let groupBytes = 0;
    for (const object of objects) {
      if (group.length > 0 && groupBytes + object.length > OBJECTS_BYTES_MAX) {
        messages.push({ type: DOWN_OBJECTS, devid: bytesOfHex(devid), objects: group });
        group = [];
        groupBytes = 0;
      }
      group.push(object);
      groupBytes += object.length + 3;
    }
    if (group.length > 0) {
      messages.push({ type: DOWN_OBJECTS, devid: bytesOfHex(devid), objects: group });
    }
    return messages;
  }

  function bundlesFor(
    head: IssuedHead,
    keyRoot16: string,
    hold: number,
    floors: Uint8Array | null,
  ): DownMessage[] {
    const bundles = rings.bundleParts(head, keyRoot16, floors);
    return bundles.map((bundle, part) => ({
      type: DOWN_BUNDLE,
      devid: bytesOfHex(head.devid),
      hold,
      part,
      parts: bundles.length,
      bundle,
      objects: [],
    }));
  }

  function refusal(devid: string, code: ErrorCode): DownMessage {
    return { type: DOWN_REFUSED, devid: bytesOfHex(devid), code };
  }

  /** Locks that a key may meet: those of its doors, then those of its groups. */
  function locksOf(key: KeyRecord): readonly LockRecord[] {
    const doors: number[] = [];
    const grouped: number[] = [];
    for (const leaf of key.slots) {
      if (leaf === null) continue;
      const reached = doorsOfLeaf(register, leaf);
      if (leaf[0] === LEAF_GROUP) grouped.push(...reached);
      else doors.push(...reached);
    }
    return [...new Set([...doors, ...grouped])].flatMap((door) => {
      const devid = register.doors.get(door)?.lock ?? null;
      return devid === null ? [] : (register.locks.get(devid) ?? []);
    });
  }

  /** True the first time, and again when the offer seems to have been lost. */
  function isToOffer(key: string, name: string): boolean {
    const before = offered.get(`${key} ${name}`);
    const isDue = before === undefined || nowS() - before >= OFFER_AGAIN_S;
    if (isDue) offered.set(`${key} ${name}`, nowS());
    return isDue;
  }

  function logsOf(devid: string): readonly LogState[] {
    return register.logsOfDevice.get(devid)?.flatMap((name) => register.logs.get(name) ?? []) ?? [];
  }

  /** Logs of a device, their acknowledgements signed by the present issuing key. */
  function currentLogsOf(devid: string): readonly LogState[] {
    const logs = logsOf(devid);
    const isOld = logs.some((log) => log.ack !== null && authority.isOfEarlierEpoch(log.ackedAtS));
    if (!isOld) return logs;
    intake.acknowledge(logs);
    return logsOf(devid);
  }

  /** Newest acknowledgements of locks that this key may meet and has not been given. */
  function lockObjects(key: KeyRecord): Uint8Array[] {
    const acks = new Map<string, number>();
    const others: Uint8Array[] = [];
    let configs = 0;
    for (const lock of locksOf(key)) {
      if (
        lock.cfgseq > lock.appliedCfgseq &&
        configs < LOCK_CONFIGS_MAX &&
        isToOffer(key.devid, `config ${lock.devid} ${lock.cfgseq}`)
      ) {
        configs += 1;
        others.push(bytesOfHex(lock.certificate), bytesOfHex(lock.config));
      }
      for (const log of currentLogsOf(lock.devid)) {
        others.push(...resendOf(key, log));
        if (log.ack === null || acks.has(log.ack) || acks.size >= LOCK_ACKS_MAX) continue;
        // `acked` is in the name: a newer acknowledgement is a new offer, an old one is made once.
        const name = `ack ${log.devid} ${log.logEpoch} ${log.acked} ${log.ackedAtS}`;
        if (!offered.has(`${key.devid} ${name}`)) {
          offered.set(`${key.devid} ${name}`, nowS());
          acks.set(log.ack, log.ackedAtS);
        }
      }
    }
    return [...others, ...[...acks.keys()].map(bytesOfHex)];
  }

  /** Leave to open the console of the key itself, or of a lock that it may meet. */
  function servicePermits(key: KeyRecord): Uint8Array[] {
    const devids = [key.devid, ...locksOf(key).map((lock) => lock.devid)];
    return devids.flatMap((devid) => {
      const permit = register.servicePermits.get(devid);
      if (permit === undefined || permit.untilS <= nowS()) return [];
      const isDue = isToOffer(key.devid, `service ${devid} ${permit.serial}`);
      return isDue ? [bytesOfHex(permit.permit)] : [];
    });
  }

  /** Our root's word for the owners of foreign locks that this key may meet. */
  function hostCertificates(key: KeyRecord): Uint8Array[] {
    const hosts = new Set(locksOf(key).map((lock) => register.doors.get(lock.door)?.host ?? null));
    return [...hosts].flatMap((number) => {
      const host = number === null ? undefined : register.hosts.get(number);
      if (host === undefined) return [];
      const isDue = isToOffer(key.devid, `host ${host.authority} ${host.issuerEpoch}`);
      return isDue ? host.certificates.map(bytesOfHex) : [];
    });
  }

  function ownObjects(key: KeyRecord): Uint8Array[] {
    return currentLogsOf(key.devid).flatMap((log) => {
      const ack = log.ack === null ? [] : [bytesOfHex(log.ack)];
      return [...ack, ...resendOf(key, log)];
    });
  }

  function resendOf(key: KeyRecord, log: LogState): Uint8Array[] {
    const isDue = log.resend || log.holeSinceS !== null;
    const name = `resend ${log.devid} ${log.logEpoch} ${log.tail}`;
    const resend = isDue && isToOffer(key.devid, name) ? intake.resendFor(log) : undefined;
    return resend === undefined ? [] : [resend];
  }

  function timeGrants(key: KeyRecord, message: KeyPresent): Uint8Array[] {
    // A lock takes the time from its owner alone.
    const owned = locksOf(key).filter((lock) => isOwnLock(register, lock));
    const meets = new Set(owned.map((lock) => lock.devid));
    const asks = message.timeAsks.filter((ask) => meets.has(hexOf(ask.devid)));
    const own = { devid: bytesOfHex(key.devid), nonce: message.nonce };
    const facts: Fact[] = [own, ...asks].map(({ devid, nonce }) => {
      const grant = signTimeGrant({ devid, nonce, nowS: nowS() }, authority.ringSigner());
      const names = { devid: hexOf(devid), nonce: hexOf(nonce), nowS: nowS() };
      return { kind: "time-granted", ...names, grant: hexOf(grant) };
    });
    journal.commit(SYSTEM, facts);
    return facts.flatMap((fact) => (fact.kind === "time-granted" ? [bytesOfHex(fact.grant)] : []));
  }

  function receiveKey(
    station: StationRecord,
    seq: number,
    message: KeyPresent,
  ): readonly DownMessage[] {
    const devid = hexOf(message.devid);
    const key = register.keys.get(devid);
    if (key === undefined) return [refusal(devid, UNKNOWN_DEVICE)];
    const nonce = hexOf(message.nonce);
    const last = key.lastSync;
    const isRepeat = last !== null && last.nonce === nonce && last.station === station.station;
    if (seq <= station.upSeq && !(isRepeat && nowS() - last.atS < REPEAT_S)) {
      return refuse(station, SEQUENCE_REPLAYED);
    }
    present.set(station.station, devid);
    const root16 = hexOf(message.root16);
    const { ringseq, listseq, batteryPercent } = message;
    const said = { ringseq, root16, listseq, nonce, batteryPercent };
    journal.commit({ station: station.station }, [
      { kind: "key-synced", devid, station: station.station, upSeq: seq, ...said },
    ]);
    if (station.provider !== null && station.provider !== key.provider) {
      return [refusal(devid, KEY_FOREIGN_STATION)];
    }
    if (key.state !== "active") return refuseStopped(key);
    return activate(station, key, message);
  }

  /** A stopped key gets its log home and nothing else. */
  function refuseStopped(key: KeyRecord): readonly DownMessage[] {
    if (key.state === "revoked") {
      const subject = `key ${key.devid}`;
      journal.commit(SYSTEM, [
        { kind: "alarm-raised", alarm: "revoked-key-seen", subject, detail: key.lastRingseq },
      ]);
    }
    const code = key.state === "revoked" ? KEY_REVOKED : DEVICE_ENDED;
    return [...objectsFor(key.devid, ownObjects(key)), refusal(key.devid, code)];
  }

  function activate(
    station: StationRecord,
    key: KeyRecord,
    message: KeyPresent,
  ): readonly DownMessage[] {
    const { devid } = key;
    const refreshed = rings.refresh(devid);
    const shift = rings.shiftNow(key.carer);
    const nonce = hexOf(message.nonce);
    let head: IssuedHead | undefined;
    if (refreshed.ok && shift.ok) {
      const repeated = key.heads.find((one) => one.nonce === nonce && one.purpose === "shift");
      const isSame =
        repeated !== undefined &&
        repeated.root === register.keys.get(devid)?.root &&
        !authority.isOfEarlierEpoch(repeated.iatS);
      const order = { key, purpose: "shift", flags: rings.shiftFlags, leaf: null } as const;
      const window = windowOfShift(shift.value);
      head = isSame
        ? repeated
        : rings.issueHead({
            ...order,
            window,
            shift: shift.value.shift,
            station: station.station,
            nonce,
          });
    }
    const current = register.keys.get(devid) ?? key;
    const messages = objectsFor(devid, [
      ...authority.certificatesToCarry(nowS()),
      ...hostCertificates(current),
      ...timeGrants(current, message),
      ...ownObjects(current),
      ...lockObjects(current),
      ...servicePermits(current),
    ]);
    for (const emergency of current.heads) {
      const isLive = emergency.expS > nowS() && !authority.isOfEarlierEpoch(emergency.iatS);
      if (emergency.purpose === "emergency" && isLive) {
        const floors = floorsFor(emergency, message.listseq);
        messages.push(...bundlesFor(emergency, rings.emptyRoot16, HOLD_MORE, floors));
      }
    }
    if (head !== undefined) {
      const floors = floorsFor(head, message.listseq);
      messages.push(...bundlesFor(head, hexOf(message.root16), HOLD_NOW, floors));
    } else if (!refreshed.ok) {
      messages.push(refusal(devid, refreshed.fault.code));
    } else if (!shift.ok) {
      messages.push(refusal(devid, shift.fault.code));
    }
    return messages;
  }

  /**
   * The list that a head may send the key to a door with, if the key lacks it. It travels in one
   * message with the head: a key that got one without the other would be locked out everywhere.
   */
  function floorsFor(head: IssuedHead, listseq: number): Uint8Array | null {
    const list = register.floors;
    const isNeeded = list !== null && head.needlist > 0 && list.listseq > listseq;
    return isNeeded ? bytesOfHex(list.list) : null;
  }

  function receiveUpload(
    station: StationRecord,
    seq: number,
    message: Upload,
  ): readonly DownMessage[] {
    const outcome = intake.receive(station.station, seq, message.sealed);
    const ack: DownMessage = { type: DOWN_UPLOAD_ACK, seqs: [seq] };
    if (!outcome.ok) return [ack];
    const { devid } = outcome.value;
    if (outcome.value.repeatsAcknowledged) forgetOffers(devid);
    const logs = logsOf(devid);
    intake.acknowledge(logs);
    const inContact = present.get(station.station);
    const key = inContact === undefined ? undefined : register.keys.get(inContact);
    if (key === undefined) return [ack];
    // The station lets the key go after its last upload is acknowledged: objects come before.
    if (key.devid === devid) return [...objectsFor(devid, ownObjects(key)), ack];
    // A lock's log: the key that brought it is the likeliest to meet the lock again.
    const meets = locksOf(key).some((lock) => lock.devid === devid);
    return meets ? [...objectsFor(key.devid, lockObjects(key)), ack] : [ack];
  }

  /** A device that repeats what was acknowledged lacks the acknowledgement: offer it to all. */
  function forgetOffers(devid: string): void {
    for (const name of offered.keys()) {
      if (name.includes(` ack ${devid} `)) offered.delete(name);
    }
  }

  function configFor(station: StationRecord): DownMessage {
    const provider =
      station.provider === null ? undefined : register.providers.get(station.provider);
    return {
      type: DOWN_CONFIG,
      nowS: nowS(),
      presignedPerKey: provider?.preSigned ?? 1,
    };
  }

  function receiveUp(stationId: number, bytes: Uint8Array): readonly Uint8Array[] {
    const station = register.stations.get(stationId);
    // A topic that names no station proves nothing and is not worth a record.
    if (station === undefined) return [];
    const up = decodeUp(crypto, accountOf(station), bytes);
    if (!up.ok) return refuse(station, up.fault.code);
    const { seq, message } = up.value;
    watch.heard(stationId, seq, message);
    if (message.type === UP_KEY_PRESENT) return send(station, receiveKey(station, seq, message));
    if (message.type === UP_UPLOAD) return send(station, receiveUpload(station, seq, message));
    if (seq <= station.upSeq) return refuse(station, SEQUENCE_REPLAYED);
    if (message.type === UP_STATUS) recordStatus(stationId, seq, message);
    else if (message.events.length > 0) {
      recordReport(stationId, seq, JSON.stringify({ events: message.events }));
    }
    return send(station, [configFor(station), ...serviceFor(station)]);
  }

  /** A permit is repeated until it ends; the station takes each number once. The time comes before it. */
  function serviceFor({ service }: StationRecord): readonly DownMessage[] {
    if (service === null || service.untilS <= nowS()) return [];
    return [{ type: DOWN_SERVICE, serial: service.serial, untilS: service.untilS }];
  }

  /**
   * Counts what came in a station's name and was refused; it has no other effect. A flood of
   * forgeries must not fill the journal, so one record an hour names their number.
   */
  function refuse({ station }: StationRecord, code: ErrorCode): readonly never[] {
    const name = `${station} ${code}`;
    const before = refusals.get(name);
    const count = (before?.count ?? 0) + 1;
    if (before !== undefined && nowS() - before.atS < REPORT_AGAIN_S) {
      refusals.set(name, { atS: before.atS, count });
      return [];
    }
    journal.commit(SYSTEM, [{ kind: "station-message-refused", station, code, count }]);
    refusals.set(name, { atS: nowS(), count: 0 });
    return [];
  }

  /** Stations report each minute; only what changed is worth a record. */
  function recordStatus(station: number, seq: number, status: StationStatusReport): void {
    const { power, link, batteryPercent, queued } = status;
    const text = JSON.stringify({ power, link });
    const before = reported.get(station);
    if (before?.text === text && nowS() - before.atS < REPORT_AGAIN_S) return;
    reported.set(station, { atS: nowS(), text });
    recordReport(station, seq, JSON.stringify({ power, link, batteryPercent, queued }));
  }

  function recordReport(station: number, upSeq: number, report: string): void {
    journal.commit({ station }, [{ kind: "station-heard", station, upSeq, report }]);
  }

  /** Heads for the next shifts of a key that this station may have to release without a link. */
  function headsAhead(station: StationRecord, key: KeyRecord): DownMessage[] {
    const home = key.lastSync?.station ?? firstStationOf(key.provider);
    const preSigned = register.providers.get(key.provider)?.preSigned ?? 0;
    if (key.state !== "active" || home !== station.station || preSigned === 0) return [];
    if (!rings.refresh(key.devid).ok) return [];
    const messages: DownMessage[] = [];
    const ahead = rings.shiftsAhead(key.carer).filter(
      // A shift that was activated online needs no head in reserve.
      (shift) => !key.heads.some((head) => head.shift === shift.shift && head.purpose === "shift"),
    );
    for (const shift of ahead.slice(0, preSigned)) {
      const place = `${station.station} ${key.devid} ${shift.shift}`;
      const root16 = key.lastSync?.root16 ?? "";
      const root = register.keys.get(key.devid)?.root;
      // No other ring may have reached the key since it said so, not even one from this station.
      const isUnchanged =
        root?.slice(0, 32) === root16 &&
        key.heads.every((head) => head.leaf !== null || head.root === root);
      const epoch = register.issuerEpoch?.issuerEpoch ?? 0;
      const state = `${epoch} ${root} ${isUnchanged} ${register.floors?.listseq ?? 0}`;
      if (laid.get(place) === state) continue;
      const head = rings.issueHead({
        key,
        purpose: "pre-signed",
        window: windowOfShift(shift),
        flags: rings.shiftFlags,
        shift: shift.shift,
        station: station.station,
        nonce: null,
        leaf: null,
      });
      laid.set(place, state);
      // Whole unless unchanged: without a link nobody can ask which ring the key really holds.
      const known = isUnchanged ? root16 : rings.emptyRoot16;
      messages.push(...bundlesFor(head, known, HOLD_OFFLINE, floorsFor(head, 0)));
    }
    return messages;
  }

  function firstStationOf(provider: number): number | undefined {
    for (const station of register.stations.values()) {
      if (station.provider === null || station.provider === provider) return station.station;
    }
    return undefined;
  }

  function outgoing(stationId: number): readonly Uint8Array[] {
    const station = register.stations.get(stationId);
    if (station === undefined) return [];
    const messages: DownMessage[] = [];
    for (const key of register.keys.values()) {
      const isServed = station.provider === null || station.provider === key.provider;
      if (isServed) messages.push(...headsAhead(station, key));
    }
    return send(station, messages);
  }

  return { receiveUp, outgoing };
}
