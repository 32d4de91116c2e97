// SPDX-License-Identifier: EUPL-1.2
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { codeOf, createTown, crypto, HOUR_S, MORNING_S, must } from "../test/town.ts";
import { verifyJournal } from "./journal.ts";
import type { AuditRecord, IssuerStore } from "./ports.ts";

/** A town in which every kind of thing has happened. */
function livedInTown() {
  const town = createTown();
  const house = town.house(["A1"], town.north.provider);
  const anna = town.carer(town.north, "anna");
  const shift = { carer: anna.carer, startS: MORNING_S, endS: MORNING_S + 8 * HOUR_S };
  must(town.issuer.planShift(town.north.planner, shift));
  const station = town.station(town.north.provider);
  anna.key.append({ peer: house.entranceLock.devid, target: house.entrance });
  town.present(station, anna.key);
  town.upload(station, anna.key.sealed(town.issuer));
  must(town.issuer.revokeKey(town.north.planner, { devid: anna.key.devid, reason: "stulen" }));
  return { town, anna, house, station };
}

function storeOf(records: readonly AuditRecord[]): Pick<IssuerStore, "records"> {
  return { records: () => records };
}

describe("journal", () => {
  test("I3: every change is on record with its user, and the chain of records is whole", () => {
    const { town } = livedInTown();
    const records = must(town.issuer.audit(town.desk));
    expect(verifyJournal({ crypto, store: town.store })).toBe(0);
    const granted = records.find(({ fact }) => fact.kind === "right-granted");
    expect(granted?.by).toEqual({ user: town.north.planner });
    expect(records.map((record) => record.seq)).toEqual(records.map((_, index) => index + 1));
  });

  test("an altered, missing, moved or forged record breaks the chain at its place", () => {
    const { town } = livedInTown();
    const records = must(town.issuer.audit(town.desk));
    const verify = (altered: readonly AuditRecord[]) =>
      verifyJournal({ crypto, store: { ...town.store, ...storeOf(altered) } });
    const place = 10;
    const record = records[place];
    if (record === undefined) throw new Error("a record");
    const replaced = (other: AuditRecord) =>
      records.map((one, index) => (index === place ? other : one));
    expect(verify(replaced({ ...record, atS: record.atS + 1 }))).toBe(record.seq);
    expect(verify(replaced({ ...record, by: { user: 77 } }))).toBe(record.seq);
    expect(verify(records.filter((_, index) => index !== place))).toBe(record.seq);
    const moved = [...records];
    moved.splice(place, 2, ...records.slice(place, place + 2).reverse());
    expect(verify(moved)).toBe(record.seq);
  });

  test("the state is the fold of the journal: a restarted issuer is the same issuer", () => {
    const { town } = livedInTown();
    const before = structuredClone(town.issuer.register);
    town.restart();
    expect(town.issuer.register).toEqual(before);
  });

  test("a store that fails leaves no trace in the state and nothing is answered", () => {
    let isFailing = false;
    const town = createTown((step) => {
      if (isFailing && step === "before-commit") throw new Error("disk full");
    });
    const { provider, planner } = town.north;
    const carers = () => must(town.issuer.carersOf(planner, provider));
    isFailing = true;
    expect(() => town.issuer.addCarer(planner, { provider, staffCode: "x" })).toThrow("disk full");
    isFailing = false;
    expect(carers()).toEqual([]);
    expect(codeOf(town.issuer.addCarer(planner, { provider, staffCode: "x" }))).toBe(0);
    expect(verifyJournal({ crypto, store: town.store })).toBe(0);
  });

  test("X6: history tells each head with the leaves under it and each entry as it is stored", () => {
    const { town, anna, house } = livedInTown();
    const history = town.issuer.history();
    const head = history.find((record) => record.kind === "head-issued");
    const doors = head?.slots.map((leaf) => leaf?.[1]);
    expect(new Set(doors)).toEqual(new Set([house.entrance, ...house.apartments]));
    const stored = history.find((record) => record.kind === "entries-stored");
    expect(stored?.entries).toMatchObject([{ devid: anna.key.name, n: 1 }]);
    expect(JSON.parse(JSON.stringify(history))).toEqual(history);
  });
});

// Words that would name a person, in the languages that our fields could be written in.
const PERSONAL =
  /^(?!organisation$).*(name$|namn|person|ssn|birth|fodel|diagnos|phone|telefon|mail|patient|resident(?!s?")|tenant|brukare|relative|anhorig)/i;

/** Field names that facts, records and views declare. */
function declaredFields(): string[] {
  const folder = new URL(".", import.meta.url);
  const files = readdirSync(folder).filter((file) => /^(facts|ports|register|api)\.ts$/.test(file));
  expect(files).toHaveLength(4);
  const text = files.map((file) => readFileSync(new URL(file, folder), "utf8")).join("\n");
  return [...text.matchAll(/readonly (\w+)\??:/g)].map(([, field]) => field ?? "");
}

describe("data", () => {
  test("P1: no field of the issuer's schema can hold a person's name, number or diagnosis", () => {
    const fields = declaredFields();
    expect(fields.length).toBeGreaterThan(200);
    expect(fields.filter((field) => PERSONAL.test(field))).toEqual([]);
    expect(
      ["name", "clientName", "personnummer", "residentId"].filter((f) => PERSONAL.test(f)),
    ).toHaveLength(4);
  });

  test("P2: a door is an address and an alarm code and nothing of who lives there", () => {
    const { town } = livedInTown();
    const doors = town.issuer.history().filter((record) => record.kind === "door-added");
    for (const { seq, atS, by, kind, ...door } of doors) {
      expect(Object.keys(door).sort()).toEqual(["address", "alarmCode", "building", "door", "use"]);
      expect([seq, atS, by, kind]).toBeDefined();
    }
  });

  test("P3, rule 16: no address and no alarm code leaves the issuer on any wire", () => {
    const town = createTown();
    const house = town.house(["ALARM-4711"], town.north.provider);
    const anna = town.carer(town.north, "anna");
    const shift = { carer: anna.carer, startS: MORNING_S, endS: MORNING_S + HOUR_S };
    must(town.issuer.planShift(town.north.planner, shift));
    const station = town.station();
    const lock = town.issuer.register.locks.get(house.entranceLock.name);
    const wire = JSON.stringify([town.present(station, anna.key), lock?.certificate, lock?.config]);
    const octets = (text: string) => [...new TextEncoder().encode(text)];
    for (const marker of ["4711", "Storgatan"]) {
      expect(wire).not.toContain(octets(marker).join(","));
      expect(wire).not.toContain(Buffer.from(marker).toString("hex"));
      expect(wire).not.toContain(
        octets(marker)
          .map((octet, index) => `"${index}":${octet}`)
          .join(","),
      );
    }
  });
});
