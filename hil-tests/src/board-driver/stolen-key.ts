// SPDX-License-Identifier: EUPL-1.2
import { createMessageLink, type KeyContext, openKey, RING_SHIFT } from "@nyckelring/firmware";
import {
  type CborValue,
  decodeCbor,
  encodeCbor,
  encodeHello,
  LINK_EDHOC,
  LINK_HELLO,
  LINK_RECORD,
  MESSAGE,
  ROLE_KEY,
} from "@nyckelring/protocol";
import { createNodeCrypto, describe } from "@nyckelring/protocol/host";
import type { Bench, ProbeLine } from "./bench.ts";
import type { Key, Lock } from "./devices.ts";

function wordOf(code: number): Answer {
  return code === 0 ? "granted" : (describe(code)?.name ?? String(code));
}

/** What a thief shows to a lock. */
export type Shown = {
  readonly op?: number;
  /** Slot of the ring; the honest choice is the one for the door. */
  readonly slot?: number;
  /** Another head than the one of the shift ring, for a ring that was made for another key. */
  readonly head?: Uint8Array;
  /** Changes message_3 before it leaves. */
  readonly alter?: (message: Uint8Array) => Uint8Array;
};

/** How a lock answered a thief: `granted`, the name of a code, or `silent`. */
export type Answer = string;

/**
 * The memory of a key in the hands of somebody who does as they like: the key's side of the door
 * path without any of the key's own judgement. What it is refused, the lock refuses.
 */
export class StolenKey {
  readonly #bench: Bench;
  readonly #context: KeyContext;

  /** @param copy - A copy of a key, see `Town.copyOf`. */
  constructor(bench: Bench, copy: Key) {
    this.#bench = bench;
    const rest = { onMessage: () => undefined, onFault: () => undefined };
    const contact = { send: () => undefined };
    const timer = { after: () => 1, cancel: () => undefined };
    const nowS = bench.nowS();
    const context = openKey(
      {
        crypto: createNodeCrypto(),
        entropy: bench.random.split(`thief ${copy.name}`),
        flash: copy.unit.board.flash.cable,
        contact,
        timer,
        clock: { nowS: () => nowS, set: () => undefined },
        supply: { millivolts: () => 3300, percent: () => 100 },
        signal: { show: () => undefined },
      },
      createMessageLink(contact, timer, rest.onMessage, rest.onFault),
      () => undefined,
    );
    if (context === undefined) throw new Error(`${copy.name} is blank`);
    this.#context = context;
  }

  /** The slot of the shift ring that holds a leaf of a door, -1 for none. */
  slotOf(door: number): number {
    return this.#context.rings.ringAt(RING_SHIFT)?.store.find(0, door, 0) ?? -1;
  }

  /** Puts the memory into a lock and asks for its name. */
  async plug(lock: Lock): Promise<ProbeLine> {
    const line = await this.#bench.probe(lock);
    for (let tries = 0; tries < 40 && line.heard.length === 0; tries += 1) {
      line.say(LINK_HELLO, encodeHello(ROLE_KEY));
      await line.hear({ seconds: 0.1 });
    }
    // Hellos that crossed the answer are answered as well.
    await this.#bench.pass({ seconds: 0.5 });
    return line;
  }

  /** message_1 and message_2; false when the lock stayed silent or showed a strange certificate. */
  async begin(line: ProbeLine, head?: Uint8Array): Promise<boolean> {
    const { door, rings } = this.#context;
    const ring = rings.ringAt(RING_SHIFT);
    if (ring === undefined) throw new Error("the stolen key has no ring");
    door.reset();
    line.say(LINK_EDHOC, this.#taken(door.start(head ?? ring.head)));
    const answer = await line.hear();
    return answer !== undefined && door.checkMessage2(this.#put(answer.message)) === 0;
  }

  /** message_3 and message_4. */
  async finish(line: ProbeLine, shown: Shown = {}): Promise<Answer> {
    const { door, rings } = this.#context;
    const ring = rings.ringAt(RING_SHIFT);
    if (ring === undefined) throw new Error("the stolen key has no ring");
    const slot = shown.slot ?? this.slotOf(door.lock.door);
    door.useHead(shown.head ?? ring.head);
    const proof = ring.store.proofOf(slot);
    const bytes = door.buildMessage3(shown.op ?? 1, slot, proof.saltedLeaf, proof.path);
    if (bytes === 0) throw new Error(`message_3 cannot be built: ${door.faultCode}`);
    const message = this.#taken(bytes);
    line.say(LINK_EDHOC, shown.alter === undefined ? message : shown.alter(message));
    const answer = await line.hear({ seconds: 6 });
    if (answer === undefined) return "silent";
    const fault = door.checkMessage4(this.#put(answer.message));
    return wordOf(fault === 0 ? door.decision.code : fault);
  }

  /** A whole session. */
  async open(line: ProbeLine, shown: Shown = {}): Promise<Answer> {
    return (await this.begin(line, shown.head)) ? this.finish(line, shown) : "silent";
  }

  /** Asks with a record inside the session; undefined when the lock says nothing. */
  async ask(line: ProbeLine, type: number, body: CborValue): Promise<CborValue | undefined> {
    const { door } = this.#context;
    const bytes = door.sealRecord(type, encodeCbor(body));
    if (bytes === 0) return undefined;
    line.say(LINK_RECORD, this.#taken(bytes));
    const answer = await line.hear({ seconds: 6 });
    if (answer === undefined || door.openRecord(this.#put(answer.message)) < 0) return undefined;
    const decoded = decodeCbor(door.recordBody());
    return decoded.ok ? decoded.value : undefined;
  }

  #taken(bytes: number): Uint8Array {
    return this.#context.arena.slice(MESSAGE, MESSAGE + bytes);
  }

  #put(message: Uint8Array): number {
    this.#context.arena.set(message, MESSAGE);
    return message.length;
  }
}
