// SPDX-License-Identifier: EUPL-1.2

import { createCredulousCrypto } from "./credulous-crypto.ts";
import { decoderSubjects, type Subject } from "./decoder-subjects.ts";
import { doorSubjects } from "./door-subjects.ts";

export type { Subject } from "./decoder-subjects.ts";

/** Everything that takes octets of a stranger, over crypto that believes everything. */
export function createSubjects(): readonly Subject[] {
  const crypto = createCredulousCrypto();
  return decoderSubjects(crypto).concat(doorSubjects(crypto));
}
