// SPDX-License-Identifier: EUPL-1.2
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type NyckelRun, runNyckel } from "../test/run-nyckel.ts";
import { DOOR, HOST, writeSharedDoor } from "../test/shared-door.ts";

// Each test starts the command several times.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const folder = mkdtempSync(join(tmpdir(), "nyckel-credential-"));
const pilot = join(folder, "pilot");
const anchor = join(pilot, "anchor.cbor");
const AT = ["--at", "2026-11-24T05:00:00Z"] as const;

function verify(file: string, ...more: readonly string[]): NyckelRun {
  return runNyckel("credential", "verify", file, "--anchor", anchor, "--json", ...more);
}

function credentialsIn(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.startsWith("credential-"))
    .map((name) => join(directory, name));
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("S6: credentials as files", () => {
  let first: string;
  let door: number;

  beforeAll(() => {
    const exported = runNyckel(
      ...["credential", "export", "--scenario", "pilot", "--seed", "7", "--key", "1"],
      ...["--out", pilot, "--json"],
    );
    expect(exported.err).toBe("");
    expect(exported.exit).toBe(0);
    expect(exported.objects()[0]).toMatchObject({ type: "result", rights: 45, written: 45 });
    first = credentialsIn(pilot)[0] ?? "";
    door = Number(verify(first).objects()[0]?.["door"]);
  });

  test("are all verified by the anchor file alone, one line each and a result", () => {
    const files = credentialsIn(pilot);
    expect(files.length).toBe(45);
    const run = runNyckel("credential", "verify", ...files, "--anchor", anchor, ...AT, "--json");
    expect(run.exit).toBe(0);
    const objects = run.objects();
    expect(objects.length).toBe(46);
    expect(objects.at(-1)).toMatchObject({ type: "result", files: 45, good: 45, ok: true });
    expect(new Set(objects.slice(0, -1).map((object) => object["door"])).size).toBe(45);
    const forPeople = runNyckel("credential", "verify", first, "--anchor", anchor, ...AT);
    expect(forPeople.exit).toBe(0);
    expect(forPeople.out).toMatch(/: valid, key [0-9a-f]{16} may enter and leave at door \d+ from/);
    expect(forPeople.out).toMatch(/1 files: 1 good, 0 refused/);
  });

  test("are the same octets for the same seed, and others for another", () => {
    const again = join(folder, "again");
    const other = join(folder, "other");
    for (const [seed, out] of [["7", again] as const, ["8", other] as const]) {
      const options = ["--scenario", "pilot", "--seed", seed, "--key", "1", "--limit", "1"];
      expect(runNyckel("credential", "export", ...options, "--out", out).exit).toBe(0);
    }
    const read = (directory: string) => readFileSync(credentialsIn(directory)[0] ?? "");
    expect(credentialsIn(again).length).toBe(1);
    expect(read(again).equals(readFileSync(first))).toBe(true);
    expect(read(other).equals(readFileSync(first))).toBe(false);
    const foreign = verify(join(other, "credential-0000.cbor"));
    expect(foreign.exit).toBe(1);
    expect(foreign.objects()[0]).toMatchObject({
      ok: false,
      code: "E040A",
      name: "ANCHOR_UNKNOWN",
    });
  });

  test("are refused for another door, after their window and before it, with the reason", () => {
    expect(verify(first, "--door", String(door)).exit).toBe(0);
    const refusals = [
      [["--door", String(door + 1)], "TARGET_MISMATCH"],
      [["--group", String(door)], "TARGET_MISMATCH"],
      [["--at", "2026-11-24T13:30:00Z"], "RING_EXPIRED"],
      [["--at", "2026-11-24T05:29:59+01:00"], "RING_NOT_YET_VALID"],
    ] as const;
    for (const [options, name] of refusals) {
      const run = verify(first, ...options);
      expect(run.exit, name).toBe(1);
      expect(run.objects()[0]).toMatchObject({ ok: false, name });
    }
    const forPeople = runNyckel(
      ...["credential", "verify", first, "--anchor", anchor, "--door", String(door + 1)],
    );
    expect(forPeople.out).toContain(`E0303 TARGET_MISMATCH: The right is for another door.`);
    expect(forPeople.out).toContain(`It is for ${door}.`);
  });

  test("are refused with one bit flipped anywhere", () => {
    const bytes = readFileSync(first);
    const flipped: string[] = [];
    for (let octet = 0; octet < bytes.length; octet += 7) {
      const damaged = Buffer.from(bytes);
      damaged[octet] = (damaged[octet] ?? 0) ^ (1 << (octet % 8));
      const file = join(folder, `flipped-${octet}.cbor`);
      writeFileSync(file, damaged);
      flipped.push(file);
    }
    const run = runNyckel(
      ...["credential", "verify", first, ...flipped, "--anchor", anchor, "--json"],
    );
    expect(run.exit).toBe(1);
    const refused = flipped.length;
    expect(run.objects().at(-1)).toMatchObject({ good: 1, refused, ok: false });
    for (const object of run.objects().slice(1, -1)) expect(object["code"]).toMatch(/^E0[2-4]/);
  });

  test("need an anchor file that can be read and is one", () => {
    const run = runNyckel("credential", "verify", first, "--anchor", join(folder, "absent"));
    expect(run.exit).toBe(2);
    expect(run.err).toContain("error[E0913 FILE_UNREADABLE]");
    const spoiled = join(folder, "spoiled.cbor");
    const bytes = readFileSync(anchor);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    writeFileSync(spoiled, bytes);
    const refused = runNyckel("credential", "verify", first, "--anchor", spoiled);
    expect(refused.exit).toBe(1);
    expect(refused.err).toContain("error[E0202 SIGNATURE_INVALID]");
  });

  test("are not asked for with options that cannot be", () => {
    const out = ["--out", join(folder, "none")];
    const wrong = [
      ["export", "--scenario", "city", ...out],
      ["export", "--scenario", "pilot", "--key", "13", ...out],
      ["export", "--scenario", "pilot", "--seed", "x", ...out],
      ["export", "--scenario", "pilot", "--limit", "0", ...out],
      ["verify", first, "--anchor", anchor, "--at", "tomorrow"],
      ["verify", first, "--anchor", anchor, "--door", "-1"],
      ["verify", first, "--anchor", anchor, "--door", "1", "--owner", "65536"],
      ["verify", first],
    ];
    for (const args of wrong) {
      const run = runNyckel("credential", ...args);
      expect(run.exit, args.join(" ")).toBe(2);
      expect(run.err).toContain("error[E0910 USAGE]");
    }
  });
});

