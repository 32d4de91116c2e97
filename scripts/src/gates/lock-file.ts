// SPDX-License-Identifier: EUPL-1.2

import { missingOptionalPackages, parseLockFile } from "../lock-file.ts";
import type { Gate } from "../run-gates.ts";

/**
 * package-lock.json is complete for every platform.
 *
 * npm leaves out the optional packages of platforms that its registry does not serve, and then its
 * own `npm ci` refuses the file elsewhere; `npm run lock` puts them in.
 */
export const lockFileGate: Gate = {
  name: "lock file",
  floor: 200,
  inspect: ({ read }) => {
    const lock = parseLockFile(read("package-lock.json") ?? '{"packages":{}}');
    const findings = missingOptionalPackages(lock).map(
      ({ name, version }) => `package-lock.json lacks ${name}@${version}: npm run lock`,
    );
    return { looked: Object.keys(lock.packages).length, unit: "packages", findings };
  },
};
