// SPDX-License-Identifier: EUPL-1.2
import { type Result, succeed } from "@nyckelring/protocol";
import { createAdministration } from "./administration.ts";
import type { Issuer } from "./api.ts";
import { openAuthority } from "./authority.ts";
import { createEmergency } from "./emergency.ts";
import { createEnrolment } from "./enrolment.ts";
import { reconcileGroups } from "./group-doors.ts";
import { tellHistory } from "./history.ts";
import { createHosts } from "./hosts.ts";
import { openJournal } from "./journal.ts";
import { createWithdrawal } from "./live-rings.ts";
import { createLogIntake } from "./log-intake.ts";
import type { IssuerPorts } from "./ports.ts";
import { createQueries } from "./queries.ts";
import { createRevocation } from "./revocation.ts";
import { createRingIssue } from "./ring-issue.ts";
import { authorise } from "./role-model.ts";
import { createStationExchange } from "./station-exchange.ts";
import { createStationWatch } from "./station-watch.ts";

/** What is decided once for an authority. @public */
export type IssuerSettings = {
  /**
   * 1 to 65535: the number under which locks know it. A test authority is another number with a
   * store and a vault of its own, and shares nothing with production.
   */
  readonly authority: number;
  /**
   * What a key does whose log is full of entries that are not home: open on and declare in gap
   * records what it overwrites, which is the default, or open nothing until it has synced. Each
   * ring head carries the answer under its signature; emergency rings open in any case.
   */
  readonly stopsAtFullLog?: boolean;
};

/**
 * Opens the authorization system of one authority over its store; an empty store founds it.
 *
 * Requires: one issuer at a time over a store; the vault belongs to the store.
 *
 * @public
 */
export function createIssuer(
  ports: IssuerPorts,
  settings: IssuerSettings = { authority: 1 },
): Issuer {
  const journal = openJournal(ports);
  const authority = openAuthority(journal, settings.authority);
  const revocation = createRevocation(journal, authority);
  const rings = createRingIssue(journal, authority, revocation, settings.stopsAtFullLog === true);
  const intake = createLogIntake(journal, authority);
  const administration = createAdministration(journal);
  const withdrawal = createWithdrawal(journal, rings);
  const watch = createStationWatch(journal);

  /** Whatever moves a consent may move a lock out of its groups or back. */
  function followed<T>(outcome: Result<T>): Result<T> {
    if (outcome.ok) reconcileGroups(journal, authority);
    return outcome;
  }

  return {
    authority: authority.number,
    founder: authority.founder,
    rootKey: authority.rootKey,
    issuerAgreementKey: authority.agreementPublicKey,
    register: journal.register,
    ...administration,
    ...createEnrolment(journal, authority, revocation),
    ...createHosts(journal, authority),
    ...createEmergency(journal, rings),
    ...createStationExchange(journal, authority, rings, intake, watch),
    watchStations: watch.watchStations,
    stationHealth: watch.stationHealth,
    recordConsent: (by, request) => followed(administration.recordConsent(by, request)),
    sellBuilding: (by, request) => followed(administration.sellBuilding(by, request)),
    withdrawConsent: (by, consent) => followed(withdrawal.withdrawConsent(by, consent)),
    ...createQueries(journal, rings),
    revokeKey: revocation.revokeKey,
    revokeCarer: revocation.revokeCarer,
    markRestored(by) {
      const allowed = authorise(journal.register, by, "issuer-keys");
      if (!allowed.ok) return allowed;
      journal.commit({ user: by }, [{ kind: "restored" }]);
      return succeed(true);
    },
    history: () => tellHistory(ports),
  };
}
