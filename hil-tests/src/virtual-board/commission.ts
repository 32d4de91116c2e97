// SPDX-License-Identifier: EUPL-1.2
import type { BoardBuild } from "../board-build.ts";
import { type FlashImage, openFlashImage } from "./flash-image.ts";
import { installBuild } from "./install-build.ts";
import { openStorage } from "./storage.ts";
import { type DeviceRole, MODEL_OF_ROLE } from "./virtual-board.ts";

/**
 * Writes the flash of a virtual board that is in service: its build, and what an installer and the
 * shifts since then have left in the pages of its role.
 *
 * @param path - File of the image; it must not be there yet.
 * @param pages - Content of the role's area from its first page on; what follows is blank.
 * @throws Error where the area of the board is too small for what the pages hold.
 */
export function writeBoardInService(
  path: string,
  role: DeviceRole,
  build: BoardBuild,
  pages: Uint8Array,
): void {
  const flash = openFlashImage(MODEL_OF_ROLE[role].geometry, path);
  try {
    const storage = openStorage(flash);
    installBuild(storage, build);
    writePages(flash, role, pages);
  } finally {
    flash.close();
  }
}

/** Makes the area of a role as its firmware would, and fills it. */
function writePages(flash: FlashImage, role: DeviceRole, pages: Uint8Array): void {
  const { board } = MODEL_OF_ROLE[role];
  const wiring = board.flash[role];
  if (wiring === undefined) {
    throw new Error(`the board ${board.name} has no area for a ${role}`);
  }
  const { name, pageBytes, pageCount } = wiring;
  const held = pages.subarray(0, pageCount * pageBytes);
  if (pages.subarray(held.length).some((octet) => octet !== 0xff)) {
    throw new Error(`${pages.length} octets do not fit into ${pageCount} pages of a ${role}`);
  }
  const storage = openStorage(flash);
  // One page more than needed, because the content of a file starts anywhere in a page.
  storage.write(name, Buffer.from(" "), 0, (pageCount + 1) * pageBytes);
  const address = storage.addressOf(name) ?? 0;
  const first = Math.ceil(address / pageBytes) * pageBytes;
  if (first === address) {
    // The octet that Storage demands for a new file lies in the first page.
    flash.erasePage(first);
  }
  flash.program(first, held);
}
