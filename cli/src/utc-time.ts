// SPDX-License-Identifier: EUPL-1.2

import { UINT_MAX, USAGE } from "@nyckelring/protocol";
import { ToolError } from "./tool-error.ts";

const ISO = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}(?::\d{2})?)(Z|[+-]\d{2}:\d{2})?)?$/;

/** UTC seconds as people and machines read them, for example `2026-11-24T06:30:00Z`. */
export function isoOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

/**
 * Reads a time: ISO 8601, in UTC where it names no zone, or `now`.
 *
 * @returns UTC seconds.
 * @throws ToolError `USAGE` for a text that is no time, or one that the wire cannot say.
 */
export function readTime(option: string, text: string): number {
  if (text === "now") return Math.floor(Date.now() / 1000);
  const [, day, clock = "00:00:00", zone = "Z"] = ISO.exec(text) ?? [];
  const timeMs = day === undefined ? Number.NaN : Date.parse(`${day}T${clock}${zone}`);
  const seconds = Math.floor(timeMs / 1000);
  if (seconds >= 0 && seconds <= UINT_MAX) return seconds;
  throw new ToolError({
    code: USAGE,
    message: `${option} is "${text}", but must be a time such as 2026-11-24T06:30:00Z, or now`,
    state: "nothing was done",
    hint: `${option} 2026-11-24T06:30:00Z, or with a zone: ${option} 2026-11-24T07:30+01:00`,
    details: { option, value: text },
  });
}
