// SPDX-License-Identifier: EUPL-1.2
import type { BoardLine } from "../board-line.ts";
import type { ControlClient } from "./control-client.ts";
import type { DeviceTime } from "./rig-device.ts";

/** Octets of one line, as one of its ends counts them. */
export type LineCounts = { received: number; sent: number };

/** A line whose octets are counted at this end. */
export type CountedLine = BoardLine & { readonly counts: LineCounts };

/** What a helper says of its board; counts are those of the board's end. */
type Rest = {
  readonly isIdle: boolean;
  readonly nextMs?: number;
  readonly console: LineCounts;
  readonly contact: LineCounts;
  readonly network?: LineCounts;
};

/** Octets that do not arrive for so long never will: an earlier run sent them, or a plug was pulled. */
const LOST_MS = 500;
/** Looks are not further apart than this while somebody waits. */
const LOOK_MS = 100;

/** Counts what passes a line. */
export function countLine(line: BoardLine): CountedLine {
  const counts = { received: 0, sent: 0 };
  line.onOctets((octets) => {
    counts.received += octets.length;
  });
  return {
    ...line,
    counts,
    write(octets) {
      counts.sent += octets.length;
      return line.write(octets);
    },
  };
}

/** What {@link createHelpedTime} looks at. */
export type HelpedTimeParts = {
  readonly control: ControlClient;
  /** The lines as they are now; a board that was brought back has others. */
  readonly lines: () => { readonly console: CountedLine; readonly contact: CountedLine };
  /** Octets of the station's connection at the broker's end; undefined while there is none. */
  readonly network: () => LineCounts | undefined;
  /** Whether a hand is still at work. */
  readonly isBusy: () => boolean;
  /** Whether what the device does by itself concerns anybody else now. */
  readonly isHeeded: () => boolean;
};

/**
 * The time of a board with a helper: it rests when its helper says so and every octet that one end of
 * a line has sent has come to the other.
 */
export function createHelpedTime(parts: HelpedTimeParts): DeviceTime {
  const { control } = parts;
  /** By how much the counts of both ends differ for good. */
  let lost: readonly number[] = [];
  let seen: readonly number[] = [];
  /** Since when it is so, and when somebody looked last. */
  let seenMs = 0;
  let askedMs = 0;

  function underWay({ console, contact, network }: Rest): number[] {
    const lines = parts.lines();
    const own = parts.network();
    const isOneOnly = (own === undefined) !== (network === undefined);
    return [
      lines.console.counts.sent - console.received,
      console.sent - lines.console.counts.received,
      lines.contact.counts.sent - contact.received,
      contact.sent - lines.contact.counts.received,
      isOneOnly ? 1 : (own?.sent ?? 0) - (network?.received ?? 0),
      isOneOnly ? 1 : (network?.sent ?? 0) - (own?.received ?? 0),
    ];
  }

  function isSettled(now: readonly number[]): boolean {
    const nowMs = performance.now();
    const isNew = now.some((count, index) => count !== seen[index]);
    // An old look says nothing: what was under way then was another octet.
    if (isNew || nowMs - askedMs > LOOK_MS) seenMs = nowMs;
    seen = now;
    askedMs = nowMs;
    if (now.every((count, index) => count === (lost[index] ?? 0))) return true;
    if (nowMs - seenMs > LOST_MS) lost = now;
    return false;
  }

  return {
    restMs: async () => {
      if (parts.isBusy()) return undefined;
      const rest = (await control.ask("rest")) as Rest;
      if (!(isSettled(underWay(rest)) && rest.isIdle) || parts.isBusy()) return undefined;
      return parts.isHeeded()
        ? (rest.nextMs ?? Number.POSITIVE_INFINITY)
        : Number.POSITIVE_INFINITY;
    },
    skip: async (spanMs) => {
      const { passedMs } = await control.ask(`skip ${spanMs}`);
      return Number(passedMs);
    },
  };
}
