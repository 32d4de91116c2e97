// SPDX-License-Identifier: EUPL-1.2
import type { BoardBuild } from "../board-build.ts";
import { selectorContent, selectorName } from "../board-state.ts";
import type { Storage } from "./storage.ts";

/** Puts a build into an empty Storage, as the programmer of a factory would. */
export function installBuild(storage: Storage, build: BoardBuild): void {
  for (const file of [...build.modules, build.manifest]) {
    storage.write(`a.${file.name}`, file.content, 0, 0);
  }
  storage.write(".bootcde", build.boot.content, 0, 0);
  const content = selectorContent("a", build.securityVersion, 1);
  storage.write(selectorName(1), Buffer.from(content, "latin1"), 0, 0);
}
