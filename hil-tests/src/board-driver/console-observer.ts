// SPDX-License-Identifier: EUPL-1.2
import { SIGNALS } from "@nyckelring/firmware";
import type { Board } from "@nyckelring/firmware/boards/board";
import type { DeviceEvent } from "./rig-device.ts";
import type { RoleName } from "./roles.ts";

/** Begins each line of the observer, so that it is told from what the program prints. */
export const OBSERVER_MARK = "NK~";

/**
 * A program for the console of a board that tells what the pins of its light, its output and its
 * bolt do, one short line for each change.
 *
 * It puts functions of its own before `digitalWrite` and `setTimeout`, which the interpreter looks up at
 * each call; the firmware stays as it is. A signal is told by its colour and by how long the
 * firmware wants the light to be on, so that a busy computer reads no signal wrongly.
 */
export function observerOf(role: RoleName, board: Board): string | undefined {
  if (role === "key" && board.signal !== undefined && board.powerOut !== undefined) {
    const { red, green, blue, buzzer } = board.signal;
    const pins = [red, green, blue, buzzer, board.powerOut.enable];
    return `(function(r,g,b,z,e){var W=digitalWrite,T=setTimeout,L={},p=0,o="";
function k(){return L[b]?4:L[r]?(L[g]?2:3):L[g]?1:0}
function s(d){p=0;if(!k())return;d=k()+","+d;if(d!==o){o=d;print("${OBSERVER_MARK}s"+d)}}
digitalWrite=function(P,v){W(P,v);L[P]=v?1:0;if(P===b)p=1;if(P===z&&v&&p)s(0);if(P===e)print("${OBSERVER_MARK}f"+L[P])};
setTimeout=function(f,t){if(p)s(t);return T(f,t)};})(${pins.map((pin) => JSON.stringify(pin)).join()})`.replaceAll(
      "\n",
      "",
    );
  }
  if (role === "lock" && board.bolt !== undefined) {
    const { forward, backward, unlocked, locked } = board.bolt;
    return `(function(f,b,u,l){var W=digitalWrite,L={},o="stop";
function m(n){if(n!==o){o=n;print("${OBSERVER_MARK}m"+n)}}
function p(){print("${OBSERVER_MARK}b"+(digitalRead(u)==0?"unlocked":digitalRead(l)==0?"locked":"between"))}
digitalWrite=function(P,v){W(P,v);L[P]=v?1:0;if(P===f||P===b)m(L[f]?"unlock":L[b]?"lock":"stop")};
setWatch(p,u,{repeat:true,edge:"both"});setWatch(p,l,{repeat:true,edge:"both"});p();})(${[
      forward,
      backward,
      unlocked,
      locked,
    ]
      .map((pin) => JSON.stringify(pin))
      .join()})`.replaceAll("\n", "");
  }
  return undefined;
}

/**
 * Reads a line of the observer; undefined for any other line.
 *
 * @throws Error for a line of it that means nothing: the firmware and its wiring are not of a kind.
 */
export function readObserved(line: string): DeviceEvent | undefined {
  const at = line.indexOf(OBSERVER_MARK);
  if (at < 0) return undefined;
  const kind = line.charAt(at + OBSERVER_MARK.length);
  const value = line.slice(at + OBSERVER_MARK.length + 1).trim();
  if (kind === "f") return { type: "feed", isOn: value === "1" };
  if (kind === "m" && (value === "unlock" || value === "lock" || value === "stop")) {
    return { type: "motor", command: value };
  }
  if (kind === "b" && (value === "unlocked" || value === "locked" || value === "between")) {
    return { type: "bolt", position: value };
  }
  if (kind !== "s") throw new Error(`the board tells "${line}", which means nothing`);
  const [light, onMs] = value.split(",").map(Number);
  const found = SIGNALS.find(
    (one) => one.light === light && (one.blinkMs.length > 1 ? one.blinkMs[0] : 0) === onMs,
  );
  if (found === undefined) throw new Error(`the board shows a light "${value}" of no signal`);
  return { type: "signal", signal: found.signal };
}

/** A line of a console without prompts, the editor's control codes and the words of a greeting. */
export function plainLine(line: string): string {
  const said = line.replace(/[^ -~]|NK-[0-9a-f]{12}/g, "");
  return said.replace(/^(?:>|\[J)+/, "").trim();
}
