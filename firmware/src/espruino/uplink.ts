// SPDX-License-Identifier: EUPL-1.2
import type { UplinkPort } from "../ports.ts";

/**
 * A station without any way to the issuer: no link is ever up and what is published is dropped.
 *
 * The port allows exactly this, and the role then works from what was signed in advance. MQTT over
 * a board's network is not part of this build.
 */
export function createNoUplink(): UplinkPort {
  return { publish: () => undefined, links: () => [], use: () => undefined };
}
