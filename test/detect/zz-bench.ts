import { compileRules } from "/work/main/src/detect/compile.ts";
import { createDetector } from "/work/main/src/detect/detector.ts";
import { builtinRules } from "/work/main/src/detect/builtin.ts";
const rules = builtinRules().map((r,i)=>({id:`rule-${i}`,revision:1,mode:"ACTIVE" as const,yaml:r.yaml}));
const extra = Number(process.argv[2] ?? 0);
for (let i=0;i<extra;i++) rules.push({id:`x-${i}`,revision:1,mode:"ACTIVE",yaml:`title: x${i}\nlogsource: {category: authentication}\ndetection:\n  s:\n    event.action: act${i}\n    event.outcome: failure\n  condition: s\n`});
const { ruleSet, errors } = compileRules(rules);
if (errors.length) console.log(errors);
let seed=1; const rnd=()=> (seed=(seed*1103515245+12345)&0x7fffffff)/0x7fffffff;
function make(n:number, t0:number, outcome:any="FAILURE"){ const out:any[]=[]; for(let i=0;i<n;i++){ const t=t0+i; out.push({id:`${t.toString(16).padStart(12,"0").replace(/^(.{8})/,"$1-")}-7${(i%4096).toString(16).padStart(3,"0")}-8000-${(i).toString(16).padStart(12,"0")}`,time:t,receivedAt:t,logsource:{product:"app"},action:"login",category:"AUTHENTICATION",outcome,actor:{name:`user${Math.floor(rnd()*5000)}`},source:{ip:`10.${Math.floor(rnd()*4)}.${Math.floor(rnd()*100)}.${Math.floor(rnd()*5)}`},attributes:{}});} return out;}
for (const outcome of ["FAILURE","SUCCESS"]) for (let round=0; round<3; round++){
 const d=createDetector({ruleSet}); const ev=make(200_000,1_700_000_000_000,outcome);
 const start=performance.now(); let n=0, opened=0;
 for(let i=0;i<ev.length;i+=2000){ const r=await d.evaluate(ev.slice(i,i+2000)); n+=r.detections.length; opened+=r.detections.filter(x=>x.opened).length;}
 const ms=performance.now()-start; console.log(outcome, Math.round(200_000/ms*1000),"events/s", n,opened, Math.round(process.memoryUsage().heapUsed/1e6)+"MB");
}
