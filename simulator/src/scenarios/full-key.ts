// SPDX-License-Identifier: EUPL-1.2

import {
  createIssuer,
  createMemoryStore,
  createMemoryVault,
  type Issuer,
} from "@nyckelring/issuer/domain";
import { type CryptoPort, devidOf, RING_LEAVES_MAX } from "@nyckelring/protocol";
import type { RandomStream } from "../prng.ts";
import type { ExportableKey } from "../ring-export.ts";
import { must } from "../world.ts";

/** Locks of a building: its entrance and the apartments behind it. */
const APARTMENTS_A_BUILDING = 19;
const BUILDINGS = RING_LEAVES_MAX / (APARTMENTS_A_BUILDING + 1);

/**
 * Founds a home care whose one carer may open 4000 doors, and asks for one right more.
 *
 * Every door has its consent, its lock and its client, as the rules demand: the ring is derived by
 * the authorization system and not put together here.
 *
 * @internal
 */
export function buildFullKey(
  crypto: CryptoPort,
  random: RandomStream,
  startS: number,
): ExportableKey {
  const entropy = random.split("issuer");
  const vault = createMemoryVault(crypto, random.split("vault"));
  const clock = { nowS: () => startS };
  const ports = { crypto, entropy, clock, store: createMemoryStore(), vault };
  const issuer = createIssuer(ports, { authority: 1 });
  const { founder } = issuer;
  const devices = random.split("devices");
  const provider = must(issuer.addProvider(founder, { organisation: "Home care 1" }));
  const owner = must(issuer.addPropertyOwner(founder, { organisation: "Owner 1" }));
  const evidence = "contract";
  must(issuer.recordConsent(founder, { scope: { owner }, signatories: ["owner"], evidence }));
  const town = { issuer, crypto, devices, provider };
  const alarmCodes: string[] = [];
  let building = 0;
  for (let count = 0; count < BUILDINGS; count += 1) {
    building = must(issuer.addBuilding(founder, { owner }));
    const address = `Street ${count + 1}`;
    addLock(town, must(issuer.addDoor(founder, { kind: "entrance", building, address })));
    for (let apartment = 0; apartment < APARTMENTS_A_BUILDING; apartment += 1) {
      alarmCodes.push(addHome(town, building, `A${10_001 + alarmCodes.length}`));
    }
  }
  const carer = must(issuer.addCarer(founder, { provider, staffCode: "S1" }));
  must(issuer.grantRight(founder, { carer, scope: alarmCodes }));
  const key = createIdentity(crypto, devices);
  must(issuer.enrolKey(founder, { carer, devicePublic: key }));
  const alarmCode = addHome(town, building, `A${10_001 + alarmCodes.length}`);
  const oneMore = issuer.grantRight(founder, { carer, scope: [alarmCode] });
  const { devid, agreementSecret } = key;
  return { issuer, carer, devid, agreementSecret, nowS: startS, oneMore };
}

type Town = {
  readonly issuer: Issuer;
  readonly crypto: CryptoPort;
  readonly devices: RandomStream;
  readonly provider: number;
};

function addHome(town: Town, building: number, alarmCode: string): string {
  const { issuer, provider } = town;
  const { founder } = issuer;
  must(issuer.addClient(founder, { alarmCode, building, provider }));
  const home = { kind: "apartment", building, address: `Home ${alarmCode}`, alarmCode } as const;
  const door = must(issuer.addDoor(founder, home));
  must(
    issuer.recordConsent(founder, {
      scope: { door },
      signatories: ["resident"],
      evidence: "contract",
    }),
  );
  addLock(town, door);
  return alarmCode;
}

function addLock({ issuer, crypto, devices }: Town, door: number): void {
  const devicePublic = createIdentity(crypto, devices);
  must(issuer.enrolLock(issuer.founder, { door, devicePublic, profile: 0 }));
}

function createIdentity(crypto: CryptoPort, devices: RandomStream) {
  const draw = () => {
    const secret = new Uint8Array(32);
    devices.fill(secret, 0, secret.length);
    return secret;
  };
  const signingPublicKey = crypto.importSigningKey(draw()).publicKey;
  const agreementSecret = draw();
  const agreementPublicKey = crypto.importAgreementKey(agreementSecret).publicKey;
  const devid = devidOf(crypto, signingPublicKey);
  return { devid, signingPublicKey, agreementPublicKey, agreementSecret };
}
