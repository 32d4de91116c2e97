// SPDX-License-Identifier: EUPL-1.2

import type { Command } from "commander";

/** Lines to copy, for every command that does something; a test reads each as the command would. */
export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  demo: ["nyckel demo"],
  explain: ["nyckel explain E0402", "nyckel explain RING_EXPIRED --json"],
  provision: [
    "nyckel provision --out out/devices --seed 7",
    "nyckel provision --board virtual --out out/desk",
    "nyckel provision --board virtual --out out/desk --service 2",
  ],
  version: ["nyckel version --json"],
  decode: [
    "nyckel decode 8301f6f5",
    "nyckel decode out/ring/credential-0000.cbor --anchor out/ring/anchor.cbor",
  ],
  "sim run": [
    "nyckel sim run pilot --seed 7 --json",
    "nyckel sim run simulator/scenarios/forced-door.yaml --report out/report",
  ],
  "sim schema": ["nyckel sim schema > out/scenario.schema.json"],
  "sim board": [
    "nyckel sim board --role lock --pty out/lock --flash out/lock.flash --contact out/contact",
    "nyckel device info --port out/lock",
  ],
  "sim attach": [
    "nyckel sim attach --real lock=/dev/ttyUSB0",
    "nyckel sim attach --real lock=out/contact --desk out/desk",
  ],
  "credential export": [
    "nyckel credential export --scenario pilot --seed 7 --key 1 --out out/ring",
  ],
  "credential verify": [
    "nyckel credential verify out/ring/credential-0000.cbor --anchor out/ring/anchor.cbor --at now",
  ],
  "bench protocol": ["nyckel bench protocol --rounds 5 --json"],
  "bench native": ["nyckel bench native"],
  "bench session": ["ESPRUINO_ARM=/opt/espruino-arm nyckel bench session"],
  "hil run": ["nyckel hil run", "nyckel hil run T8 --rig hil-tests/rigs/all-sim.yaml --seed 7"],
  "hil list": ["nyckel hil list T8"],
  "hil report": ["nyckel hil report 1"],
  "hil compare": ["nyckel hil compare 1 2"],
  "rig init": ["nyckel rig init out/desk.yaml"],
  "rig list": ["nyckel rig list --json"],
  "rig check": ["nyckel rig check --rig hil-tests/rigs/desk.yaml"],
  "rig status": ["nyckel rig status --rig hil-tests/rigs/desk.yaml"],
  "rig power": ["nyckel rig power lock cycle --rig hil-tests/rigs/desk.yaml"],
  "rig schema": ["nyckel rig schema > out/rig.schema.json"],
  "device flash": [
    "nyckel device flash --role lock --port /dev/ttyACM0",
    "nyckel device flash firmware/dist/key/xiao-nrf52840 --dry-run",
    "nyckel device flash --role lock --all --json > flash.ndjson",
    "nyckel device flash --all --rig hil-tests/rigs/desk.yaml",
  ],
  "device verify": ["nyckel device verify --role lock --port /dev/ttyACM0"],
  "device permit": [
    "nyckel device permit --role lock --port out/lock --key out/keys/firmware.key --until 2026-12-31 --out out/permit.cbor",
    "nyckel device permit old/lock --serial 0011223344556677 --key firmware.key --until 2026-12-31 --out permit.cbor",
  ],
  "device provision": ["nyckel device provision out/desk/lock --port /dev/ttyACM0"],
  "device permit-key": ["nyckel device permit-key --out out/keys"],
  "device list": ["nyckel device list --ask"],
  "device info": ["nyckel device info --port /dev/ttyACM0 --json"],
  "device console": ["echo 'process.env' | nyckel device console --port out/lock"],
  "device logs": ["nyckel device logs --role lock --for 60s --json"],
  "device reset": ["nyckel device reset --role lock"],
  "device lock": ["nyckel device lock --port /dev/ttyACM0 --yes"],
  "device erase": ["nyckel device erase --port /dev/ttyACM0 --yes"],
  doctor: ["nyckel doctor", "nyckel doctor --port /dev/ttyACM0 --json"],
  "config show": ["NYCKEL_BAUD=9600 nyckel config show --origin"],
  "config path": ["nyckel config path"],
  completion: ["source <(nyckel completion bash)", "nyckel completion fish | source"],
};

/** Every command of a program that has no further commands below it, by its words. */
export function leavesOf(program: Command): ReadonlyMap<string, Command> {
  const leaves = new Map<string, Command>();
  const walk = (command: Command, path: string): void => {
    const children = command.commands.filter((child) => child.name() !== "help");
    for (const child of children) {
      walk(child, path === "" ? child.name() : `${path} ${child.name()}`);
    }
    if (children.length === 0) {
      leaves.set(path, command);
    }
  };
  walk(program, "");
  return leaves;
}

/** Puts the examples below the help of each command. */
export function addExamples(program: Command): void {
  for (const [path, command] of leavesOf(program)) {
    const lines = EXAMPLES[path] ?? [];
    const title = lines.length === 1 ? "Example" : "Examples";
    command.addHelpText("after", `\n${title}:\n${lines.map((line) => `  ${line}`).join("\n")}`);
  }
}
