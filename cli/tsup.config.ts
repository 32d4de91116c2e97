// SPDX-License-Identifier: EUPL-1.2

import { defineConfig } from "tsup";

/**
 * One bundle of the command and of all workspace packages behind it, so that it starts fast and runs
 * without the sources. Packages with native parts stay outside.
 */
const config = defineConfig({
  entry: { nyckel: "src/nyckel.ts" },
  format: "esm",
  platform: "node",
  target: "node24",
  splitting: true,
  clean: ["dist/*.js"],
  dts: false,
  sourcemap: false,
  noExternal: [/^@nyckelring\//, "commander"],
  external: ["cbor-x", "serialport", "espruino", "yaml", "zod"],
});

export default config;
