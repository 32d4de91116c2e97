// SPDX-License-Identifier: EUPL-1.2

import { readLogEntry } from "../oracle/signed-objects.ts";
import { type Message, sealerOf, uploadedBatch } from "./messages.ts";
import type { JournalLine, Recording } from "./recorder.ts";

/** A log entry with its way home. */
export type EntryTrip = {
  readonly n: number;
  /** Time in the entry, UTC seconds: a time floor where the writer has no clock. */
  readonly tS: number;
  /** Kind of the entry, 1 passage, 2 denied at the key, 3 sync, and so on. */
  readonly kind: number;
  readonly op: number;
  /** 0 for granted or done. */
  readonly reason: number;
  /** The other device, 16 hexadecimal digits. */
  readonly peer: string;
  /** Undefined for an entry that did not come home, and for a way that cannot be told. */
  readonly carriedBy: string | undefined;
  /** The contact with the station in which it was handed over. */
  readonly handedIn: number | undefined;
  readonly station: string | undefined;
  /** UTC seconds of the commit; undefined for an entry that did not come home. */
  readonly committedAtS: number | undefined;
};

/** A contact with a station and what was said in it. */
export type StationTalk = {
  readonly contact: number;
  readonly key: string;
  readonly messages: readonly Message[];
};

/** The record of entries that were stored in one commit. */
type StoredLine = JournalLine & {
  readonly devid: string;
  readonly entries: readonly { readonly n: number; readonly bytes: string }[];
};

type Upload = {
  readonly batch: string;
  readonly station: string;
  readonly timesUs: number[];
  readonly handedIn: number | undefined;
  readonly carriedBy: string | undefined;
  isUsed: boolean;
};

type Commit = {
  readonly atS: number;
  readonly upload: Upload | undefined;
  /** The entry as it was stored, as hexadecimal text. */
  readonly bytes: string;
};

/** A late message waits in the broker this long at most, with room for a slow link. */
const UPLOAD_SECONDS_MAX = 90;
/** Octets of the number of a device. */
const BYTES_OF_DEVID = 8;

/**
 * Follows every log entry that lies in a flash from its device to its commit.
 *
 * What a batch holds is encrypted, so an entry is joined to a batch by its sealer and by the time at
 * which the authorization system stored it.
 *
 * @param startS - UTC seconds at microsecond 0.
 * @param talks - All contacts with stations, in the order of time.
 * @returns The entries of each device by its name, in the order of their numbers.
 */
export function followEntries(
  recording: Recording,
  startS: number,
  talks: readonly StationTalk[],
): Map<string, EntryTrip[]> {
  const commits = readCommits(recording, startS, talks);
  const trips = new Map<string, EntryTrip[]>();
  for (const device of recording.devices) {
    const list: EntryTrip[] = [];
    for (const [n, hex] of recording.logs.get(device.name) ?? []) {
      if (list.some((trip) => trip.n === n)) continue;
      const commit = device.role === "copy" ? undefined : commits.get(`${device.devid}/${n}`);
      // A torn write leaves a second find of a number; the stored one is the log.
      const entry = readLogEntry(Buffer.from(commit?.bytes ?? hex, "hex"));
      if (entry === undefined) continue;
      list.push({
        n,
        tS: entry.tS,
        kind: entry.kind,
        op: entry.op,
        reason: entry.reason,
        peer: entry.peer,
        carriedBy: commit?.upload?.carriedBy,
        handedIn: commit?.upload?.handedIn,
        station: commit?.upload?.station,
        committedAtS: commit?.atS,
      });
    }
    trips.set(device.name, list);
  }
  return trips;
}

function readCommits(
  recording: Recording,
  startS: number,
  talks: readonly StationTalk[],
): Map<string, Commit> {
  const uploads = readUploads(recording, talks);
  const commits = new Map<string, Commit>();
  for (const line of recording.journal) {
    if (line.kind !== "entries-stored") continue;
    const { devid, entries } = line as StoredLine;
    const upload = nearestUpload(uploads.get(devid) ?? [], line.atS - startS);
    if (upload !== undefined) upload.isUsed = true;
    for (const { n, bytes } of entries) {
      commits.set(`${devid}/${n}`, { atS: line.atS, upload, bytes });
    }
  }
  return commits;
}

/** The upload that arrived last before a commit and brought none of the earlier ones. */
function nearestUpload(uploads: readonly Upload[], atS: number): Upload | undefined {
  let nearest: Upload | undefined;
  let nearestS = UPLOAD_SECONDS_MAX;
  for (const upload of uploads) {
    if (upload.isUsed) continue;
    for (const timeUs of upload.timesUs) {
      const beforeS = atS + 1 - timeUs / 1_000_000;
      if (beforeS < 0 || beforeS >= nearestS) continue;
      nearest = upload;
      nearestS = beforeS;
    }
  }
  return nearest;
}

function readUploads(
  recording: Recording,
  talks: readonly StationTalk[],
): Map<string, readonly Upload[]> {
  const handed = new Map<string, { readonly contact: number; readonly key: string }>();
  for (const { contact, key, messages } of talks) {
    for (const { batch } of messages) {
      if (batch !== undefined && !handed.has(batch)) handed.set(batch, { contact, key });
    }
  }
  const byBatch = new Map<string, Upload>();
  const bySealer = new Map<string, Upload[]>();
  for (const frame of recording.brokerFrames) {
    const batch = frame.direction === "up" ? uploadedBatch(frame.hex) : undefined;
    if (batch === undefined) continue;
    const known = byBatch.get(batch);
    if (known !== undefined) {
      known.timesUs.push(frame.t);
      continue;
    }
    const from = handed.get(batch);
    const upload: Upload = {
      batch,
      station: frame.station,
      timesUs: [frame.t],
      handedIn: from?.contact,
      carriedBy: from?.key,
      isUsed: false,
    };
    byBatch.set(batch, upload);
    const sealer = sealerOf(batch);
    if (sealer?.length !== 2 * BYTES_OF_DEVID) continue;
    bySealer.set(sealer, [...(bySealer.get(sealer) ?? []), upload]);
  }
  return bySealer;
}
