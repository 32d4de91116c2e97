// SPDX-License-Identifier: EUPL-1.2
import { createContext, runInContext } from "node:vm";
import { crc32 } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";

import { buildLoader } from "./build-bundle.ts";
import { type Slot, selectorFile } from "./slot-files.ts";

/** Storage as a board has it: names and octets, in the order of their making. */
type Files = Map<string, string>;

let loader = "";

beforeAll(async () => {
  loader = await buildLoader("lock");
});

function text(content: Uint8Array): string {
  return Buffer.from(content).toString("latin1");
}

/** An application of a slot: it says which one it is, and `ok` unless it fails. */
function application(files: Files, slot: Slot, version: string, isGood = true): void {
  files.set(`${slot}.lock`, `booted=${JSON.stringify(version)};${isGood ? "nk.ok();" : ""}`);
  files.set(`${slot}.manifest`, JSON.stringify({ board: "linux", version, securityVersion: 1 }));
}

function select(files: Files, slot: Slot, generation: number, securityVersion = 1): void {
  const { name, content } = selectorFile(slot, generation, securityVersion);
  files.set(name, text(content));
}

/** What the loader told the interpreter, in order. */
let told: unknown[] = [];

/** One power-on: what was booted, and what `nk.info()` says. */
function powerOn(files: Files): { booted: string | undefined; info: Record<string, unknown> } {
  const storage = {
    list: (pattern: RegExp) => [...files.keys()].filter((name) => pattern.test(name)),
    read(name: string, offset = 0, bytes?: number) {
      const content = files.get(name);
      return content?.slice(offset, bytes === undefined ? undefined : offset + bytes);
    },
    write(name: string, content: string, offset = 0, size = content.length) {
      const old = (files.get(name) ?? "").padEnd(size, "\u00ff");
      files.set(name, old.slice(0, offset) + content + old.slice(offset + content.length));
      return true;
    },
  };
  told = [];
  const context = createContext({
    require: () => storage,
    E: {
      CRC32: (covered: string) => crc32(covered),
      setConsole: (device: unknown, options: unknown) => told.push([device, options]),
      enableWatchdog: (seconds: number) => told.push(["watchdog", seconds]),
    },
    NRF: {
      sleep: () => told.push("sleep"),
      setServices: (services: unknown, options: unknown) => told.push([services, options]),
    },
  });
  runInContext(loader, context);
  const booted: unknown = runInContext("typeof booted==='undefined'?'':booted", context);
  return {
    booted: booted === "" ? undefined : String(booted),
    info: JSON.parse(String(runInContext("nk.info()", context))),
  };
}

describe("the loader", () => {
  test("boots the newest application and tells what it is in one line", () => {
    const files: Files = new Map();
    application(files, "a", "old");
    application(files, "b", "new");
    select(files, "a", 9);
    select(files, "b", 10);
    expect(powerOn(files)).toEqual({
      booted: "new",
      info: {
        role: "lock",
        board: "linux",
        version: "new",
        securityVersion: 1,
        slot: "b",
        generation: 10,
        isBlank: true,
        isLocked: false,
        state: "running",
      },
    });
  });

  test("is blank and stays up where there is nothing to boot", () => {
    expect(powerOn(new Map())).toMatchObject({ booted: undefined, info: { state: "blank" } });
  });

  test("boots the old application wherever an update is cut, and the new one after its end", () => {
    const update: Files = new Map();
    application(update, "b", "new");
    select(update, "b", 2);
    const steps = [...update];
    let cuts = 0;
    for (let done = 0; done < steps.length; done += 1) {
      const [name, content] = steps[done] as [string, string];
      for (let octets = 0; octets < content.length; octets += 1) {
        const files: Files = new Map();
        application(files, "a", "old");
        select(files, "a", 1);
        for (const [earlier, whole] of steps.slice(0, done)) files.set(earlier, whole);
        // A file that was torn has its length and ends in erased octets.
        files.set(name, content.slice(0, octets).padEnd(content.length, "\u00ff"));
        expect(powerOn(files).booted, `${name} cut at ${octets}`).toBe("old");
        cuts += 1;
      }
    }
    expect(cuts).toBeGreaterThan(80);
    const files: Files = new Map();
    application(files, "a", "old");
    select(files, "a", 1);
    for (const [name, whole] of steps) files.set(name, whole);
    expect(powerOn(files).booted).toBe("new");
    files.delete("nk.sel.1");
    expect(powerOn(files).booted).toBe("new");
  });

  test("takes the console away and starts the watchdog first where the device was locked down", () => {
    const files: Files = new Map([["nk.locked", "1"]]);
    expect(powerOn(files).info).toMatchObject({ state: "blank", isLocked: true });
    expect(JSON.stringify(told)).toBe(
      '[[null,{"force":true}],["watchdog",15],"sleep",[{},{"uart":false}]]',
    );
    files.delete("nk.locked");
    expect(powerOn(files).info).toMatchObject({ isLocked: false });
    expect(told).toEqual([]);
  });

  test("goes back from an application that does not say ok at two boots", () => {
    const files: Files = new Map();
    application(files, "a", "old");
    application(files, "b", "bad", false);
    select(files, "a", 1);
    expect(powerOn(files).booted).toBe("old");
    select(files, "b", 2);
    const booted = [1, 2, 3, 4].map(() => powerOn(files).booted);
    expect(booted).toEqual(["bad", "bad", "old", "old"]);
  });

  test("writes nothing more once an application has said ok", () => {
    const files: Files = new Map();
    application(files, "a", "good");
    select(files, "a", 1);
    powerOn(files);
    const before = [...files];
    powerOn(files);
    expect([...files]).toEqual(before);
  });

  test("takes no application with an older security version than one that has said ok", () => {
    const files: Files = new Map();
    application(files, "a", "secure");
    select(files, "a", 1, 2);
    expect(powerOn(files).booted).toBe("secure");
    application(files, "b", "older");
    select(files, "b", 2, 1);
    expect(powerOn(files).booted).toBe("secure");
  });
});
