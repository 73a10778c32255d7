import { vjp, checkpoint } from '@tweedie/autograd'
import { normal, randomKey, scope, memory, resetPeak, getDevice, storeFloat16, zeros } from '@tweedie/tensor'
import { admConfig, admForward, admSpec, countParams } from '@tweedie/unet'
const big = process.argv[2] === '553', side = Number(process.argv[3] ?? 64), half = process.argv[4] === 'half', what = process.argv[5] ?? 'both'
const config = admConfig({ imageSize: 256, outChannels: 6, channelMult: [1,1,2,2,4,4], numHeads: 4, numHeadChannels: 64, useScaleShiftNorm: true, resblockUpdown: true,
  ...(big ? { modelChannels: 256, numResBlocks: 2, attentionResolutions: [8,16,32] } : { modelChannels: 128, numResBlocks: 1, attentionResolutions: [16] }) })
const spec = admSpec(config)
let t0 = performance.now()
const params = {}
let k = 0
for (const [name, shape] of Object.entries(spec)) {
  const size = shape.reduce((a,b)=>a*b,1)
  const v = new Float32Array(size)
  const s = shape.length > 1 ? Math.sqrt(3 / (size/shape[0])) : 0.3
  let h = 12345 + k++
  for (let i=0;i<size;i++){ h = (Math.imul(h,1664525)+1013904223)>>>0; v[i] = s*(h/2**31-1) + (shape.length===1 && name.endsWith('weight') ? 1 : 0) }
  params[name] = half && shape.length > 1 ? storeFloat16(v, shape) : (await import('@tweedie/tensor')).fromData(v, shape)
}
console.log('params', countParams(spec)/1e6, 'M', (memory().bytes/2**20).toFixed(0), 'MiB', ((performance.now()-t0)/1e3).toFixed(1),'s')
const x = normal(randomKey(1), [1,3,side,side])
const info = () => { const m = getDevice('wasm').info().memory; return `peak tensors ${(memory().peakBytes/2**20).toFixed(0)} device peak ${(m.peak/2**20).toFixed(0)} packed ${(m.packedWeights/2**20).toFixed(0)} scratch ${(Object.values(m.scratch).reduce((a,b)=>a+b,0)/2**20).toFixed(0)} rss ${(process.memoryUsage().rss/2**20).toFixed(0)} MiB` }
const time = (label, fn) => { resetPeak(); const b = performance.now(); const c = process.cpuUsage(); scope(() => { fn() }); const d = process.cpuUsage(c); console.log(label, ((performance.now()-b)/1e3).toFixed(2), 's cpu', ((d.user+d.system)/1e6).toFixed(2), info()) }
if (what !== 'vjp') for (let i=0;i<3;i++) time('forward', () => admForward(params, config, x, 500))
if (what !== 'forward') for (let i=0;i<2;i++) time('vjp', () => { const [y, pull] = vjp((at) => admForward(params, config, at, 500), x); pull(normal(randomKey(2), y.shape)) })
console.log(JSON.stringify(getDevice('wasm').info().memory.scratch))
process.exit(0)
