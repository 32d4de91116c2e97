// SPDX-License-Identifier: EUPL-1.2
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What a sample build shall be. */
export interface SampleBuild {
  readonly role?: "key" | "lock" | "station";
  readonly board?: string;
  readonly version?: string;
  readonly securityVersion?: number;
  /** Octets of filling in the second module. */
  readonly bytes?: number;
  /** Another text makes another loader. */
  readonly bootNote?: string;
  /** The entry module; without it one that prints a line. */
  readonly entry?: string;
  /** An application that throws when it starts. */
  readonly isBroken?: boolean;
}

/**
 * A loader with the rules of the real one: the newest valid selector whose slot is whole wins, and
 * a slot that throws gives way to the one before. It does nothing when it has run already.
 */
function bootText(note: string): string {
  return `/*${note}*/if(typeof nk=="undefined")(function(){
var S=require("Storage"),best=[],list=S.list(),i,n,c,p;
for(i=0;i<list.length;i++){if(list[i].substr(0,7)!="nk.sel.")continue;
n=list[i].substr(7);c=(S.read(list[i])||"").split(" ");
if(c.length!=3)continue;p=E.CRC32(c[0]+" "+c[1]+" "+n);p=(p>>>0).toString(16);
while(p.length<8)p="0"+p;
if(p!=c[2]||S.read(c[0]+".manifest")===undefined)continue;
best.push([parseInt(n,10),c[0]]);}
best.sort(function(l,r){return r[0]-l[0]});
for(i=0;i<best.length;i++){var slot=best[i][1],m=JSON.parse(S.read(slot+".manifest"));
try{global.nk={info:function(){return JSON.stringify({role:m.role,board:m.board,version:m.version,securityVersion:m.securityVersion,slot:slot,state:"running"})}};
eval(S.read(slot+"."+m.role));return;}catch(e){print("slot "+slot+" failed: "+e)}}
delete global.nk;})();
`;
}

/** The interpreter's name of a board is what the virtual board and the Linux build call themselves. */
export function writeSampleBuild(folder: string, sample: SampleBuild = {}): string {
  const { role = "lock", board = "xiao-nrf52840", version = "1.0.0", securityVersion = 1 } = sample;
  const filling = Array.from({ length: sample.bytes ?? 3000 }, (_, index) =>
    "0123456789abcdef".charAt(((index * 7 + version.length + index / 16) % 16) | 0),
  ).join("");
  const files: Readonly<Record<string, string>> = {
    boot: bootText(sample.bootNote ?? "1"),
    [role]:
      sample.entry ??
      `${sample.isBroken === true ? 'throw new Error("broken");' : ""}print("${role} ${version} runs");\n`,
    filling: `exports.text="${filling}";\n`,
    shared: 'exports.name="the same in every version";\n',
  };
  mkdirSync(folder, { recursive: true });
  const listed = Object.entries(files).map(([name, text]) => {
    const octets = Buffer.from(text, "latin1");
    writeFileSync(join(folder, name), octets);
    const sha256 = createHash("sha256").update(octets).digest("hex");
    return { name, bytes: octets.length, sha256 };
  });
  const manifest = {
    role,
    board,
    version,
    securityVersion,
    files: listed,
    budgets: {},
    limits: [],
  };
  writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
  return folder;
}
