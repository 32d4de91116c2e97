// SPDX-License-Identifier: EUPL-1.2

import type { FlashProgress } from "@nyckelring/hil-tests";
import type { Output } from "./output.ts";

const BAR_CELLS = 20;

/** Shows how far the writing is. */
export type ProgressShown = { show(progress: FlashProgress): void; end(): void };

/**
 * One line that is drawn anew on a terminal; elsewhere a line every ten percent, so that the log of
 * a build server stays short.
 *
 * @param nowMs - Milliseconds of a clock that never goes back.
 */
export function createProgress(output: Output, nowMs: () => number): ProgressShown {
  const startMs = nowMs();
  const isTerminal = output.isTerminal === true;
  let lastTenth = -1;
  let isDrawn = false;
  return {
    show({ phase, sentBytes, totalBytes }) {
      if (phase !== "write" || totalBytes === 0) {
        return;
      }
      const elapsedS = Math.max(0.001, (nowMs() - startMs) / 1000);
      const rate = sentBytes / elapsedS;
      const leftS = rate === 0 ? undefined : (totalBytes - sentBytes) / rate;
      const tenth = Math.floor((10 * sentBytes) / totalBytes);
      const left = leftS === undefined ? "" : `, ${leftS.toFixed(0)} s left`;
      const figures = `${kilobytes(sentBytes)} of ${kilobytes(totalBytes)} KiB, ${kilobytes(rate)} KiB/s${left}`;
      if (isTerminal) {
        const cells = Math.floor((BAR_CELLS * sentBytes) / totalBytes);
        const bar = "#".repeat(cells).padEnd(BAR_CELLS, ".");
        output.err(`\rwrite    [${bar}] ${figures}\u001b[K`);
        isDrawn = true;
      } else if (tenth > lastTenth) {
        output.err(`write    ${10 * tenth} %, ${figures}\n`);
      }
      lastTenth = Math.max(lastTenth, tenth);
    },
    end() {
      if (isDrawn) {
        output.err("\n");
        isDrawn = false;
      }
    },
  };
}

function kilobytes(bytes: number): string {
  return (bytes / 1024).toFixed(1);
}
