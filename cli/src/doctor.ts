// SPDX-License-Identifier: EUPL-1.2

import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { textOf } from "./config.ts";
import { candidatePorts, type PortOptions, rigBoards, settingsOf } from "./device-port.ts";
import type { Output } from "./output.ts";

/** One thing that was looked at. */
export type Finding = {
  readonly check: string;
  readonly verdict: "ok" | "warning" | "fault";
  readonly text: string;
  /** The next step; absent where all is well. */
  readonly hint?: string;
};

/** What the doctor looks at, so that a test can make it ill. */
export type Patient = {
  readonly nodeMajor: number;
  /** The error of loading serialport, or undefined. */
  readonly serialportError: string | undefined;
  readonly programs: { readonly socat: boolean; readonly udevadm: boolean; readonly stty: boolean };
  /** Names of all running processes. */
  readonly processes: readonly string[];
  readonly hasUdevRule: boolean;
  readonly nowMs: number;
  /** The newest of our own files: the clock cannot be before it. */
  readonly newestFileMs: number;
  readonly ports: readonly PortHealth[];
};

/** What is known of one port without opening it. */
export type PortHealth = {
  readonly path: string;
  readonly exists: boolean;
  readonly isDevice: boolean;
  readonly mayOpen: boolean;
  readonly group: string;
  readonly holder: { readonly pid: number; readonly name: string } | undefined;
};

const NODE_MAJOR_MIN = 24;
const DAY_MS = 86_400_000;

/** Judges what was found; the same patient always gives the same findings. */
export function examine(patient: Patient): readonly Finding[] {
  const findings: Finding[] = [];
  const note = (
    check: string,
    isWell: boolean,
    bad: "warning" | "fault",
    text: string,
    hint: string,
  ): void => {
    findings.push(isWell ? { check, verdict: "ok", text } : { check, verdict: bad, text, hint });
  };
  note(
    "node",
    patient.nodeMajor >= NODE_MAJOR_MIN,
    "fault",
    `Node ${patient.nodeMajor}, needed is ${NODE_MAJOR_MIN} or later`,
    "run make build, which brings its own Node",
  );
  note(
    "serialport",
    patient.serialportError === undefined,
    "fault",
    patient.serialportError ?? "the native part of serialport loads",
    "npm rebuild @serialport/bindings-cpp",
  );
  note(
    "socat",
    patient.programs.socat,
    "warning",
    patient.programs.socat ? "socat is here" : "socat is missing: no virtual boards",
    "make deps",
  );
  note(
    "udev",
    patient.programs.udevadm,
    "warning",
    patient.programs.udevadm ? "udevadm is here" : "udevadm is missing: ports are not listed",
    "name ports with --port or in nyckel.yaml",
  );
  const modem = patient.processes.includes("ModemManager");
  note(
    "modem-manager",
    !modem || patient.hasUdevRule,
    "warning",
    modem ? "ModemManager runs and talks to every new port" : "ModemManager does not run",
    "add a udev rule with ENV{ID_MM_DEVICE_IGNORE}=1, see docs/flashing.md",
  );
  const isBehind = patient.nowMs + DAY_MS < patient.newestFileMs;
  note(
    "clock",
    !isBehind,
    "fault",
    isBehind ? "the clock is behind the files of this program" : "the clock is not behind",
    "set the clock: rights and logs carry its time",
  );
  for (const port of patient.ports) {
    findings.push(judgePort(port));
  }
  return findings;
}

function judgePort({ path, exists, isDevice, mayOpen, group, holder }: PortHealth): Finding {
  const check = `port ${path}`;
  if (!exists) {
    return { check, verdict: "fault", text: "is not there", hint: "check cable and path" };
  }
  if (!isDevice) {
    return { check, verdict: "fault", text: "is no device", hint: "name a serial port" };
  }
  if (!mayOpen) {
    const hint = `sudo usermod -aG ${group} $USER, then log in again`;
    return { check, verdict: "fault", text: `may not be opened; it belongs to ${group}`, hint };
  }
  if (holder !== undefined) {
    const text = `is in use by ${holder.name} (pid ${holder.pid})`;
    return { check, verdict: "fault", text, hint: `close it, for example: kill ${holder.pid}` };
  }
  return { check, verdict: "ok", text: "is there, free, and may be opened" };
}

