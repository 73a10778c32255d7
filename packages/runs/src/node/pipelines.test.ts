// Whole pipelines of diffusers, network and scheduler: tests/fixtures/schedulers/pipelines.py.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Prior } from '@tweedie/solvers'
import { pipelineDdpm, pipelineTimes, run, samplePipeline } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { fromData, scope } from '@tweedie/tensor'
import { afterAll, expect, test } from 'vitest'
import { loadPrior } from './priors.ts'

interface Run {
  readonly config: { readonly _class_name: string }
  readonly steps: number
  readonly x: readonly number[]
}
const fixtures = resolve(import.meta.dirname, '../../../../tests/fixtures')
const runs: readonly Run[] = JSON.parse(readFileSync(join(fixtures, 'schedulers/pipelines.json'), 'utf8'))

const root = mkdtempSync(join(tmpdir(), 'tweedie-pipelines-'))
afterAll(() => rmSync(root, { recursive: true }))

const picture = (value: (k: number) => number) =>
  fromData(
    Array.from({ length: 64 }, (_, k) => value(k)),
    [1, 1, 8, 8],
  )
const start = () => picture((k) => 1.2 * Math.sin(1.7 * k + 0.3))

/** The last picture of a DDPM with the noise of the fixture. */
function ancestral({ pipeline, schedule, denoise }: Prior, steps: number): Float64Array {
  return scope(() => {
    let x: Tensor = start()
    for (const [i, at] of pipelineTimes(schedule, steps, pipeline!.grid, 'next').entries()) {
      const z = () => picture((k) => 1.3 * Math.sin(3.1 * k + 0.7 * i + 1))
      x = pipelineDdpm(pipeline!).step(denoise, x, undefined, { ...at, schedule, steps }, z).x
    }
    return Float64Array.from(x.dataSync())
  })
}

test.each(runs.map((one, i) => [i, JSON.stringify(one.config), one] as const))(
  '%i: a folder of %s samples as diffusers does',
  async (i, json, { config, steps, x: theirs }) => {
    const folder = join(root, `${i}`)
    cpSync(join(fixtures, 'cases/diffusers-layouts/sharded'), folder, { recursive: true })
    writeFileSync(join(folder, 'scheduler_config.json'), json)
    const prior = await loadPrior(folder)
    const resume = { next: 0, state: { x: start() } }
    const ours =
      config._class_name === 'DDPMScheduler'
        ? ancestral(prior, steps)
        : (await run(samplePipeline(prior, { sampler: 'ddim', steps, resume }))).dataSync()
    // float32 on both sides, amplified where x̂₀ is far from x.
    const largest = Math.max(1, ...theirs.map(Math.abs))
    const gap = Math.max(...theirs.map((value, k) => Math.abs(ours[k]! - value)))
    expect(gap / largest).toBeLessThan(2e-5)
  },
)
