// SPDX-License-Identifier: EUPL-1.2
import { existsSync } from "node:fs";
import type { PortEntry } from "../find-board.ts";
import type { RigRole } from "./rig-schema.ts";

/**
 * The device file of a real board now.
 *
 * @returns The path, or why there is none, as text.
 */
export function findPort(
  role: Extract<RigRole, { readonly kind: "real" }>,
  ports: readonly PortEntry[],
): { readonly path: string } | { readonly missing: string } {
  const { match, path } = role;
  if (match === undefined) {
    if (path === undefined) return { missing: "the rig file names neither match nor path" };
    return existsSync(path) ? { path } : { missing: `${path} does not exist` };
  }
  const found = ports.filter(({ usbSerial }) => usbSerial === match.usbSerial);
  const port = found[match.interface] ?? (found.length === 1 ? found[0] : undefined);
  if (port !== undefined) return { path: port.path };
  const seen = ports.map(({ usbSerial = "a port without number" }) => usbSerial).join(", ");
  return {
    missing: `no port has USB serial number ${match.usbSerial}; seen: ${seen === "" ? "none" : seen}`,
  };
}
