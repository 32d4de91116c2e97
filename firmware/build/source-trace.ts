// SPDX-License-Identifier: EUPL-1.2
import { SourceMap, type SourceMapPayload } from "node:module";

import type { Insertion } from "./declare-early.ts";

/** A place in a source file; the line counts from 1. */
export interface SourcePlace {
  readonly file: string;
  readonly line: number;
}

/** Leads from a character of the bundle to the source that it came from. */
export interface SourceTrace {
  /** @returns undefined where a stage made the text up, so that no source stands behind it. */
  find(offset: number): SourcePlace | undefined;
}

/**
 * Chains the source maps of all stages behind the bundle.
 *
 * @param insertions - Text put in after the last mapped stage.
 * @param maps - One map per stage, the latest stage first.
 */
export function createSourceTrace(
  insertions: readonly Insertion[],
  maps: readonly string[],
): SourceTrace {
  const chain = maps.map((text) => new SourceMap(parsePayload(text)));
  return {
    find(offset) {
      // Terser writes one line, so an offset is a column; later stages count lines.
      let line = 0;
      let column = offset - insertedBefore(offset, insertions);
      let file: string | undefined;
      for (const map of chain) {
        const entry = map.findEntry(line, column);
        if (!("originalLine" in entry)) {
          return undefined;
        }
        line = entry.originalLine;
        column = entry.originalColumn;
        file = entry.originalSource;
      }
      return file === undefined ? undefined : { file, line: line + 1 };
    },
  };
}

function insertedBefore(offset: number, insertions: readonly Insertion[]): number {
  let inserted = 0;
  for (const one of insertions) {
    if (one.offset + inserted < offset) {
      inserted += one.characters;
    }
  }
  return inserted;
}

function parsePayload(text: string): SourceMapPayload {
  const value: unknown = JSON.parse(text);
  if (!isPayload(value)) {
    throw new Error("a stage wrote no source map");
  }
  return value;
}

function isPayload(value: unknown): value is SourceMapPayload {
  return (
    typeof value === "object" &&
    value !== null &&
    "mappings" in value &&
    typeof value.mappings === "string" &&
    "sources" in value &&
    Array.isArray(value.sources)
  );
}
