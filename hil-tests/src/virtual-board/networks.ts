// SPDX-License-Identifier: EUPL-1.2

/** A network that a station may be in reach of. */
export type NetworkName = "wifi" | "gsm";

/** What the air around a board carries. */
export interface Networks {
  has(name: NetworkName): boolean;
  set(names: readonly NetworkName[]): void;
  /** The listener is told of every change. @returns What ends that. */
  listen(listener: () => void): () => void;
}

/** Air in which every network is there until somebody says otherwise. */
export function createNetworks(): Networks {
  let there: readonly NetworkName[] = ["wifi", "gsm"];
  const listeners = new Set<() => void>();
  return {
    has: (name) => there.includes(name),
    set(names) {
      there = names;
      for (const listener of [...listeners]) listener();
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
