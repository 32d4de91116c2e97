// SPDX-License-Identifier: EUPL-1.2

import { type Command, Option } from "commander";
import { completionScript, SHELLS } from "./completion.ts";
import type { ConfigShowOptions } from "./config.ts";
import type { BoardCommandOptions } from "./device-board.ts";
import type { FlashCommandOptions } from "./device-flash.ts";
import type { PermitKeyOptions, PermitOptions } from "./device-permit.ts";
import type { DoctorOptions } from "./doctor.ts";
import type { Output } from "./output.ts";
import type { SimAttachOptions } from "./sim-attach.ts";
import type { SimBoardOptions } from "./sim-board.ts";

const ROLES = ["key", "lock", "station"];

/** Adds the commands of boards and of the command itself: `device`, `doctor`, `config`, `completion`. */
export function addDeviceCommands(
  program: Command,
  output: Output,
  setExit: (code: number) => void,
): void {
  const device = program.command("device").description("boards on serial ports");
  device.addHelpText(
    "after",
    `
The port is --port, else that of the role in the rig file of --rig, else NYCKEL_PORT or NYCKEL_RIG,
else port: or rig: in nyckel.yaml. Without any of them each candidate (ports: in nyckel.yaml, and
boards that USB names) is asked for its role; several answers are an error with exit code 3, never a
guess.`,
  );
  addFlash(device, output, setExit);
  addPermit(device, output, setExit);
  addProvision(device, output, setExit);
  addBoard(device, output, setExit);

  withPort(
    program.command("doctor").description("what on this computer would keep a board from working"),
  ).action(async (options: DoctorOptions) => {
    const { runDoctor } = await import("./doctor.ts");
    setExit(await runDoctor(options, output));
  });

  const config = program.command("config").description("settings of this command");
  config
    .command("show")
    .description("print the settings in force")
    .option("--origin", "tell where each comes from")
    .option("--json", "print one object")
    .action(async (options: ConfigShowOptions) => {
      const { showConfig } = await import("./config.ts");
      showConfig(options, output);
    });
  config
    .command("path")
    .description("print the files that are looked at, the one that wins first")
    .action(async () => {
      const { showConfigPaths } = await import("./config.ts");
      showConfigPaths(output);
    });

  program
    .command("completion")
    .description("print a script that completes commands and options")
    .argument("<shell>", SHELLS.join(", "))
    .action((shell: string) => output.out(completionScript(program, shell)));
}

/** Adds `sim board` and `sim attach`. */
export function addSimBoardCommands(
  sim: Command,
  output: Output,
  setExit: (code: number) => void,
): void {
  sim
    .command("board")
    .description("run a virtual board with its console on a pseudo terminal")
    .requiredOption("--role <role>", ROLES.join(", "))
    .requiredOption("--pty <path>", "where the console appears")
    .requiredOption("--flash <file>", "image of the flash; made where it is missing, then kept")
    .option("--contact <path>", "where the contact appears")
    .option("--control <path>", "socket on which a bench sets time forward and switches the rest")
    .option("--baud <n>", "speed of console and contact; 0 for no limit", "115200")
    .option("--slowness <n>", "seconds here for one of the board, on a busy computer", "1")
    .option("--build <dir>", "what a new flash holds; without it firmware/dist")
    .option("--time <time>", "what its clock tells at the start; without it, it knows no time")
    .option("--bare", "a new flash holds nothing but the interpreter")
    .option("--cut-after-bytes <n>", "cut the power when the console has received so many octets")
    .option("--cut-after-writes <n>", "cut the power at this write of a word or erase of a page")
    .option("--json", "print events as one object a line")
    .action(async (options: SimBoardOptions) => {
      const { runSimBoard } = await import("./sim-board.ts");
      setExit(await runSimBoard(options, output));
    });
  sim
    .command("attach")
    .description("put one real board beside a simulated key and station")
    .requiredOption("--real <role=port>", "role and contact port of the real board")
    .option("--flash <role=file...>", "flash image of a simulated board; without it a blank one")
    .option("--build <role=dir...>", "build of a simulated board; without it firmware/dist")
    .option("--desk <dir>", "simulated boards are those of nyckel provision --board virtual")
    .option("--time <time>", "what their clocks tell at the start; without it that of the desk")
    .option("--json", "print events as one object a line")
    .action(async (options: SimAttachOptions) => {
      const { attachReal } = await import("./sim-attach.ts");
      setExit(await attachReal(options, output));
    });
}

function withPort(command: Command): Command {
  return command
    .option("--port <path>", "serial port of the console")
    .addOption(
      new Option("--rig <file>", "rig file; its board of the role is meant").conflicts("port"),
    )
    .option("--baud <n>", "speed of the console")
    .addOption(new Option("--role <role>", "role of the board that is meant").choices(ROLES))
    .option("--json", "print one object a line, a result or an error last");
}

