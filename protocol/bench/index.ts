// SPDX-License-Identifier: EUPL-1.2

/**
 * What the protocol costs, each figure beside a limit that the same run measured.
 *
 * @packageDocumentation
 */

import { EDHOC_BYTES_MAX } from "../src/index.ts";
import { benchDoorSession, doorMessages } from "./door-session.ts";
import { bytesFigure, type Figure } from "./figure.ts";
import { benchDecoding } from "./objects.ts";
import { benchRingIssue, ringSizes } from "./ring.ts";

export type { Figure } from "./figure.ts";

/**
 * Measures everything.
 *
 * @param rounds - more of them find more undisturbed turns
 * @param onFigure - called with each figure as soon as it is there
 */
export function benchProtocol(rounds: number, onFigure: (figure: Figure) => void): void {
  for (const figure of benchDoorSession(rounds)) onFigure(figure);
  for (const figure of benchRingIssue(rounds)) onFigure(figure);
  for (const figure of benchDecoding(rounds)) onFigure(figure);
  for (const figure of sizeFigures()) onFigure(figure);
}

/** The figures of octets alone; they need no clock. */
export function sizeFigures(): readonly Figure[] {
  const messages = doorMessages().map((message, index) =>
    bytesFigure(`EDHOC message_${index + 1}`, message.length, EDHOC_BYTES_MAX),
  );
  return [...messages, ...ringSizes()];
}
