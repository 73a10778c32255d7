import { vjp } from '@tweedie/autograd'
import { normal, randomKey, scope, fromData, dispatchAt, pushInterpreter, removeInterpreter } from '@tweedie/tensor'
import { admForward, admSpec } from '@tweedie/unet'
import { config256 } from '../src/cases/networks.ts'
const config = config256
const spec = admSpec(config)
const [,, side, task] = process.argv
const params = {}
for (const [name, shape] of Object.entries(spec)) {
  const size = shape.reduce((a,b)=>a*b,1); const v = new Float32Array(size); const s = shape.length > 1 ? Math.sqrt(3 / (size/shape[0])) : 0.3
  let h = name.length * 7919
  for (let i=0;i<size;i++){ h = (Math.imul(h,1664525)+1013904223)>>>0; v[i] = s*(h/2**31-1) + (shape.length===1 && name.endsWith('weight') ? 1 : 0) }
  params[name] = fromData(v, shape)
}
const x = normal(randomKey(1), [1,3,+side,+side])
const run = () => scope(() => { if (task === 'forward') admForward(params, config, x, 500)
    else { const [y, pull] = vjp((at) => admForward(params, config, at, 500), x); pull(normal(randomKey(2), y.shape)) } })
const calls = []; let at = 0
const clock = { run(primitive, inputs, p, level) { const c = process.cpuUsage(); const out = dispatchAt(level, primitive, inputs, p); const d = process.cpuUsage(c); const ms = (d.user+d.system)/1e3
  const key = primitive + ' ' + inputs.slice(0,2).map(i=>`[${i.shape}]`).join(' ') + (p.stride ? ` s${p.stride[0]}` : '')
  if (calls[at] === undefined) calls.push({ key, ms }); else calls[at].ms = Math.min(calls[at].ms, ms); at++; return out } }
run(); run()
pushInterpreter(clock)
for (let i=0;i<5;i++){ at=0; run() }
removeInterpreter(clock)
const total = calls.reduce((s,c)=>s+c.ms,0)
const rows = new Map()
for (const {key,ms} of calls){ const r = rows.get(key) ?? {n:0,ms:0}; r.n++; r.ms+=ms; rows.set(key,r) }
console.log('total', total.toFixed(1))
for (const [key, r] of [...rows].sort((a,b)=>b[1].ms-a[1].ms).slice(0,28)) console.log(r.ms.toFixed(1).padStart(8), String(r.n).padStart(4), key)
process.exit(0)
