// SPDX-License-Identifier: EUPL-1.2
import {
  assert,
  type CryptoPort,
  type EntropyPort,
  octetAt,
  PROMISE_BROKEN,
  sliceBytes,
} from "@nyckelring/protocol";

/** Four fresh octets of a hardware generator as one number. */
export type RandomWord = () => number;

const BLOCK_BYTES = 32;
// NIST SP 800-90B §4.4.1 and §4.4.2 with an assumed 6 bits of entropy in an octet: six equal octets
// in a row, or the first octet of a window of 64 seen ten times, happen less often than once in 2^20.
const REPEATS_MAX = 5;
const WINDOW_OCTETS = 64;
const WINDOW_SAME_MAX = 9;

/**
 * The tests that every octet of a generator passes, over its whole life.
 *
 * @returns False where the generator is broken.
 */
export type HealthTest = (octets: Uint8Array) => boolean;

/**
 * Entropy from a hardware generator, watched and mixed.
 *
 * Every octet passes a repetition and a proportion test; a generator that fails one throws, which
 * stops the device, because a guessable secret is worse than none. What leaves is SHA-256 over a
 * pool and fresh octets, so that a weak stretch of the generator is covered by the earlier ones.
 */
export function createEntropy(
  crypto: CryptoPort,
  word: RandomWord,
  isHealthy: HealthTest = createHealthTest(),
): EntropyPort {
  // Number of the use (1 gives a block, 2 the next pool) | pool | fresh octets.
  const input = new Uint8Array(1 + 2 * BLOCK_BYTES);
  const words = new Uint32Array(BLOCK_BYTES / 4);
  const fresh = new Uint8Array(words.buffer);
  let isTested = false;

  function drawFresh(): void {
    // Called by the array itself: a loop of the script costs an interpreter ten times as much.
    words.set(words.map(word));
    if (!isHealthy(fresh)) assert(false, PROMISE_BROKEN);
  }

  function drawBlock(): Uint8Array {
    drawFresh();
    input.set(fresh, 1 + BLOCK_BYTES);
    input[0] = 1;
    const block = crypto.hash(input);
    input[0] = 2;
    input.set(crypto.hash(input), 1);
    input.fill(0, 1 + BLOCK_BYTES, input.length);
    words.fill(0);
    return block;
  }

  // The start-up test: one window is drawn and thrown away before anything is handed out. A lock answers
  // the greeting of a key before it needs a secret, so it does not wait for this.
  function startUp(): void {
    for (let octets = 0; octets < WINDOW_OCTETS; octets += BLOCK_BYTES) drawFresh();
    isTested = true;
  }

  return {
    fill(target, offset, bytes) {
      if (!isTested) startUp();
      for (let done = 0; done < bytes; done += BLOCK_BYTES) {
        const block = drawBlock();
        const wanted = bytes - done < BLOCK_BYTES ? bytes - done : BLOCK_BYTES;
        target.set(wanted === BLOCK_BYTES ? block : sliceBytes(block, 0, wanted), offset + done);
      }
    },
  };
}

/** The tests in script, where there is no native code for them. */
export function createHealthTest(): HealthTest {
  let last = -1;
  let repeats = 0;
  let windowFirst = -1;
  let windowSeen = 0;
  let windowSame = 0;

  return (octets) => {
    for (let index = 0; index < octets.length; index += 1) {
      const octet = octetAt(octets, index);
      repeats = octet === last ? repeats + 1 : 1;
      last = octet;
      if (repeats > REPEATS_MAX) return false;
      if (windowSeen === 0) {
        windowFirst = octet;
        windowSame = 0;
      }
      windowSeen = windowSeen === WINDOW_OCTETS - 1 ? 0 : windowSeen + 1;
      if (octet === windowFirst) {
        windowSame += 1;
        if (windowSame > WINDOW_SAME_MAX) return false;
      }
    }
    return true;
  };
}

/** The computer's generator, where a computer is the board. */
export function readSystemWord(): number {
  const file = E.openFile("/dev/urandom", "r");
  const bytes = E.toUint8Array(file.read(4) ?? "");
  file.close();
  assert(bytes.length === 4, PROMISE_BROKEN);
  return (
    octetAt(bytes, 0) +
    256 * octetAt(bytes, 1) +
    65536 * octetAt(bytes, 2) +
    16777216 * octetAt(bytes, 3)
  );
}
