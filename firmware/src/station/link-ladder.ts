// SPDX-License-Identifier: EUPL-1.2
import {
  LINK_GSM,
  LINK_LAN,
  LINK_NONE,
  LINK_WIFI,
  type LinkKind,
  type TimerPort,
  type UplinkPort,
} from "../ports.ts";

/** A wired or wireless network may be away so long before the modem takes over, in milliseconds. */
const GSM_PATIENCE_MS = 3000;
/** The best first. */
const LADDER: readonly LinkKind[] = [LINK_LAN, LINK_WIFI, LINK_GSM];

/** The way to the issuer: LAN, then Wi-Fi, then GSM, then none. */
export interface LinkLadder {
  /** The link in use, `LINK_NONE` while there is none. */
  link(): LinkKind;
  /** True while there is no link in use and the modem is about to be taken. */
  isChanging(): boolean;
  /** Asks the port which links are up and moves to the best one that power allows. */
  update(): void;
}

/**
 * Creates the machine; it chooses a link before it returns.
 *
 * The modem costs money and energy, so it waits a moment: an office network that blinks does not
 * wake it. Going back to an office network needs no patience.
 *
 * @param allows - What the power ladder says of a link.
 * @param onChange - Runs after the link in use has changed.
 */
export function createLinkLadder(
  uplink: UplinkPort,
  timer: TimerPort,
  allows: (link: LinkKind) => boolean,
  onChange: () => void,
): LinkLadder {
  let inUse: LinkKind = LINK_NONE;
  let patienceId = 0;
  let isPatient = true;

  function best(): LinkKind {
    const up = uplink.links();
    for (const link of LADDER) if (up.indexOf(link) >= 0 && allows(link)) return link;
    return LINK_NONE;
  }

  function move(link: LinkKind): void {
    if (link === inUse) return;
    inUse = link;
    uplink.use(link);
    onChange();
  }

  function stopPatience(): void {
    if (patienceId !== 0) timer.cancel(patienceId);
    patienceId = 0;
    isPatient = true;
  }

  function update(): void {
    const wanted = best();
    if (wanted !== LINK_GSM) {
      stopPatience();
      move(wanted);
      return;
    }
    if (inUse === LINK_GSM) return;
    if (!isPatient) {
      move(LINK_GSM);
      return;
    }
    move(LINK_NONE);
    if (patienceId === 0) {
      patienceId = timer.after(GSM_PATIENCE_MS, () => {
        patienceId = 0;
        isPatient = false;
        update();
      });
    }
  }

  return { link: () => inUse, isChanging: () => patienceId !== 0, update };
}
