import { writeFileSync } from 'node:fs'
import { vjp } from '@tweedie/autograd'
import { normal, randomKey, scope, fromData } from '@tweedie/tensor'
import { admForward, admSpec } from '@tweedie/unet'
import { config256 } from '../src/cases/networks.ts'
const config = config256
const spec = admSpec(config)
writeFileSync('/tmp/spec93.json', JSON.stringify(spec)); writeFileSync('/tmp/config93.json', JSON.stringify(config))
const [,, sides, tasks] = process.argv
const params = {}
for (const [name, shape] of Object.entries(spec)) {
  const size = shape.reduce((a,b)=>a*b,1); const v = new Float32Array(size); const s = shape.length > 1 ? Math.sqrt(3 / (size/shape[0])) : 0.3
  let h = name.length * 7919
  for (let i=0;i<size;i++){ h = (Math.imul(h,1664525)+1013904223)>>>0; v[i] = s*(h/2**31-1) + (shape.length===1 && name.endsWith('weight') ? 1 : 0) }
  params[name] = fromData(v, shape)
}
for (const side of sides.split(',').map(Number)) for (const task of tasks.split(',')) {
  const x = normal(randomKey(1), [1,3,side,side])
  let best = 1e9, bestw = 1e9
  for (let i=0;i<4;i++) { const c = process.cpuUsage(), w = performance.now()
    scope(() => { if (task === 'forward') admForward(params, config, x, 500)
    else { const [y, pull] = vjp((at) => admForward(params, config, at, 500), x); pull(normal(randomKey(2), y.shape)) } })
    const d = process.cpuUsage(c); best = Math.min(best, (d.user+d.system)/1e6); bestw = Math.min(bestw, (performance.now()-w)/1e3) }
  console.log('wasm', side, task, 'cpu', best.toFixed(3), 'wall', bestw.toFixed(3))
}
process.exit(0)