/** Options of `doctor`. */
export type DoctorOptions = PortOptions & { readonly json?: boolean };

/** Looks at this computer and says what would keep a board from working; 1 when there is a fault. */
export async function runDoctor(options: DoctorOptions, output: Output): Promise<number> {
  const findings = examine(await lookAround(options));
  const faults = findings.filter(({ verdict }) => verdict === "fault").length;
  const warnings = findings.filter(({ verdict }) => verdict === "warning").length;
  for (const { check, verdict, text, hint } of findings) {
    if (options.json === true) {
      output.out(
        `${JSON.stringify({ type: "finding", check, verdict, text, hint: hint ?? null })}\n`,
      );
    } else {
      output.out(`${verdict.padEnd(9)}${check}: ${text}\n`);
      if (hint !== undefined) {
        output.out(`         ${hint}\n`);
      }
    }
  }
  const summary = { type: "result", ok: faults === 0, checks: findings.length, faults, warnings };
  output.out(
    options.json === true
      ? `${JSON.stringify(summary)}\n`
      : `${findings.length} checks, ${faults} faults, ${warnings} warnings; nothing was opened or changed\n`,
  );
  return faults === 0 ? 0 : 1;
}

async function lookAround(options: DoctorOptions): Promise<Patient> {
  const settings = settingsOf(options);
  let serialportError: string | undefined;
  let ports: readonly string[] = [];
  try {
    const named = textOf(settings.port);
    const rig = (await rigBoards(settings)) ?? [];
    ports = [
      ...(named === undefined ? [] : [named]),
      ...rig.map(({ port }) => port.path),
      ...(await candidatePorts(settings)),
    ];
  } catch (error) {
    serialportError = error instanceof Error ? error.message : String(error);
  }
  return {
    nodeMajor: Number(process.versions.node.split(".")[0]),
    serialportError,
    programs: {
      socat: isInstalled("socat"),
      udevadm: isInstalled("udevadm"),
      stty: isInstalled("stty"),
    },
    processes: processNames(),
    hasUdevRule: hasUdevRule(),
    nowMs: Date.now(),
    newestFileMs: statSync(new URL(import.meta.url)).mtimeMs,
    ports: serialportError === undefined ? await Promise.all(ports.map(lookAtPort)) : [],
  };
}

function isInstalled(program: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function processNames(): readonly string[] {
  if (!existsSync("/proc")) {
    return [];
  }
  return readdirSync("/proc").flatMap((entry) => {
    try {
      return /^\d+$/.test(entry) ? [readFileSync(`/proc/${entry}/comm`, "utf8").trim()] : [];
    } catch {
      return [];
    }
  });
}

function hasUdevRule(): boolean {
  return ["/etc/udev/rules.d", "/lib/udev/rules.d", "/usr/lib/udev/rules.d"].some(
    (folder) => existsSync(folder) && readdirSync(folder).some((name) => name.includes("nyckel")),
  );
}

async function lookAtPort(path: string): Promise<PortHealth> {
  const { findHolder } = await import("@nyckelring/hil-tests");
  const status = statSync(path, { throwIfNoEntry: false });
  let mayOpen = false;
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    mayOpen = true;
  } catch {
    // Told by the finding.
  }
  return {
    path,
    exists: status !== undefined,
    isDevice: status?.isCharacterDevice() === true,
    mayOpen,
    group: groupName(status?.gid),
    holder: status === undefined ? undefined : findHolder(path),
  };
}

function groupName(gid: number | undefined): string {
  try {
    const line = readFileSync("/etc/group", "utf8")
      .split("\n")
      .find((one) => Number(one.split(":")[2]) === gid);
    return line?.split(":")[0] ?? "dialout";
  } catch {
    return "dialout";
  }
}
