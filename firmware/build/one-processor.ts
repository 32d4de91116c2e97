// SPDX-License-Identifier: EUPL-1.2
import { readFileSync } from "node:fs";

let taken = process.pid;

/**
 * The command that runs the interpreter's Linux build on one processor, another one each time; as it is where
 * the system does not tell which processors there are.
 *
 * A thread of that build plays the interrupts of a board, and its event queue (jsdevices.c) relies on an
 * interrupt not being interrupted: on two processors one side reads an event while the other lengthens it,
 * octets are lost or doubled, and the build ends with `ASSERT(len <= 64)`.
 */
export function onOneProcessor(command: readonly string[]): readonly string[] {
  const processors = allowedProcessors();
  const processor = processors[taken % processors.length];
  taken += 1;
  return processor === undefined ? command : ["taskset", "-c", String(processor), ...command];
}

/** The processors that this process may use, as Linux lists them: `0-3,8`. */
function allowedProcessors(): readonly number[] {
  let status: string;
  try {
    status = readFileSync("/proc/self/status", "latin1");
  } catch {
    return [];
  }
  const [, list = ""] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status) ?? [];
  return list.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
