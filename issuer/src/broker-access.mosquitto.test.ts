// SPDX-License-Identifier: EUPL-1.2
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Broker, MOSQUITTO_PATH, startBroker } from "../../protocol/test/mosquitto.ts";

const ACCESS_LIST = fileURLToPath(new URL("../broker/stations.acl", import.meta.url));
const USERS = ["gateway", "12", "13"];

let broker: Broker;

function connect(user: string, more: IClientOptions = {}) {
  const login = { username: user, password: `secret ${user}`, reconnectPeriod: 0 };
  return connectAsync(broker.url, { ...login, ...more });
}

/** A client that keeps what it receives. */
async function listen(user: string, topics: readonly string[], more: IClientOptions = {}) {
  const client = await connect(user, more);
  const heard: string[] = [];
  client.on("message", (topic, payload) => heard.push(`${topic} ${payload.toString()}`));
  for (const topic of topics) {
    // A refused subscription is an error of the client; what counts is what arrives.
    await client.subscribeAsync(topic, { qos: 1 }).catch(() => undefined);
  }
  return { client, heard };
}

function nextMessage(client: MqttClient): Promise<void> {
  return new Promise((resolve) => {
    client.once("message", () => resolve());
  });
}

describe("the access list of the broker", () => {
  beforeAll(async () => {
    broker = await startBroker((folder) => {
      const passwords = join(folder, "passwords");
      writeFileSync(passwords, USERS.map((user) => `${user}:secret ${user}\n`).join(""));
      execFileSync("mosquitto_passwd", ["-U", passwords], { env: { PATH: MOSQUITTO_PATH } });
      return [
        "allow_anonymous false",
        `password_file ${passwords}`,
        `acl_file ${ACCESS_LIST}`,
        "use_username_as_clientid true",
        "user root",
      ];
    });
  });
  afterAll(async () => {
    await broker.remove();
  });

  test("threat 49: a station hears and says nothing on the topics of another, whatever it subscribes to", async () => {
    const wild = ["#", "nk/#", "nk/1/+/down", "nk/1/+/up", "nk/1/13/up", "nk/1/13/down", "$SYS/#"];
    const thief = await listen("12", [...wild, "nk/1/12/down"]);
    const other = await listen("13", ["nk/1/13/down"]);
    const gateway = await listen("gateway", ["nk/1/+/up", "nk/1/+/presence"]);
    await other.client.publishAsync("nk/1/13/up", "log", { qos: 1 });
    await thief.client.publishAsync("nk/1/13/up", "forged", { qos: 1 });
    await thief.client.publishAsync("nk/1/13/down", "forged", { qos: 1 });
    await thief.client.publishAsync("nk/1/13/presence", "0", { qos: 1, retain: true });
    await thief.client.publishAsync("nk/1/12/down", "to myself", { qos: 1 });
    await gateway.client.publishAsync("nk/1/13/down", "ring", { qos: 1 });
    await gateway.client.publishAsync("nk/1/12/down", "ring", { qos: 1 });
    await thief.client.publishAsync("nk/1/12/up", "last", { qos: 1 });
    // In order over one connection each, so the last word closes the row.
    while (!gateway.heard.includes("nk/1/12/up last")) await nextMessage(gateway.client);
    while (thief.heard.length === 0) await nextMessage(thief.client);
    while (other.heard.length === 0) await nextMessage(other.client);
    expect(gateway.heard).toEqual(["nk/1/13/up log", "nk/1/12/up last"]);
    expect(thief.heard).toEqual(["nk/1/12/down ring"]);
    expect(other.heard).toEqual(["nk/1/13/down ring"]);
    await Promise.all([thief, other, gateway].map(({ client }) => client.endAsync()));
  });

  test("threat 49: no login, no connection; and nobody ends another's session by its name", async () => {
    await expect(connect("12", { password: "guess" })).rejects.toThrow(/[Nn]ot authorized/);
    const anonymous = { username: undefined, password: undefined } as unknown as IClientOptions;
    await expect(connect("12", anonymous)).rejects.toThrow(/[Nn]ot authorized/);
    const other = await listen("13", ["nk/1/13/down"], { clientId: "nk-station-13" });
    let isCut = false;
    other.client.on("close", () => {
      isCut = true;
    });
    const thief = await connect("12", { clientId: "nk-station-13" });
    const gateway = await connect("gateway");
    await gateway.publishAsync("nk/1/13/down", "ring", { qos: 1 });
    while (other.heard.length === 0) await nextMessage(other.client);
    expect(isCut).toBe(false);
    await Promise.all([thief, gateway, other.client].map((client) => client.endAsync()));
  });
});
