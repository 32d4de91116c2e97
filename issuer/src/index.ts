// SPDX-License-Identifier: EUPL-1.2
// The service edges of the authorization system. The rules are in `./domain`.

export {
  type MqttGateway,
  type MqttGatewaySettings,
  type StationExchange,
  startMqttGateway,
} from "./mqtt-gateway.ts";
