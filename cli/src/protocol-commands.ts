// SPDX-License-Identifier: EUPL-1.2

import type { Command } from "commander";
import type { CredentialExportOptions } from "./credential-export.ts";
import type { CredentialVerifyOptions } from "./credential-verify.ts";
import type { DecodeOptions } from "./decode.ts";
import type { Output } from "./output.ts";

/** Adds the commands that speak of the protocol itself: `credential`, `decode` and `bench`. */
export function addProtocolCommands(
  program: Command,
  output: Output,
  setExit: (code: number) => void,
): void {
  const credential = program.command("credential").description("single rights as files");
  credential
    .command("export")
    .description("have a ring issued and write its rights as files that verify alone")
    .requiredOption("--scenario <name>", "pilot, or full for a ring of 4000")
    .option("--seed <n>", "whole number", "7")
    .option("--key <n>", "number of the key, from 1", "1")
    .option("--limit <n>", "write at most so many credentials")
    .requiredOption("--out <dir>", "directory for anchor.cbor and the credentials")
    .option("--json", "print one object")
    .action(async (options: CredentialExportOptions) => {
      const { exportCredentials } = await import("./credential-export.ts");
      setExit(exportCredentials(options, output));
    });
  credential
    .command("verify")
    .description("verify credentials with an anchor file and nothing else")
    .argument("<file...>", "credential files")
    .requiredOption("--anchor <file>", "anchor file of the authority")
    .option("--door <n>", "demand a right to this door")
    .option("--owner <n>", "the door belongs to a lock of this other authority, which numbers it")
    .option("--group <n>", "demand a right to this group; with --door either will do")
    .option("--at <time>", "judge for this time: ISO 8601, or now; without it time is not judged")
    .option("--json", "print one object a file and a result")
    .action(async (files: string[], options: CredentialVerifyOptions) => {
      const { verifyCredentials } = await import("./credential-verify.ts");
      setExit(verifyCredentials(files, options, output));
    });
  program
    .command("decode")
    .description("print any object, message or frame of the protocol with names")
    .argument("<hex or file>", "octets as hexadecimal text, or a file that holds them")
    .option("--anchor <file>", "anchor file, to check signatures")
    .option("--json", "print one object")
    .action(async (given: string, options: DecodeOptions) => {
      const { decode } = await import("./decode.ts");
      setExit(decode(given, options, output));
    });
  const bench = program.command("bench").description("measure against limits of the same run");
  bench
    .command("protocol")
    .description("cost of sessions, rings and objects, each against its bare operations")
    .option("--json", "print one object a line")
    .option("--rounds <n>", "rounds of measuring; more find more undisturbed turns", "15")
    .action(async (options: { readonly json?: boolean; readonly rounds: string }) => {
      const { benchProtocol } = await import("./bench-protocol.ts");
      setExit(benchProtocol(options, output));
    });
  for (const [subject, description] of [
    ["native", "instructions of the boards' native code, on a Cortex-M4 in QEMU"],
    ["session", "a door session under the interpreter's Arm build (ESPRUINO_ARM)"],
  ] as const) {
    bench
      .command(subject)
      .description(description)
      .option("--json", "print one object a line")
      .action(async (options: { readonly json?: boolean }) => {
        const { benchNative } = await import("./bench-native.ts");
        setExit(benchNative(subject, options.json === true, output));
      });
  }
}
