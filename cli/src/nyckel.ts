// SPDX-License-Identifier: EUPL-1.2

import { USAGE } from "@nyckelring/protocol";
import { Command, CommanderError } from "commander";
import { addDeviceCommands, addSimBoardCommands } from "./device-commands.ts";
import { addExamples } from "./examples.ts";
import { explain } from "./explain.ts";
import { addHilCommands } from "./hil-commands.ts";
import { type Output, processOutput } from "./output.ts";
import { addProtocolCommands } from "./protocol-commands.ts";
import type { ProvisionOptions } from "./provision.ts";
import { formatForMachines, formatForPeople, ToolError } from "./tool-error.ts";
import { showVersion } from "./version.ts";

/** Exit code of an error that is ours. */
const EXIT_DEFECT = 70;

/** Options of `sim run`, as commander hands them over. */
export type SimRunOptions = {
  readonly seed?: string;
  readonly days?: string;
  readonly json?: boolean;
  readonly trace?: string;
  readonly report?: string;
  readonly junit?: string;
  readonly quiet?: boolean;
};

/**
 * Runs the command with these arguments and tells the exit code; see the table in
 * docs/commands.md. Nothing but this function decides how a failure is shown.
 *
 * @param args - Without the node binary and the script.
 * @public
 */
export async function main(
  args: readonly string[],
  output: Output = processOutput(),
): Promise<number> {
  const isJson = args.includes("--json");
  const isVerbose = args.includes("-vv");
  const shown = args.includes("--no-color") ? withoutColor(output) : output;
  let exit = 0;
  const program = buildProgram(output, (code) => {
    exit = code;
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return exit;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      return showError(usageError(error), shown, isJson);
    }
    if (error instanceof ToolError) {
      const exit = showError(error, shown, isJson);
      if (isVerbose || args.includes("-v") || args.includes("--verbose")) showDetails(error, shown);
      return exit;
    }
    showDefect(error, output, isJson, isVerbose);
    return EXIT_DEFECT;
  }
}

/** The whole command, for this run. @internal */
export function buildProgram(output: Output, setExit: (code: number) => void): Command {
  const program = new Command("nyckel");
  program
    .description("Tools of Nyckelring: simulate, explain, flash boards, and later commission.")
    .option("-v, --verbose", "say more; -vv shows a stack trace with an error of ours")
    .option("--no-color", "no colours; the same as NO_COLOR=1")
    .addHelpText(
      "after",
      `
Examples:
  nyckel demo
  nyckel sim run pilot --seed 7 --json
  nyckel device flash --role lock --port /dev/ttyACM0
  nyckel explain E0803

Exit codes: 0 done, 1 the answer is no, 2 usage, 3 no device or several, 4 port busy or forbidden,
5 device silent, 6 device refused, 7 service unreachable, 130 interrupted; all in docs/commands.md.`,
    )
    .configureOutput({ writeOut: output.out, writeErr: () => undefined })
    .showSuggestionAfterError()
    .exitOverride();

  const sim = program.command("sim").description("the whole system in one process");
  sim
    .command("run")
    .description("run a scenario and judge it")
    .argument("<scenario>", "name of the scenario, for example: pilot; or a scenario file, *.yaml")
    .option("--seed <n>", "whole number, or random; random without it, and 1 for a file")
    .option("--days <n>", "days of the first phase, 1 without it; not for a file")
    .option("--json", "print one object in the last line of standard output")
    .option("--trace <dir>", "write the trace as NDJSON files into this directory")
    .option("--report <dir>", "write report.html and trace.perfetto.json into this directory")
    .option("--junit <file>", "write the judgement as a JUnit file")
    .option("-q, --quiet", "no progress on standard error")
    .action(async (scenario: string, options: SimRunOptions) => {
      const { runSimulation } = await import("./sim-run.ts");
      setExit(runSimulation(scenario, options, output));
    });
  addSimBoardCommands(sim, output, setExit);

  sim
    .command("schema")
    .description("print the JSON Schema of scenario files, for editors")
    .action(async () => {
      const { jsonSchemaOf, SCENARIO_SHAPE } = await import("@nyckelring/simulator");
      output.out(`${JSON.stringify(jsonSchemaOf(SCENARIO_SHAPE), null, 2)}\n`);
    });

  program
    .command("demo")
    .description("run the pilot day of seed 7 and tell its story")
    .action(async () => {
      const { runSimulation } = await import("./sim-run.ts");
      setExit(runSimulation("pilot", { seed: "7", days: "1" }, output));
    });

  program
    .command("explain")
    .description("tell what a code means and what to do")
    .argument("<code>", "for example E0402 or RING_EXPIRED")
    .option("--json", "print one object")
    .action((code: string, options: { readonly json?: boolean }) => {
      explain(code, options.json === true, output);
    });

  program
    .command("provision")
    .description("write devices in service as files, for interpreters and virtual boards")
    .requiredOption("--out <dir>", "directory for one folder a device")
    .option("--seed <n>", "whole number", "7")
    .option("--board <name>", "linux, linux-arm with native code, or virtual", "linux")
    .option("--firmware <dir>", "what make firmware has built", "firmware/dist")
    .option("--service <hours>", "the key carries a permit for the console of the locked lock")
    .option("--json", "print one object")
    .action(async (options: ProvisionOptions) => {
      const { provision } = await import("./provision.ts");
      setExit(await provision(options, output));
    });

  addProtocolCommands(program, output, setExit);
  addDeviceCommands(program, output, setExit);
  addHilCommands(program, output, setExit);

  program
    .command("version")
    .description("tell the version")
    .option("--json", "print one object")
    .action((options: { readonly json?: boolean }) => showVersion(options.json === true, output));
  addExamples(program);
  return program;
}

function usageError(error: CommanderError): ToolError {
  const isHelp = error.code === "commander.help" || error.message === "(outputHelp)";
  const [first, ...rest] = error.message.replace(/^error: /, "").split("\n");
  const suggestion = rest.join(" ").replace(/[()]/g, "").trim();
  return new ToolError({
    code: USAGE,
    message: isHelp ? "no command was given" : (first ?? "the command cannot be understood"),
    state: "nothing was run",
    hint: suggestion === "" ? "nyckel --help, or: nyckel sim run --help" : suggestion,
  });
}

function showError(error: ToolError, output: Output, isJson: boolean): number {
  if (isJson) output.out(`${formatForMachines(error)}\n`);
  output.err(formatForPeople(error, output.paint));
  return error.describe().exit;
}

function showDetails(error: ToolError, output: Output): void {
  for (const [name, value] of Object.entries(error.parts.details ?? {})) {
    output.err(`  ${name}: ${value}\n`);
  }
}

function withoutColor({ paint: _paint, ...plain }: Output): Output {
  return plain;
}

function showDefect(error: unknown, output: Output, isJson: boolean, isVerbose: boolean): void {
  const message = error instanceof Error ? error.message : String(error);
  const hint = isVerbose
    ? "please report the lines below"
    : "repeat with -vv and report the output";
  if (isJson) {
    const exit = EXIT_DEFECT;
    const fields = { code: "E7F01", name: "PROMISE_BROKEN", exit, retryable: false };
    const state = "unknown";
    output.out(
      `${JSON.stringify({ type: "error", ...fields, message, state, hint, details: {} })}\n`,
    );
  }
  output.err(`error[E7F01 PROMISE_BROKEN]: ${message}\nthis is an error of ours\nhelp: ${hint}\n`);
  if (isVerbose && error instanceof Error) output.err(`${error.stack ?? ""}\n`);
}