/** `--all`: a named port is one board, so the two are a contradiction. */
function all(description: string): Option {
  return new Option("--all", description).conflicts("port");
}

function addFlash(device: Command, output: Output, setExit: (code: number) => void): void {
  withPort(device.command("flash").description("write a build into the slot that does not run"))
    .argument("[dir]", "folder of the build; without it the one of make firmware for the board")
    .option("--dry-run", "say what would be written")
    .addOption(all("every board of the build's role; without one every board of the rig"))
    .option("--permit <file>", "signed permit for a lower security version on this board")
    .option("--anchor <file>", "anchor file of the authority that signed the permit")
    .option("-q, --quiet", "the last line alone")
    .action(async (folder: string | undefined, options: FlashCommandOptions) => {
      const { flashDevice } = await import("./device-flash.ts");
      setExit(await flashDevice(folder, options, output));
    });
  withPort(device.command("verify").description("compare every file of a board with a build"))
    .argument("[dir]", "folder of the build; without it the one that make firmware made")
    .addOption(all("every board of the build's role; without one every board of the rig"))
    .option("-q, --quiet", "the last line alone")
    .action(async (folder: string | undefined, options: FlashCommandOptions) => {
      const { verifyDevice } = await import("./device-flash.ts");
      setExit(await verifyDevice(folder, options, output));
    });
}

function addPermit(device: Command, output: Output, setExit: (code: number) => void): void {
  withPort(
    device
      .command("permit")
      .description("sign leave for one build on one board although its security version is lower"),
  )
    .argument("[dir]", "folder of the build; without it the one of make firmware for the board")
    .requiredOption("--key <file>", "firmware key of the authority")
    .requiredOption("--until <time>", "end of the permit, ISO 8601")
    .requiredOption("--out <file>", "where the permit goes")
    .option("--serial <text>", "number of the chip of a board that is not here: nyckel device info")
    .action(async (folder: string | undefined, options: PermitOptions) => {
      const { signPermit } = await import("./device-permit.ts");
      setExit(await signPermit(folder, options, output));
    });
  device
    .command("permit-key")
    .description("make a firmware key and the anchor file that its permits are checked with")
    .requiredOption("--out <dir>", "where firmware.key and anchor.cbor go")
    .option("--root <file>", "root key of the authority; without it a new one, as root.key")
    .option("--authority <n>", "number of the authority", "1")
    .option("--json", "print one object")
    .action(async (options: PermitKeyOptions) => {
      const { makePermitKey } = await import("./device-permit.ts");
      setExit(makePermitKey(options, output));
    });
}

function addProvision(device: Command, output: Output, setExit: (code: number) => void): void {
  withPort(
    device
      .command("provision")
      .description("make a board a device in service, as nyckel provision has written it"),
  )
    .argument("<dir>", "folder of the device")
    .option("-y, --yes", "do not ask, also where the board is in service already")
    .option("--no-input", "never ask: without --yes that is an error then")
    .action(async (folder: string, options: BoardCommandOptions) => {
      const { provisionDevice } = await import("./device-provision.ts");
      setExit(await provisionDevice(folder, options, output));
    });
}

function addBoard(device: Command, output: Output, setExit: (code: number) => void): void {
  type Module = typeof import("./device-board.ts");
  const run =
    (choose: (module: Module) => (options: BoardCommandOptions, out: Output) => Promise<number>) =>
    async (options: BoardCommandOptions): Promise<void> => {
      setExit(await choose(await import("./device-board.ts"))(options, output));
    };
  withPort(device.command("list").description("serial ports of this computer; opens none"))
    .option("--ask", "ask each candidate which board it is")
    .action(run((module) => module.listDevices));
  withPort(device.command("info").description("what a board is and holds"))
    .addOption(all("every candidate, or every board of the rig"))
    .action(run((module) => module.showDevice));
  withPort(
    device.command("console").description("join this terminal to a board; Ctrl-] ends it"),
  ).action(run((module) => (options, out) => module.openConsole(options, out)));
  withPort(device.command("logs").description("listen to a board without sending anything"))
    .option("--for <seconds>", "end after so many seconds, for example 10s")
    .action(run((module) => module.followLogs));
  withPort(device.command("reset").description("restart a board and tell what runs")).action(
    run((module) => module.resetDevice),
  );
  withPort(device.command("lock").description("take every console from a commissioned board"))
    .option("-y, --yes", "do not ask")
    .option("--no-input", "never ask: without --yes this is an error")
    .addHelpText(
      "after",
      "\nThe last step of an installation. Only a service permit of the authority gives the console back.",
    )
    .action(run((module) => (options, out) => module.lockDevice(options, out)));
  withPort(device.command("erase").description("erase all of a board, its identity and log too"))
    .option("-y, --yes", "do not ask")
    .option("--no-input", "never ask: without --yes this is an error")
    .action(run((module) => (options, out) => module.eraseDevice(options, out)));
}
