// SPDX-License-Identifier: EUPL-1.2

/** Prints the seed once per run, so that any failure below it can be repeated. */
export default function announceSeed(): void {
  const seed = process.env["SEED"] ?? "missing";
  process.stdout.write(`seed ${seed} (repeat this run with SEED=${seed})\n`);
}
