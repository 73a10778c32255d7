import { readFileSync } from 'node:fs'
import { vjp } from '@tweedie/autograd'
import {
  dispatchAt,
  fromData,
  getDevice,
  type Interpreter,
  pushInterpreter,
  type Tensor,
} from '@tweedie/tensor'
import { ddpmConfigFromDiffusers, ddpmForward, parseSafetensors, safetensorsToTensors } from '@tweedie/unet'

const f = '/work/main/tests/fixtures/ddpm-tiny/'
const config = ddpmConfigFromDiffusers(JSON.parse(readFileSync(f + 'ddpm-tiny.json', 'utf8')))
const load = (x: string) => safetensorsToTensors(parseSafetensors(readFileSync(f + x), x), {})
const params = load('ddpm-tiny.safetensors'),
  io = load('ddpm-tiny-io.safetensors')
const toRef = (x: Tensor) => {
  const e = x.isContiguous
  const st = x.storage
  const all = x.device.hostView!(st.buffer, x.dtype, st.length)
  const full = fromData(all.slice(), [st.length], { device: 'reference' })
  return (Object.assign(Object.create(Object.getPrototypeOf(x)), {}), { t: full, x })
}
const bad = new Map<string, number>()
const probe: Interpreter = {
  run(p, inputs, params, level) {
    const out = dispatchAt(level, p, inputs, params)
    const view = ['reshape', 'transpose', 'slice', 'broadcastTo'].includes(p)
    if (!view) {
      const ins = inputs.map((x) => {
        const st = x.storage
        const buf = getDevice('reference').allocate(x.dtype, st.length)
        getDevice('reference').write(buf, x.dtype, x.device.hostView!(st.buffer, x.dtype, st.length).slice())
        return { buffer: buf, dtype: x.dtype, shape: x.shape, strides: x.strides, offset: x.offset }
      })
      const ref = getDevice('reference')
      const rb = ref.run({ primitive: p, inputs: ins as never, params, shape: out.shape, dtype: out.dtype })
      const a = out.dataSync(),
        b = ref.hostView!(rb, out.dtype, out.size)
      let e = 0,
        s = 1e-9
      for (let i = 0; i < a.length; i++) {
        e = Math.max(e, Math.abs(a[i]! - b[i]!))
        s = Math.max(s, Math.abs(b[i]!))
      }
      if (!(e / s < 1e-4)) {
        const k = `${p} ${inputs.map((x) => `[${x.shape}]s${x.strides}o${x.offset}`).join(' ')} ${JSON.stringify(params)}`
        bad.set(k, e / s)
      }
    }
    return out
  },
}
pushInterpreter(probe)
const [out, back] = vjp((p: typeof params, x: Tensor) => ddpmForward(p, config, x, io.t!), params, io.x!)
back(io.cotangent)
for (const [k, e] of bad) console.log(e, k)
console.log(bad.size, 'bad')
