// SPDX-License-Identifier: EUPL-1.2
// Measures the issue of a ring of 4000 against the bare hashes that it takes and one signature, and
// counts the octets of what travels.

import { createNodeCrypto } from "../src/host.ts";
import {
  type CryptoPort,
  diffRings,
  encodeRingBundle,
  encodeRingDelta,
  type Leaf,
  ringRoot,
  signRingHead,
} from "../src/index.ts";
import { headOf, makeWorld, type World } from "../test/door-fixture.ts";
import { bareHash, bareHmac } from "./bare.ts";
import { bytesFigure, type Figure, measureInTurn, timeFigure } from "./figure.ts";

const RIGHTS = 4000;
const RING_GOAL = 1.5;
const FIRST_DOOR = 20_001;
const WIDE_DOOR = 100_000;
const FULL_RING_BYTES_MAX = 60_000;
const SHIFT_START_BYTES_MAX = 300;

/** Issue of a full ring: salts, tree, and the signed head over its root. */
export function benchRingIssue(rounds: number): readonly Figure[] {
  const world = makeWorld(createNodeCrypto(), RIGHTS);
  const issue = (crypto: CryptoPort) =>
    signRingHead(
      headOf(world, { root: ringRoot(crypto, world.ringSecret, world.slots) }),
      world.ringSigner,
    );
  const bare = recordBare(issue);
  const message = new Uint8Array(200);
  const runBare = () => {
    for (const run of bare) run();
    world.ringSigner.key.sign(message);
  };
  const turns = { rounds, warmUp: 10, turns: 4 };
  const [valueUs = 0, limitUs = 0] = measureInTurn([() => issue(world.crypto), runBare], turns);
  return [timeFigure(`ring issue, ${RIGHTS} rights`, { valueUs, limitUs }, RING_GOAL)];
}

/**
 * Octets of a whole ring and of a shift that begins with an unchanged one.
 *
 * Doors have the highest numbers of a city with 24 000 locks. A number above 65 535 takes two
 * octets more in each leaf; what such a ring takes is shown without a goal.
 */
export function ringSizes(): readonly Figure[] {
  const world = makeWorld(createNodeCrypto(), RIGHTS);
  const slots = world.slots.map((leaf, slot) => ({ ...leaf, target: FIRST_DOOR + slot }));
  const wide = world.slots.map((leaf, slot) => ({ ...leaf, target: WIDE_DOOR + slot }));
  const whole = `full ring, ${RIGHTS} rights, head and delta from nothing`;
  const unchanged = "unchanged shift start, head and delta";
  return [
    bytesFigure(whole, bundleBytes(world, [], slots), FULL_RING_BYTES_MAX),
    bytesFigure(unchanged, bundleBytes(world, slots, slots), SHIFT_START_BYTES_MAX),
    {
      ...bytesFigure(`${whole}, door numbers above 65535`, bundleBytes(world, [], wide), 1),
      ...{ limit: null, ratio: null, goal: null, ok: true },
    },
  ];
}

function bundleBytes(world: World, previous: readonly Leaf[], slots: readonly Leaf[]): number {
  const { crypto, ringSecret } = world;
  const root = ringRoot(crypto, ringSecret, slots);
  const head = signRingHead(headOf(world, { root }), world.ringSigner);
  const delta = encodeRingDelta(diffRings(crypto, ringSecret, previous, slots));
  return encodeRingBundle({ head, delta, floors: null }).length;
}

/** The hashes of one issue as calls on Node's own functions, over octets made before. */
function recordBare(issue: (crypto: CryptoPort) => unknown): readonly (() => unknown)[] {
  const port = createNodeCrypto();
  const bare: (() => unknown)[] = [];
  issue({
    ...port,
    hash(message) {
      bare.push(bareHash(message));
      return port.hash(message);
    },
    hmac(key, message) {
      bare.push(bareHmac(key, message));
      return port.hmac(key, message);
    },
  });
  return bare;
}
