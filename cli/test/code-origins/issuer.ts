// SPDX-License-Identifier: EUPL-1.2

import { createDevice, createTown, HOUR_S, publicOf } from "../../../issuer/domain/test/town.ts";
import { codeOf, must, type Origins } from "./observe.ts";

function townWithCarer() {
  const town = createTown();
  const house = town.house(["A1"], town.north.provider);
  const { carer, key, right } = town.carer(town.north, "S1");
  return { town, house, carer, key, right };
}

/** The code with which a station's question about a key is refused. */
function refusalOf(answers: readonly { readonly type: number; readonly code?: number }[]): number {
  return answers.at(-1)?.code ?? 0;
}

/** What the authorization system refuses. */
export const ISSUER_ORIGINS: Origins = {
  CONSENT_MISSING: () => {
    const { issuer, desk, owner } = createTown();
    const building = must(issuer.addBuilding(desk, { owner }));
    const place = { kind: "entrance", building, address: "Street 1" } as const;
    const door = must(issuer.addDoor(desk, place));
    const devicePublic = publicOf(createDevice("lock"));
    return codeOf(issuer.enrolLock(desk, { door, devicePublic, profile: 0 }));
  },
  NOT_YOUR_CLIENT: () => {
    const { town, carer } = townWithCarer();
    town.house(["B1"], town.south.provider);
    return codeOf(town.issuer.grantRight(town.north.planner, { carer, scope: ["B1"] }));
  },
  APPROVERS_TOO_FEW: () => {
    const { town, house, key } = townWithCarer();
    const approvers = [town.desk, town.desk] as const;
    const request = { door: house.entrance, key: key.devid, approvers, reason: "alarm" };
    return codeOf(town.issuer.emergencyRing(request));
  },
  SCOPE_EXCEEDED: () => {
    const { town, right } = townWithCarer();
    return codeOf(town.issuer.restrictRight(town.north.planner, { right, fromS: 1 }));
  },
  UNKNOWN_DEVICE: () => {
    const { issuer, desk } = createTown();
    const devid = new Uint8Array(8);
    return codeOf(issuer.revokeKey(desk, { devid, reason: "lost" }));
  },
  RECORD_UNKNOWN: () => {
    const { issuer, desk } = createTown();
    return codeOf(issuer.grantRight(desk, { carer: 99_999 }));
  },
  STATE_CONFLICT: () => {
    const { town, carer } = townWithCarer();
    const devicePublic = publicOf(createDevice("second key"));
    return codeOf(town.issuer.enrolKey(town.north.planner, { carer, devicePublic }));
  },
  NO_SHIFT: () => {
    const { town, key } = townWithCarer();
    return refusalOf(town.present(town.station(town.north.provider), key));
  },
  LIMIT_REACHED: () => {
    const { town, house } = townWithCarer();
    let code = 0;
    for (let authority = 20; authority < 25 && code === 0; authority += 1) {
      const { signing, agreement } = createDevice(`authority ${authority}`);
      const keys = { rootKey: signing.publicKey, agreementKey: agreement.publicKey };
      const guest = { authority, ...keys, opsmask: 3, maxvalidS: 14_400, issuerEpoch: 1 };
      must(town.issuer.addGuestAuthority(town.desk, guest));
      code = codeOf(town.issuer.shareDoor(town.desk, { door: house.entrance, authority }));
    }
    return code;
  },
  ROLE_FORBIDDEN: () => {
    const { issuer, north } = createTown();
    return codeOf(issuer.addProvider(north.planner, { organisation: "Home care 9" }));
  },
  REQUEST_INVALID: () => {
    const { town, carer } = townWithCarer();
    return codeOf(town.issuer.grantRight(town.north.planner, { carer, scope: [] }));
  },
  SELF_GRANT: () => {
    const { town, carer } = townWithCarer();
    const { provider } = town.north;
    const self = must(town.issuer.addUser(town.desk, { role: "planner", provider, carer }));
    return codeOf(town.issuer.grantRight(self, { carer }));
  },
  SIGNATORY_MISSING: () => {
    const { issuer, desk, owner } = createTown();
    const building = must(issuer.addBuilding(desk, { owner }));
    const paper = { scope: { building }, signatories: ["resident"], evidence: "paper" } as const;
    return codeOf(issuer.recordConsent(desk, paper));
  },
  DOOR_OCCUPIED: () => {
    const { town, house } = townWithCarer();
    const devicePublic = publicOf(createDevice("second lock"));
    const request = { door: house.entrance, devicePublic, profile: 0 } as const;
    return codeOf(town.issuer.enrolLock(town.desk, request));
  },
  DEVICE_ENDED: () => {
    const { town, key, carer } = townWithCarer();
    const other = must(
      town.issuer.addCarer(town.north.planner, { provider: town.north.provider, staffCode: "S2" }),
    );
    const devicePublic = publicOf(createDevice("new identity"));
    const request = { devid: key.devid, carer: other, devicePublic };
    must(town.issuer.reassignKey(town.north.planner, request));
    const shift = { carer, startS: town.nowS, endS: town.nowS + HOUR_S };
    must(town.issuer.planShift(town.north.planner, shift));
    return refusalOf(town.present(town.station(), key));
  },
  LOG_FORKED: () => {
    const { town, key } = townWithCarer();
    const station = town.station(town.north.provider);
    key.append();
    town.upload(station, key.sealed(town.issuer));
    const forged = createDevice("key S1");
    forged.append({ op: 2 });
    town.upload(station, forged.sealed(town.issuer));
    const refused = town.issuer.history().filter(({ kind }) => kind === "upload-refused");
    const [first] = refused;
    return first?.kind === "upload-refused" ? first.code : 0;
  },
  KEY_FOREIGN_STATION: () => {
    const { town, key } = townWithCarer();
    return refusalOf(town.present(town.station(town.south.provider), key));
  },
  RING_EMPTY: () => {
    const town = createTown();
    const { key } = town.carer(town.north, "S1");
    return refusalOf(town.present(town.station(town.north.provider), key));
  },
};
