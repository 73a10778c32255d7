import { test } from 'vitest'
import { openBrowser } from './browser.ts'
test('p', async (context) => {
  await using page = await openBrowser(context)
  for (const backend of ['webgl2', 'webgpu']) {
  const code = `
    import { loadGpu } from './index.ts'
    import { KernelRunner } from './runner.ts'
    import { importGpuJs } from './gpujs.ts'
    import { add, fromData, mul, transpose, sum } from '../index.ts'
    const device = await loadGpu({ backend: '${backend}' })
    const n = 4097, m = 4099
    const host = new Float32Array(n * m).map((_, i) => i % 1021)
    const x = fromData(host, [n, m], { device })
    const t0 = performance.now()
    const y = add(transpose(x), 1)
    const v = await y.data()
    let bad = 0
    for (let j = 0; j < m; j += 1) for (let i = 0; i < n; i += 1) if (v[j * n + i] !== host[i * m + j]! + 1) bad++
    const s = await sum(x).item()
    let want = 0; for (const h of host) want += h
    const t1 = performance.now()
    // idiv
    const runner = new KernelRunner(await importGpuJs(), '${backend}')
    const wrong: string[] = []
    for (const b of [2, 3, 5, 7, 11, 97, 1000, 1009, 4096, 65537, 1000003]) {
      const step = Math.floor(2 ** 28 / 8192) - 1
      const k = runner.compile('function() { const r = imod((this.thread.x * ' + step + ' + 13), ' + b + '); return r; }', 8192, { download: true })
      const out = await k.run([]) as Float32Array
      for (let i = 0; i < 8192; i++) if (out[i] !== (i * step + 13) % b) { wrong.push(b + ': ' + i + ' ' + out[i]); break }
      const k2 = runner.compile('function() { const r = idiv((this.thread.x * ' + step + ' + 13), ' + b + ') - idiv((this.thread.x * ' + step + '), ' + b + '); return r; }', 8192, { download: true })
      const out2 = await k2.run([]) as Float32Array
      for (let i = 0; i < 8192; i++) if (out2[i] !== Math.floor((i * step + 13) / b) - Math.floor((i * step) / b)) { wrong.push('q' + b + ': ' + i + ' ' + out2[i]); break }
    }
    const def = await loadGpu()
    export default { bad, s, want, ms: t1 - t0, wrong, default: def.info().backend, stats: device.stats(), reserved: device.info().reservedBytes }`
  try { console.log(backend, await page.run(code, 'packages/tensor/src/gpu')) } catch (e) { console.log('ERR', e) }
  }
})
