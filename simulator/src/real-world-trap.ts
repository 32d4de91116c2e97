// SPDX-License-Identifier: EUPL-1.2

/** Raised when code inside a run reaches for the real clock, real chance or a real timer. */
export class RealWorldTouched extends Error {
  constructor(name: string) {
    super(`a simulated run used ${name}; take time and chance from the ports`);
    this.name = "RealWorldTouched";
  }
}

const FORBIDDEN_GLOBALS = [
  "Date",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "performance",
  "fetch",
] as const;

/**
 * Runs `run` while the wall clock, `Math.random`, timers and the network are out of reach.
 *
 * A lint sees only our own source; this sees every package that a run calls.
 *
 * Security: it is a fence against accidents, not a sandbox; code that keeps its own reference to
 * one of these from before the run is not stopped.
 *
 * @param run - Synchronous; a promise that it returns would settle outside the fence.
 * @public
 */
export function withoutRealWorld<T>(run: () => T): T {
  const holder = globalThis as unknown as Record<string, unknown>;
  const restore: (() => void)[] = [];

  function forbid(owner: Record<string, unknown> | object, name: string, shown: string): void {
    const original = Object.getOwnPropertyDescriptor(owner, name);
    restore.push(() => {
      if (original === undefined) Reflect.deleteProperty(owner, name);
      else Object.defineProperty(owner, name, original);
    });
    // A plain function, because `new` asks its target for a constructor before it asks the proxy.
    const refuse = function refuse(): never {
      throw new RealWorldTouched(shown);
    };
    const stand = new Proxy(refuse, { get: refuse, construct: refuse, apply: refuse });
    Object.defineProperty(owner, name, { configurable: true, writable: true, value: stand });
  }

  for (const name of FORBIDDEN_GLOBALS) forbid(holder, name, name);
  forbid(Math, "random", "Math.random");
  forbid(process, "hrtime", "process.hrtime");
  forbid(process, "uptime", "process.uptime");
  forbid(globalThis.crypto, "getRandomValues", "crypto.getRandomValues");
  try {
    return run();
  } finally {
    for (const undo of restore.reverse()) undo();
  }
}
