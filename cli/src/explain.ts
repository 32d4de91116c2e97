// SPDX-License-Identifier: EUPL-1.2

import { RECORD_UNKNOWN } from "@nyckelring/protocol";
import { CODES, findCode } from "@nyckelring/protocol/host";
import type { Output } from "./output.ts";
import { ToolError } from "./tool-error.ts";

/**
 * Tells what a code means, in English and Swedish, and what to do.
 *
 * @throws ToolError `RECORD_UNKNOWN` for a code that the table does not have.
 */
export function explain(text: string, isJson: boolean, output: Output): void {
  const found = findCode(text);
  if (found === undefined) {
    throw new ToolError({
      code: RECORD_UNKNOWN,
      message: `there is no code "${text}"`,
      state: `the table has ${CODES.length} codes`,
      hint: "write it as it was shown, for example: nyckel explain E0402",
      details: { asked: text },
    });
  }
  if (isJson) {
    output.out(`${JSON.stringify({ type: "result", ...found })}\n`);
    return;
  }
  output.out(
    [
      `${found.label}  (${found.kind}, then: ${found.action}, exit ${found.exit})`,
      "",
      found.en,
      `What to do: ${found.remedyEn}`,
      "",
      found.sv,
      `Gör så här: ${found.remedySv}`,
      "",
    ].join("\n"),
  );
}
