// SPDX-License-Identifier: EUPL-1.2
// A script with everything that packing treats in a way of its own, for the tests of packing in Node and on
// the interpreter. It prints through `emit`, as probes do.

// All of it fits into the Storage of the interpreter's Linux build.
const STRINGS = [1, 2, 11, 12, 13, 254, 255, 256, 257, 4095, 65_535];
const BODIES = [13, 14, 31, 254, 255, 256, 257, 4095, 65_535, 65_536];
const INTEGERS = [0, 1, 10, 127, 128, 255, 256, 2570, 32_767, 32_768, 65_535, 4_294_967_295];

/** A function whose body has so many octets when it is packed, and says so in its value. */
function functionOfLength(name: string, bytes: number): string {
  const filling = "a".repeat(bytes % 2 === 0 ? 2 : 1) + ";a".repeat(Math.floor((bytes - 9) / 2));
  return `function ${name}(aa,a){${filling};aa=a+a;return aa}`;
}

function allOctets(): string {
  let text = "";
  for (let octet = 0; octet < 256; octet += 1) {
    text += `\\x${octet.toString(16).padStart(2, "0")}`;
  }
  return `"${text}"`;
}

/** ES5 in the dialect, with functions of every kind and length. */
export const PACKING_SAMPLE: string = [
  "function tell(name,value){emit('probe '+name+' '+value)}",
  "function sum(text){var total=0;for(var i=0;i<text.length;i++){total=(total*31+text.charCodeAt(i))%65521}return total+' of '+text.length}",
  // Returns at once, reads, and far: none, one and many parameters.
  "function none(){return 7}",
  "function twice(a){return a+a}",
  "function many(a,b,c,d,e,f,g){var h=a+b;if(h>1000){return 0}return h+c+d+e+f+g}",
  "function outer(a){function inner(b){return a+b}var kept=function(c){a+=c;return inner(a)};return kept}",
  "function later(){return early()*2}function early(){return 21}",
  "var expression=function(a,b){var c=a*b;c+=1;c-=2;c*=3;return c/3+(a-b)*1};",
  "var named=function again(a){return a<1?0:a+again(a-1)};",
  "tell('functions',[none(),twice(3),many(1,2,3,4,5,6,7),outer(5)(6),later(),expression(6,7),named(4)].join());",
  "var counter=(function(){var n=0;return function(step){n+=step;return n}})();counter(2);tell('closure',counter(3));",
  "!function(){var where='at the top, in a function that is called at once';tell('called',where)}();",
  "var self={n:9,get1:function(){return this.n+arguments.length}};tell('this',self.get1(1,2));",
  // Every operator and word.
  "var x=12,y=5;tell('arithmetic',[x+y,x-y,x*y,x/y,x%y,x&y,x|y,x^y,x<<2,-x>>1,-x>>>28,~x,!x,-x,+y].join());",
  "tell('signs',[x- -y,x+ +y,x-(-y),- -x,x- --y,x+ ++y,x++ + +y,x-- - -y].join());",
  "tell('order',[x==12,x===12,x!=12,x!==12,x<5,x<=12,x>5,x>=12,x>5&&y,0||y,x in[1],'n'in self].join());",
  "x+=3;x-=1;x*=4;x/=2;x%=17;x&=15;x|=32;x^=5;x<<=3;x>>=1;x>>>=1;tell('assigned',x);",
  "function words(a){var t=0;do{t+=1;if(t>3){break}else{continue}}while(true);while(t<9){t++}for(var k in{q:1,r:2}){t+=k.length}switch(a){case 0:t+=100;break;case'b':t+=200;break;default:t+=300}try{throw new Error('thrown')}catch(e){t+=e.message.length}finally{t+=1000}return[t,typeof a,void 0,null,false,a instanceof Array].join()}",
  "tell('words',words(0)+' '+words('b')+' '+words([]));var gone={a:1};delete gone.a;tell('delete','a'in gone);",
  "var fields={if:1,in:2,'new':3,default:4,typeof:5};fields.return=6;tell('fields',fields.if+fields.in+fields.new+fields.default+fields.typeof+fields.return);",
  "tell('choice',[x?null:1,x?true:false,y?void 0:typeof y].join('/'));",
  // Numbers and strings.
  `tell('integers',[${INTEGERS.join()},-1,-128,-129,1e3,27e6,0x7f,0.5,.25,1.5e-3].join());`,
  `tell('sum of integers',${INTEGERS.map((value) => `${value}*1`).join("+")});`,
  `tell('octets',sum(${allOctets()}));tell('quotes','"'+"'"+'\\\\\\n\\r\\t'.length+''+"");`,
  ...STRINGS.map(
    (length) => `tell('string ${length}',sum("${"xyz".repeat(length).slice(0, length)}"));`,
  ),
  ...BODIES.map(
    (length, index) =>
      `${functionOfLength(`f${index}`, length)}tell('body ${length}',f${index}(1,4));`,
  ),
].join("");
