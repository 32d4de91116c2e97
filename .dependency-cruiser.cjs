// SPDX-License-Identifier: EUPL-1.2

/**
 * The import rules of the house (ARCHITECTURE.md draws them). A test is allowed to see more than
 * the code beside it, so most rules leave out `*.test.ts`; the boundaries between packages do not.
 */

const TESTS = "\\.test\\.ts$";
// Modules that are part of the interpreter itself, for the folder that may touch the board.
const ESPRUINO_MODULES = "^(Flash|Storage|crypto|net|Wifi)$";
const HOST_ENTRY = "^protocol/src/(host\\.ts|host/)";

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "no-circle",
      comment: "A circle hides which of two modules is the foundation.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "everything-resolves",
      comment: "An import that does not resolve would hide every rule below it.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: ESPRUINO_MODULES },
    },
    {
      name: "protocol-device-is-bare",
      comment: "The device entry of protocol runs on a board: nothing from npm, nothing of Node.",
      severity: "error",
      from: { path: "^protocol/src/", pathNot: [HOST_ENTRY, TESTS] },
      to: { pathNot: "^protocol/src/" },
    },
    {
      name: "protocol-device-not-host",
      comment: "The host entry of protocol uses Node, so device code must not reach it.",
      severity: "error",
      from: { path: "^(protocol|firmware)/src/", pathNot: [HOST_ENTRY, TESTS] },
      to: { path: HOST_ENTRY },
    },
    {
      name: "protocol-is-the-foundation",
      comment: "protocol knows none of the packages that are built on it.",
      severity: "error",
      from: { path: "^protocol/" },
      to: { path: "^(firmware|issuer|simulator|hil-tests|cli|scripts)/" },
    },
    {
      name: "firmware-is-bare",
      comment: "Device code is protocol's device entry and itself; a bundle has nothing else.",
      severity: "error",
      from: { path: "^firmware/src/", pathNot: ["^firmware/src/espruino/", TESTS] },
      to: { pathNot: "^(firmware|protocol)/src/" },
    },
    {
      name: "espruino-ports-are-bare",
      comment: "The ports of a board may use the interpreter's own modules, and nothing from npm.",
      severity: "error",
      from: { path: "^firmware/src/espruino/", pathNot: TESTS },
      to: { pathNot: ["^(firmware|protocol)/src/", ESPRUINO_MODULES] },
    },
    {
      name: "firmware-sees-protocol",
      comment: "Of the packages of the house, firmware sees protocol alone.",
      severity: "error",
      from: { path: "^firmware/" },
      to: { path: "^(issuer|simulator|hil-tests|cli|scripts)/" },
    },
    {
      name: "roles-are-strangers",
      comment: "Key, lock and station meet on a wire, never in an import.",
      severity: "error",
      from: { path: "^firmware/src/(key|lock|station)/", pathNot: TESTS },
      to: {
        path: "^firmware/src/(key|lock|station|espruino|boards|main)/",
        pathNot: "^firmware/src/$1/",
      },
    },
    {
      name: "shared-knows-no-role",
      comment: "What roles share must not depend on any of them.",
      severity: "error",
      from: { path: "^firmware/src/shared/", pathNot: TESTS },
      to: { path: "^firmware/src/(key|lock|station|espruino|boards|main)/" },
    },
    {
      name: "device-globals-stay-in-espruino",
      comment: "Only the wiring in main may choose the Espruino ports.",
      severity: "error",
      from: { path: "^firmware/src/", pathNot: ["^firmware/src/(espruino|boards|main)/", TESTS] },
      to: { path: "^firmware/src/(espruino|boards|main)/" },
    },
    {
      name: "issuer-sees-protocol",
      comment: "The authorization system knows formats, not devices.",
      severity: "error",
      from: { path: "^issuer/" },
      to: { path: "^(firmware|simulator|hil-tests|cli|scripts)/" },
    },
    {
      name: "issuer-domain-is-pure",
      comment: "The domain works over ports: no service code, nothing from npm, nothing of Node.",
      severity: "error",
      from: { path: "^issuer/domain/src/", pathNot: TESTS },
      to: { pathNot: ["^issuer/domain/src/", "^protocol/src/"] },
    },
    {
      name: "simulator-sees-the-domain",
      comment: "The simulator drives the domain; the service around it is not simulated.",
      severity: "error",
      from: { path: "^simulator/" },
      to: { path: "^(issuer/(?!domain/)|hil-tests/|cli/|scripts/)" },
    },
    {
      name: "suite-knows-no-driver",
      comment: "A case has the verbs of a person; what a board is made of stands in a rig file.",
      severity: "error",
      from: { path: "^hil-tests/suite/", pathNot: TESTS },
      to: {
        path: "^hil-tests/src/",
        pathNot: "^hil-tests/src/(run/case|board-driver/(bench|devices|stolen-key|town))\\.ts$",
      },
    },
    {
      name: "bench-sees-devices",
      comment: "The bench drives devices, real or simulated; it has no view into the issuer.",
      severity: "error",
      from: { path: "^hil-tests/" },
      to: { path: "^(issuer|cli|scripts)/" },
    },
    {
      name: "cli-is-a-leaf",
      comment: "The command is thin: whatever another package wants from it belongs elsewhere.",
      severity: "error",
      from: { pathNot: "^cli/" },
      to: { path: "^cli/" },
    },
    {
      name: "scripts-are-a-leaf",
      comment: "Repository tools are run, never imported.",
      severity: "error",
      from: { pathNot: "^scripts/" },
      to: { path: "^scripts/" },
    },
    {
      name: "oracle-shares-nothing",
      comment: "A judge that used the decision it judges would share its mistakes.",
      severity: "error",
      from: { path: "^simulator/src/(oracle|checkers)/", pathNot: TESTS },
      // The types of the issuer's journal are data; code is what must not be shared.
      to: { path: "^(protocol|firmware|issuer)/", dependencyTypesNot: ["type-only"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)dist/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.base.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "types", "node", "default"],
      extensions: [".ts", ".js", ".json"],
    },
  },
};
