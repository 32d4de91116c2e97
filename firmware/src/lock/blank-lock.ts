// SPDX-License-Identifier: EUPL-1.2
import {
  decodeHello,
  encodeHelloAnswer,
  LINK_HELLO,
  LINK_HELLO_ANSWER,
  PROFILE_KEY_POWERED,
  ROLE_KEY,
  ROLE_LOCK,
} from "@nyckelring/protocol";
import { createMessageLink } from "../shared/link.ts";
import type { LockPorts, LockSteps } from "./lock-role.ts";

/** A device that was never commissioned: it answers `hello` with no devid and nothing else. */
export function createBlankLock(ports: LockPorts): LockSteps {
  const link = createMessageLink(ports.contact, ports.timer, onMessage, ignoreFault);

  function onMessage(kind: number, message: Uint8Array): void {
    if (kind !== LINK_HELLO) return;
    const hello = decodeHello(message);
    if (!hello.ok || hello.value !== ROLE_KEY) return;
    const answer = { role: ROLE_LOCK, profile: PROFILE_KEY_POWERED, devid: null };
    link.send(LINK_HELLO_ANSWER, encodeHelloAnswer(answer));
  }

  return {
    onContact() {
      link.reset();
    },
    onBytes: link.push,
    onBolt() {
      // A blank lock never moves its bolt, so its end switches tell nothing of interest.
    },
    onDoor() {
      // Nor is there anybody yet who would be told of its door.
    },
  };
}

function ignoreFault(): void {
  // A damaged frame is no event of the door: the key repeats itself or gives up.
}
