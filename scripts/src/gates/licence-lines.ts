// SPDX-License-Identifier: EUPL-1.2

import type { Gate } from "../run-gates.ts";

const SOURCE_FILE = /(\.(ts|js|cjs|mjs|sh|c|h|py|cddl)|^Makefile|^\.ci\/run)$/;

/** Every source file names its licence in the first line, or the second after a shebang. */
export const licenceGate: Gate = {
  name: "licence lines",
  floor: 250,
  inspect: ({ paths, read }) => {
    const sources = paths.filter((path) => SOURCE_FILE.test(path));
    const findings = sources
      .filter((path) => {
        const [first = "", second = ""] = (read(path) ?? "").split("\n", 2);
        const line = first.startsWith("#!") ? second : first;
        return !line.includes("SPDX-License-Identifier: EUPL-1.2");
      })
      .map((path) => `${path}: the first line must be the SPDX line`);
    return { looked: sources.length, unit: "source files", findings };
  },
};
