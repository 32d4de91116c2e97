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
 * A loader with the rules of the real one, in few lines: the newest valid selector whose slot is whole
 * wins, one that has not proved itself has two starts, and none goes below a proven security version.
 */
function bootText(note: string): string {
  return `/*${note}*/(function(){
var S=require("Storage"),all=[],top=0,best,list=S.list(),i,n,c,p;
for(i=0;i<list.length;i++){if(list[i].substr(0,7)!="nk.sel.")continue;
n=list[i].substr(7);c=(S.read(list[i])||"").split(" ");
if(c.length!=3)continue;p=E.CRC32(c[0]+" "+c[1]+" "+n);p=(p>>>0).toString(16);
while(p.length<8)p="0"+p;
if(p!=c[2]||S.read(c[0]+".manifest")===undefined)continue;
p=S.read("nk.ok."+n)!==undefined;if(p&&c[1]>top)top=+c[1];
all.push({n:parseInt(n,10),slot:c[0],sec:+c[1],ok:p});}
all=all.filter(function(o){return o.sec>=top});
all.sort(function(l,r){return r.n-l.n});best=all[0];
if(best&&!best.ok&&all[1]&&S.read("nk.try."+best.n)&&S.read("nk.try."+best.n).substr(0,2)=="11")best=all[1];
if(best&&!best.ok){p=S.read("nk.try."+best.n)||"";i=0;while(p.charAt(i)=="1")i++;
if(i<2)S.write("nk.try."+best.n,"1",i,4);}
var m=best?JSON.parse(S.read(best.slot+".manifest")):{};
global.nk={state:"starting",slot:best?best.slot:"",entry:function(){return best?S.read(best.slot+"."+m.role):""},
ok:function(){nk.state="running";if(best&&!best.ok){best.ok=true;S.write("nk.ok."+best.n,"1")}},
info:function(){return JSON.stringify({role:m.role,board:m.board,version:m.version,securityVersion:m.securityVersion,slot:nk.slot,state:best?nk.state:"blank"})}};
})();eval(nk.entry());
`;
}

/** The interpreter's name of a board is what the virtual board and the Linux build call themselves. */
export function writeSampleBuild(folder: string, sample: SampleBuild = {}): string {
  const { role = "lock", board = "virtual", version = "1.0.0", securityVersion = 1 } = sample;
  const filling = Array.from({ length: sample.bytes ?? 3000 }, (_, index) =>
    "0123456789abcdef".charAt(((index * 7 + version.length + index / 16) % 16) | 0),
  ).join("");
  const files: Readonly<Record<string, string>> = {
    boot: bootText(sample.bootNote ?? "1"),
    [role]:
      sample.entry ??
      `${sample.isBroken === true ? 'throw new Error("broken");' : ""}print("${role} ${version} runs");nk.ok();\n`,
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
