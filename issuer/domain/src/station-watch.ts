// SPDX-License-Identifier: EUPL-1.2
import { type Result, succeed, UP_STATUS, type UpMessage } from "@nyckelring/protocol";
import type { Issuer, StationHealth } from "./api.ts";
import type { Fact } from "./facts.ts";
import { type Journal, SYSTEM } from "./journal.ts";
import { authorise } from "./role-model.ts";

/** A station reports itself each minute; a quarter of an hour without a word is silence. */
const SILENT_S = 900;

type Heard = Omit<StationHealth, "station" | "provider" | "isSilent">;

const UNHEARD: Heard = {
  heardAtS: null,
  power: null,
  link: null,
  batteryPercent: null,
  queued: null,
};

/** The eye on stations. @internal */
export interface StationWatch extends Pick<Issuer, "watchStations" | "stationHealth"> {
  /** Notes a message whose MAC was good; one whose number is not new is no sign of life. */
  heard(station: number, seq: number, message: UpMessage): void;
}

/**
 * Watches whether stations speak. Only messages with a good MAC count: what a broker says of a
 * station's presence is hearsay.
 *
 * It knows what it has heard since its start; a station that was silent before is called silent when
 * its time is over once more.
 * @internal
 */
export function createStationWatch(journal: Journal): StationWatch {
  const { ports, register } = journal;
  const startS = ports.clock.nowS();
  const last = new Map<number, Heard>();
  const newest = new Map<number, number>();
  const alarmed = new Set<number>();

  function silentFor(station: number): number {
    return ports.clock.nowS() - (last.get(station)?.heardAtS ?? startS);
  }

  return {
    heard(station, seq, message) {
      const before = last.get(station) ?? UNHEARD;
      const known = newest.get(station) ?? register.stations.get(station)?.upSeq ?? 0;
      if (seq <= known) return;
      newest.set(station, seq);
      alarmed.delete(station);
      const heardAtS = ports.clock.nowS();
      if (message.type !== UP_STATUS) {
        last.set(station, { ...before, heardAtS });
        return;
      }
      const { power, link, batteryPercent, queued } = message;
      last.set(station, { heardAtS, power, link, batteryPercent, queued });
    },
    watchStations() {
      const facts: Fact[] = [];
      for (const { station, upSeq } of register.stations.values()) {
        // One that never spoke was not put up yet.
        if (upSeq === 0 || alarmed.has(station) || silentFor(station) < SILENT_S) continue;
        alarmed.add(station);
        const subject = `station ${station}`;
        facts.push({
          kind: "alarm-raised",
          alarm: "station-silent",
          subject,
          detail: silentFor(station),
        });
      }
      if (facts.length > 0) journal.commit(SYSTEM, facts);
    },
    stationHealth(by): Result<readonly StationHealth[]> {
      const all = authorise(register, by, "read-all");
      const reader =
        all.ok && all.value.provider === null ? all : authorise(register, by, "read-own");
      if (!reader.ok) return reader;
      const own = reader.value.provider;
      const seen = [...register.stations.values()].filter(
        ({ provider }) => own === null || provider === own,
      );
      return succeed(
        seen.map(({ station, provider }) => ({
          station,
          provider,
          ...(last.get(station) ?? UNHEARD),
          isSilent: silentFor(station) >= SILENT_S,
        })),
      );
    },
  };
}
