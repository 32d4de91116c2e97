// SPDX-License-Identifier: EUPL-1.2

import type { Command } from "commander";
import type { Output } from "./output.ts";

/** Options of `hil run`, as commander hands them over. */
export type HilRunOptions = {
  readonly rig?: string;
  readonly set?: readonly string[];
  readonly requireReal?: readonly string[];
  readonly repeat?: string;
  readonly failOnFlaky?: boolean;
  readonly seed?: string;
  readonly report?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
};

const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];

/** Adds `hil` and `rig` to the command. */
export function addHilCommands(
  program: Command,
  output: Output,
  setExit: (code: number) => void,
): void {
  const hil = program.command("hil").description("the acceptance suite on a rig of boards");
  hil
    .command("run")
    .description("play the suite, or the cases that a pattern names")
    .argument("[pattern]", "regular expression over names, rows and sentences of the cases")
    .option("--rig <file>", "rig file; three simulated boards without it")
    .option("--set <role=kind>", "another kind for a role: real, sim or interpreter", collect)
    .option("--require-real <role>", "fail when this role is no real board", collect)
    .option("--repeat <n>", "play each case so often, each time with other chance", "1")
    .option("--fail-on-flaky", "exit 11 when a case passed only on a later try")
    .option("--seed <n>", "whole number, or random", "random")
    .option("--report <dir>", "folder of the report; a new one in out/hil without it")
    .option("--json", "one object for each case, the last one with the result")
    .option("-q, --quiet", "no cases that passed")
    .action(async (pattern: string | undefined, options: HilRunOptions) => {
      const { runHil } = await import("./hil-run.ts");
      setExit(await runHil(pattern, options, output));
    });
  hil
    .command("list")
    .description("list the cases")
    .argument("[pattern]", "as for hil run")
    .option("--json", "one object for each case")
    .action(async (pattern: string | undefined, options: { readonly json?: boolean }) => {
      const { listCases } = await import("./hil-run.ts");
      setExit(listCases(pattern, options.json === true, output));
    });
  hil
    .command("report")
    .description("tell the result of a run again")
    .argument("[run]", "folder of a report, or its number in out/hil; the last one without it")
    .option("--json", "print run.json")
    .action(async (run: string | undefined, options: { readonly json?: boolean }) => {
      const { showReport } = await import("./hil-report.ts");
      setExit(showReport(run, options.json === true, output));
    });
  hil
    .command("compare")
    .description("tell what is different between two runs; exit 1 when a case got worse")
    .argument("<before>", "folder of a report, or its number in out/hil")
    .argument("<after>", "the same")
    .option("--json", "print one object")
    .action(async (before: string, after: string, options: { readonly json?: boolean }) => {
      const { compareReports } = await import("./hil-report.ts");
      setExit(compareReports(before, after, options.json === true, output));
    });
  addRigCommands(program, output, setExit);
}

function addRigCommands(program: Command, output: Output, setExit: (code: number) => void): void {
  const rig = program.command("rig").description("which boards play which roles");
  rig
    .command("init")
    .description("write a rig file to begin with")
    .argument("<file>", "for example desk.yaml; an existing file is left alone")
    .option("--json", "print one object")
    .action(async (file: string, options: { readonly json?: boolean }) => {
      const { initRig } = await import("./rig-run.ts");
      setExit(initRig(file, options.json === true, output));
    });
  rig
    .command("list")
    .description("list rig files and the boards on USB")
    .option("--json", "one object for each")
    .action(async (options: { readonly json?: boolean }) => {
      const { listRigs } = await import("./rig-run.ts");
      setExit(await listRigs(options.json === true, output));
    });
  rig
    .command("check")
    .description("check a rig file and that every board in it is there; ends a quarantine")
    .requiredOption("--rig <file>", "rig file")
    .option("--json", "one object for each role")
    .action(async (options: { readonly rig: string; readonly json?: boolean }) => {
      const { checkRig } = await import("./rig-run.ts");
      setExit(await checkRig(options.rig, options.json === true, output));
    });
  rig
    .command("status")
    .description("tell who holds the boards, and how they behaved")
    .requiredOption("--rig <file>", "rig file")
    .option("--json", "one object for each role")
    .action(async (options: { readonly rig: string; readonly json?: boolean }) => {
      const { showRigStatus } = await import("./rig-run.ts");
      setExit(showRigStatus(options.rig, options.json === true, output));
    });
  rig
    .command("power")
    .description("switch the power of a board by its driver")
    .argument("<role>", "key, station or lock")
    .argument("<state>", "on, off or cycle")
    .requiredOption("--rig <file>", "rig file")
    .option("--json", "print one object")
    .action(
      async (
        role: string,
        state: string,
        options: { readonly rig: string; readonly json?: boolean },
      ) => {
        const { switchPower } = await import("./rig-run.ts");
        setExit(await switchPower(options.rig, role, state, options.json === true, output));
      },
    );
  rig
    .command("schema")
    .description("print the JSON Schema of rig files")
    .action(async () => {
      const { showSchema } = await import("./rig-run.ts");
      setExit(showSchema(output));
    });
}
