// SPDX-License-Identifier: EUPL-1.2

import { expect, test } from "vitest";
import { examine, type Patient, type PortHealth } from "./doctor.ts";
import { main } from "./nyckel.ts";

const HEALTHY_PORT: PortHealth = {
  path: "/dev/ttyACM0",
  exists: true,
  isDevice: true,
  mayOpen: true,
  group: "dialout",
  holder: undefined,
};

const HEALTHY: Patient = {
  nodeMajor: 24,
  serialportError: undefined,
  programs: { socat: true, udevadm: true, stty: true },
  processes: ["init", "bash"],
  hasUdevRule: false,
  nowMs: 2_000_000_000,
  newestFileMs: 1_900_000_000,
  ports: [HEALTHY_PORT],
};

const ill = (patient: Partial<Patient>): string =>
  examine({ ...HEALTHY, ...patient })
    .filter(({ verdict }) => verdict !== "ok")
    .map(({ check, verdict, hint }) => `${verdict} ${check}: ${hint}`)
    .join("\n");

const illPort = (port: Partial<PortHealth>): string =>
  ill({ ports: [{ ...HEALTHY_PORT, ...port }] });

test("a healthy computer has no findings but good ones", () => {
  expect(ill({})).toBe("");
  expect(examine(HEALTHY)).toHaveLength(7);
});

test.each([
  ["an old Node", ill({ nodeMajor: 20 }), "fault node: "],
  ["a serialport that does not load", ill({ serialportError: "no binding" }), "npm rebuild"],
  [
    "no socat",
    ill({ programs: { ...HEALTHY.programs, socat: false } }),
    "warning socat: make deps",
  ],
  ["ModemManager", ill({ processes: ["ModemManager"] }), "warning modem-manager: add a udev rule"],
  ["a clock that is behind", ill({ nowMs: 0, newestFileMs: 1e12 }), "fault clock: set the clock"],
  ["a port that is not there", illPort({ exists: false }), "check cable and path"],
  ["a port that is a file", illPort({ isDevice: false }), "name a serial port"],
  ["a port without rights", illPort({ mayOpen: false }), "usermod -aG dialout"],
  ["a busy port", illPort({ holder: { pid: 4711, name: "screen" } }), "kill 4711"],
])("finds %s and says what to do", (_name, found, wanted) => {
  expect(found).toContain(wanted);
  expect(found.split("\n")).toHaveLength(1);
});

test("tells a port that is not there with exit code 1, one object a line", async () => {
  let out = "";
  const exit = await main(["doctor", "--port", "/dev/no-such-port", "--json"], {
    out: (part) => {
      out += part;
    },
    err: () => undefined,
  });
  expect(exit).toBe(1);
  const objects = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(objects.at(-1)).toMatchObject({ type: "result", ok: false });
  expect(objects).toContainEqual(
    expect.objectContaining({ check: "port /dev/no-such-port", verdict: "fault" }),
  );
});
