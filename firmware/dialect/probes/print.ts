// SPDX-License-Identifier: EUPL-1.2

/** Console of the interpreter, or the collector of a test in Node. */
declare const emit: (line: string) => void;

/** Prints a line that looks the same in Node and in the interpreter. */
export function print(...values: readonly unknown[]): void {
  let line = "probe";
  for (let index = 0; index < values.length; index += 1) {
    line += ` ${String(values[index])}`;
  }
  emit(line);
}
