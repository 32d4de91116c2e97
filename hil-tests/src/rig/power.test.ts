// SPDX-License-Identifier: EUPL-1.2
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PowerFault, switchBoardPower } from "./power.ts";

let folder = "";
let server: Server | undefined;
const path = process.env["PATH"];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nyckelring-power-"));
});
afterEach(async () => {
  process.env["PATH"] = path;
  await new Promise<void>((resolve) => {
    if (server === undefined) resolve();
    else server.close(() => resolve());
  });
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** A switch on the network that answers as it is told. */
async function startSwitch(status: number): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const opened = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.statusCode = status;
    response.end();
  });
  server = opened;
  await new Promise<void>((resolve) => void opened.listen(0, "127.0.0.1", () => resolve()));
  return { url: `http://127.0.0.1:${(opened.address() as AddressInfo).port}`, asked };
}

/** A program that writes down what it was called with. */
function program(name: string, exit = 0): { readonly file: string; said(): string } {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\necho "$@" >> ${file}.log\nexit ${exit}\n`);
  chmodSync(file, 0o755);
  return { file, said: () => readFileSync(`${file}.log`, "utf8") };
}

test("a switch on the network is asked for off and then for on, and a refusal is a fault", async () => {
  const good = await startSwitch(200);
  const wiring = { driver: "http", onUrl: `${good.url}/on`, offUrl: `${good.url}/off` } as const;
  await switchBoardPower({ ...wiring, offMs: 1 }, "cycle", undefined);
  expect(good.asked).toEqual(["/off", "/on"]);
  await new Promise<void>((resolve) => void server?.close(() => resolve()));
  const bad = await startSwitch(503);
  const refused = { ...wiring, onUrl: `${bad.url}/on`, offMs: 1 };
  await expect(switchBoardPower(refused, "on", undefined)).rejects.toThrow(
    new PowerFault(`${bad.url}/on answered 503`),
  );
});

test("a command is run with its arguments and without a shell, and its failure is a fault", async () => {
  const relay = program("relay");
  const wiring = {
    driver: "command",
    on: [relay.file, "on", "3; reboot"],
    off: [relay.file, "off"],
    offMs: 1,
  } as const;
  await switchBoardPower(
    { ...wiring, on: [...wiring.on], off: [...wiring.off] },
    "cycle",
    undefined,
  );
  expect(relay.said()).toBe("off\non 3; reboot\n");
  const broken = program("broken", 4);
  const off = { driver: "command" as const, on: [broken.file], off: [broken.file], offMs: 1 };
  await expect(switchBoardPower(off, "off", undefined)).rejects.toThrow(
    /power driver "command" failed/,
  );
});

test("uhubctl is called with hub, port and action", async () => {
  const hub = program("uhubctl");
  process.env["PATH"] = `${folder}:${path}`;
  const wiring = { driver: "uhubctl", hub: "1-1.4", port: 2, offMs: 1 } as const;
  await switchBoardPower(wiring, "cycle", undefined);
  expect(hub.said()).toBe("-l 1-1.4 -p 2 -a off\n-l 1-1.4 -p 2 -a on\n");
});

test("a person is asked, and where nobody is there or no driver is named that is a fault", async () => {
  const asked: string[] = [];
  await switchBoardPower({ driver: "manual" }, "cycle", async (text) => void asked.push(text));
  expect(asked).toEqual(["switch the board off", "switch the board on"]);
  await expect(switchBoardPower({ driver: "manual" }, "on", undefined)).rejects.toThrow("nobody");
  await expect(switchBoardPower({ driver: "none" }, "on", undefined)).rejects.toThrow("no power");
});
