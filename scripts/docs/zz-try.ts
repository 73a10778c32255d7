import { measure, measurementKey } from '@tweedie/runs'
import { methods, noiseFromSpec, psnr, run } from '@tweedie/solvers'
import { benchOf, openBenches, operatorOf, tasks } from './digits.ts'

const [, , names = 'box,sr4,blur', ...specs] = process.argv
const benches = await openBenches(2)
for (const spec of specs) {
  const { entry: method, settings } = methods.parse(spec) as never as {
    entry: typeof methods extends Iterable<infer M> ? M : never
    settings: object
  }
  const line: string[] = []
  for (const name of names.split(',')) {
    const task = tasks.find((t) => t.name === name)!
    const bench = benchOf(benches, task)
    const operator = operatorOf(task, bench)!
    const noise = noiseFromSpec(task.noise)
    const y = measure(operator, noise, bench.truth, measurementKey(0).fold(task.name))
    const began = Date.now()
    try {
      let residual: readonly number[] = []
      const x = await run(
        (method as any).run({ operator, noise, y }, bench.prior, { seed: 0, ...settings }),
        { onStep: (s: any) => void (residual = s.residual) },
      )
      const t = bench.truth
      const err = Array.from(x.sub(t).square().mean([1, 2, 3]).dataSync(), (m) =>
        (10 * Math.log10(4 / (m as number))).toFixed(1),
      )
      const sy = 0.05 * Math.sqrt(y.size / 2)
      line.push(
        `${name} ${err.join('/')} r ${residual.map((r) => (r / sy).toFixed(2)).join('/')} ${((Date.now() - began) / 1000).toFixed(0)}s`,
      )
    } catch (e) {
      line.push(`${name} ${(e as Error).message.slice(0, 60)}`)
    }
  }
  console.log(spec, '|', line.join(' | '))
}
