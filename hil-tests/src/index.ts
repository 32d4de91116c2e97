// SPDX-License-Identifier: EUPL-1.2

/**
 * Reaching real boards: their contact over a serial line, and loading bundles into them.
 *
 * @packageDocumentation
 */

export { type BoardMessage, openSerialLink, type SerialLink } from "./serial-link.ts";
export { type Upload, type UploadReceipt, uploadBundle } from "./upload-bundle.ts";