describe("S6, L6: a right at a lock of another authority", () => {
  const NBF_S = Date.UTC(2026, 10, 24, 4) / 1000;
  const at = (name: string) => join(folder, name);

  beforeAll(() => writeSharedDoor(folder, NBF_S));

  /** The only line about one file, when asked for the door of that number. */
  function ask(name: string, ...more: readonly string[]): NyckelRun {
    const question = ["--door", String(DOOR), ...more];
    const files = [at(name), "--anchor", at("anchor.cbor"), ...AT];
    return runNyckel("credential", "verify", ...files, ...question, "--json");
  }

  test("is for the owner's door of that number and for no other door of the same number", () => {
    const owner = ["--owner", String(HOST)];
    const shared = ask("shared.cbor", ...owner);
    expect(shared.exit).toBe(0);
    expect(shared.objects()[0]).toMatchObject({ ok: true, door: DOOR, owner: HOST });
    const own = ask("own.cbor");
    expect(own.exit).toBe(0);
    expect(own.objects()[0]).toMatchObject({ ok: true, door: DOOR });
    expect(own.objects()[0]).not.toHaveProperty("owner");
    const wrong = [
      ask("shared.cbor"),
      ask("own.cbor", ...owner),
      ask("shared.cbor", "--owner", String(HOST + 1)),
    ];
    for (const run of wrong) {
      expect(run.exit).toBe(1);
      expect(run.objects()[0]).toMatchObject({ ok: false, name: "TARGET_MISMATCH" });
    }
    const files = [at("shared.cbor"), "--anchor", at("anchor.cbor")];
    const forPeople = runNyckel("credential", "verify", ...files);
    expect(forPeople.out).toContain(`at door ${DOOR} of authority ${HOST} from`);
  });
});

describe("S6: a key with every right that it can hold", () => {
  test("holds 4000 and is refused the next, and each is a credential below 700 octets", () => {
    const out = join(folder, "full");
    const run = runNyckel(
      ...["credential", "export", "--scenario", "full", "--seed", "7", "--key", "1"],
      ...["--out", out, "--json"],
    );
    expect(run.exit).toBe(0);
    expect(run.objects()[0]).toMatchObject({
      rights: 4000,
      written: 4000,
      oneMore: "refused with E0306 RING_FULL",
    });
    const files = credentialsIn(out);
    expect(files.length).toBe(4000);
    const some = files.filter((_, index) => index % 100 === 0);
    for (const file of some) expect(readFileSync(file).length).toBeLessThanOrEqual(700);
    const own = join(out, "anchor.cbor");
    const verified = runNyckel("credential", "verify", ...some, "--anchor", own, ...AT, "--json");
    expect(verified.objects().at(-1)).toMatchObject({ good: some.length, ok: true });
  }, 120_000);
});
