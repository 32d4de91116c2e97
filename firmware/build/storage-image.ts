// SPDX-License-Identifier: EUPL-1.2
import type { BundleFile } from "./build-bundle.ts";

/** Octets of the emulated flash of the interpreter's Linux build, all of it Storage. */
export const LINUX_STORAGE_BYTES = 256 * 1024;

const HEADER_BYTES = 32;
const NAME_BYTES = 28;
const ERASED = 0xff;

/**
 * Lays files out as the interpreter's Storage does.
 *
 * One after the other, at addresses divisible by 4: 24 bits of size and 8 of flags, 28 octets of
 * name, the content. What is free is erased.
 *
 * @throws for a name or an amount of content that Storage has no room for.
 */
export function storageImage(files: readonly BundleFile[], bytes: number): Uint8Array {
  const image = new Uint8Array(bytes).fill(ERASED);
  let at = 0;
  for (const { name, content } of files) {
    if (name.length > NAME_BYTES || content.length === 0) {
      throw new Error(`Storage takes no file ${name} of ${content.length} octets`);
    }
    const end = at + HEADER_BYTES + content.length;
    if (end > bytes) throw new Error(`Storage of ${bytes} octets is full at ${name}`);
    new DataView(image.buffer).setUint32(at, content.length, true);
    image.fill(0, at + 4, at + HEADER_BYTES);
    image.set(Buffer.from(name, "ascii"), at + 4);
    image.set(content, at + HEADER_BYTES);
    at = (end + 3) & ~3;
  }
  return image;
}
