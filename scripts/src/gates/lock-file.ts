// SPDX-License-Identifier: EUPL-1.2

import { missingOptionalPackages, packagesWithInstallScript, parseLockFile } from "../lock-file.ts";
import type { Gate } from "../run-gates.ts";

/**
 * package-lock.json is complete for every platform, and each install script was decided on.
 *
 * npm leaves out the optional packages of platforms that its registry does not serve, and then its
 * own `npm ci` refuses the file elsewhere; `npm run lock` puts them in. It also runs a script that
 * `allowScripts` does not name, with no more than a warning.
 */
export const lockFileGate: Gate = {
  name: "lock file",
  floor: 200,
  inspect: ({ read }) => {
    const lock = parseLockFile(read("package-lock.json") ?? '{"packages":{}}');
    const { allowScripts = {} } = JSON.parse(read("package.json") ?? "{}") as {
      readonly allowScripts?: Readonly<Record<string, boolean>>;
    };
    const findings = [
      ...missingOptionalPackages(lock).map(
        ({ name, version }) => `package-lock.json lacks ${name}@${version}: npm run lock`,
      ),
      ...packagesWithInstallScript(lock)
        .filter((name) => !Object.hasOwn(allowScripts, name))
        .map((name) => `allowScripts of package.json says nothing about ${name}`),
    ];
    return { looked: Object.keys(lock.packages).length, unit: "packages", findings };
  },
};
