// SPDX-License-Identifier: EUPL-1.2

import { readFileSync } from "node:fs";
import type { Output } from "./output.ts";

/** Tells the version of the system and of the Node that runs it. */
export function showVersion(isJson: boolean, output: Output): void {
  // Both the bundle and the source lie one folder below the manifest.
  const manifest = JSON.parse(
    readFileSync(new URL("../package.json", import.meta.url), "utf8"),
  ) as { readonly version: string };
  const { version } = manifest;
  const node = process.versions.node;
  if (isJson) output.out(`${JSON.stringify({ type: "result", name: "nyckel", version, node })}\n`);
  else output.out(`nyckel ${version} (Node ${node})\n`);
}
