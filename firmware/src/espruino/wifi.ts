// SPDX-License-Identifier: EUPL-1.2
import { LINK_WIFI, type LinkKind } from "../ports.ts";
import { openNetStream } from "./net-stream.ts";
import type { BoardNetwork, NetworkWish } from "./platform.ts";

/** The radio looks for the network again after so long, in milliseconds. */
const AGAIN_MS = 30000;

/** Joins the wireless network of the office, for ever; a station without one has no such link. */
export function openWifi(
  wish: NetworkWish,
  onCarrier: (kind: LinkKind, isThere: boolean) => void,
): readonly BoardNetwork[] {
  if (wish.wifiName === "") return [];
  const radio = require("Wifi");
  const join = (): void => {
    radio.connect(wish.wifiName, { password: wish.wifiPassword }, (fault) => {
      if (fault) setTimeout(join, AGAIN_MS);
    });
  };
  radio.on("connected", () => onCarrier(LINK_WIFI, true));
  radio.on("disconnected", () => onCarrier(LINK_WIFI, false));
  setTimeout(() => onCarrier(LINK_WIFI, false), 0);
  setTimeout(join, 0);
  return [{ kind: LINK_WIFI, stream: openNetStream(wish.host, wish.port) }];
}
