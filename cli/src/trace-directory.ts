// SPDX-License-Identifier: EUPL-1.2

import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { FILE_UNREADABLE } from "@nyckelring/protocol";
import type { TraceFile, TraceSink } from "@nyckelring/simulator";
import { makeDirectory } from "./make-directory.ts";
import { ToolError } from "./tool-error.ts";

const FILES: readonly TraceFile[] = ["frames", "issuer", "devices", "world"];
/** Lines are kept back until this many characters, so that a trace costs few writes. */
const CHUNK_CHARACTERS = 65_536;

/** Files of a trace that is being written. */
export type TraceDirectory = {
  readonly sink: TraceSink;
  /** Writes what is kept back and closes the files. */
  readonly close: () => void;
};

/**
 * Opens the four files of a trace in a directory, which is made when it is missing. Files of an
 * earlier run are replaced.
 *
 * @throws ToolError `FILE_UNREADABLE` when the directory or a file cannot be written.
 */
export function openTraceDirectory(directory: string): TraceDirectory {
  const opened = new Map<TraceFile, number>();
  const kept = new Map<TraceFile, string>();

  function attempt<T>(action: () => T, state: string): T {
    try {
      return action();
    } catch (error) {
      throw new ToolError({
        code: FILE_UNREADABLE,
        message: `the trace cannot be written to "${directory}": ${reasonOf(error)}`,
        state,
        hint: "give a directory that you may write to, for example: --trace out/trace",
        details: { directory },
      });
    }
  }

  function flush(file: TraceFile): void {
    const descriptor = opened.get(file);
    const text = kept.get(file) ?? "";
    if (descriptor === undefined || text === "") return;
    attempt(() => writeSync(descriptor, text), "the trace is not complete");
    kept.set(file, "");
  }

  attempt(() => {
    makeDirectory(directory);
    for (const file of FILES) opened.set(file, openSync(join(directory, `${file}.ndjson`), "w"));
  }, "nothing was run");

  return {
    sink: (file, line) => {
      const text = `${kept.get(file) ?? ""}${line}\n`;
      kept.set(file, text);
      if (text.length >= CHUNK_CHARACTERS) flush(file);
    },
    close: () => {
      for (const file of FILES) {
        flush(file);
        const descriptor = opened.get(file);
        if (descriptor !== undefined) closeSync(descriptor);
      }
    },
  };
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  const words: Record<string, string> = {
    EACCES: "permission denied",
    ENOENT: "no directory can be made there",
    EPERM: "permission denied",
    EROFS: "the file system is read-only",
    ENOTDIR: "a part of the path is a file",
    EEXIST: "it is a file, not a directory",
    ENOSPC: "the disk is full",
  };
  return (code === undefined ? undefined : words[code]) ?? code ?? String(error);
}
