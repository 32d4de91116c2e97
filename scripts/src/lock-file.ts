// SPDX-License-Identifier: EUPL-1.2

/** The parts of package-lock.json that matter here. */
export type LockFile = {
  readonly packages: Readonly<Record<string, LockEntry>>;
  readonly [other: string]: unknown;
};

type LockEntry = {
  readonly version?: string;
  /** The package's own name, where it is installed under another. */
  readonly name?: string;
  readonly hasInstallScript?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly [other: string]: unknown;
};

/** An optional package that the lock file should have; the platform is read off its name. */
export type OptionalPackage = {
  readonly name: string;
  readonly version: string;
  readonly os: string;
  readonly cpu: string;
  readonly libc: "glibc" | "musl" | undefined;
};

const SYSTEMS = [
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
];
const PROCESSORS = ["arm", "arm64", "ia32", "loong64", "ppc64", "riscv64", "s390x", "x64"];

export function parseLockFile(text: string): LockFile {
  return JSON.parse(text) as LockFile;
}

function platformOf(name: string): Pick<OptionalPackage, "os" | "cpu" | "libc"> | undefined {
  const parts = name.split("/").at(-1)?.split("-") ?? [];
  const os = SYSTEMS.find((system) => parts.includes(system));
  const cpu = PROCESSORS.find((processor) => parts.includes(processor));
  if (os === undefined || cpu === undefined) {
    return undefined;
  }
  const isMusl = parts.some((part) => part.startsWith("musl"));
  const isGlibc = os === "linux" && parts.some((part) => part.startsWith("gnu"));
  return { os, cpu, libc: isMusl ? "musl" : isGlibc ? "glibc" : undefined };
}

/** The optional packages for one platform that some package names and the lock file lacks. */
export function missingOptionalPackages(lock: LockFile): readonly OptionalPackage[] {
  const missing: OptionalPackage[] = [];
  for (const [place, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const platform = platformOf(name);
      const isPresent =
        `${place}/node_modules/${name}` in lock.packages || `node_modules/${name}` in lock.packages;
      if (!isPresent && platform !== undefined) {
        missing.push({ name, version, ...platform });
      }
    }
  }
  return missing;
}

/** Names of the packages that would run a script when they are installed, sorted, each once. */
export function packagesWithInstallScript(lock: LockFile): readonly string[] {
  const names = Object.entries(lock.packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([place, { name }]) => name ?? place.split("node_modules/").at(-1) ?? place);
  return [...new Set(names)].sort();
}

/**
 * Adds the missing optional packages, as entries without a hash: the platform that needs one gets
 * the pinned version from its registry.
 */
export function completeLockFile(lock: LockFile): LockFile {
  const packages: Record<string, LockEntry> = { ...lock.packages };
  for (const { name, version, os, cpu, libc } of missingOptionalPackages(lock)) {
    packages[`node_modules/${name}`] = {
      version,
      cpu: [cpu],
      ...(libc === undefined ? {} : { libc: [libc] }),
      optional: true,
      os: [os],
    };
  }
  const sorted = Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1));
  return { ...lock, packages: Object.fromEntries(sorted) };
}
