import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Prior } from '@tweedie/solvers'
import { full, randomKey, scope, zerosLike } from '@tweedie/tensor'
import type { Params } from '@tweedie/unet'
import { ddpmConfig, ddpmConfigToDiffusers, initDdpm } from '@tweedie/unet'
import { saveSafetensors } from '@tweedie/unet/node'
import { expect } from 'vitest'
import { resolvePrior } from './resolve.ts'
import { ran } from './testing.test.helper.ts'

// Folders of networks as priors, whose networks output the same everywhere.

/** A folder of its own for each file of tests, which removes it. */
export const root = mkdtempSync(join(tmpdir(), 'tweedie-priors-'))

/** Parameters of a network whose output is this everywhere. */
export const saying = (params: Params, output: number, layer: string): Params => ({
  ...params,
  [`${layer}.weight`]: zerosLike(params[`${layer}.weight`]!),
  [`${layer}.bias`]: full(params[`${layer}.bias`]!.shape, output),
})

export const config = ddpmConfig({ sampleSize: 8, blockOutChannels: [8, 8] })
export const json = ddpmConfigToDiffusers(config)
export const ddpm = { _class_name: 'DDPMScheduler' }

let folders = 0
/** A folder of the test's root with JSON files, and weights under `weights`. */
export function folderOf(
  files: Readonly<Record<string, unknown>>,
  weights?: string,
  params?: Params,
): string {
  const name = `m${folders++}`
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(join(root, name, file, '..'), { recursive: true })
    writeFileSync(join(root, name, file), JSON.stringify(content))
  }
  if (weights !== undefined) {
    const all = params ?? saying(initDdpm(config, randomKey(0)), 0, 'conv_out')
    saveSafetensors(join(root, name, weights), all)
  }
  return name
}
/** A pipeline of diffusers whose network outputs the same everywhere. */
export const pipeline = (scheduler: object, output = 0) =>
  folderOf(
    { 'unet/config.json': json, 'scheduler/scheduler_config.json': { ...ddpm, ...scheduler } },
    'unet/diffusion_pytorch_model.safetensors',
    saying(initDdpm(config, randomKey(0)), output, 'conv_out'),
  )

/** A prior as the command line loads it, and the notes it writes. */
export async function loaded(name: string): Promise<{ prior: Prior; notes: string }> {
  let notes = ''
  const io = {
    cwd: root,
    out: () => {},
    err: (text: string) => void (notes += text),
    terminal: undefined,
    color: false,
    signal: new AbortController().signal,
  }
  return { prior: await resolvePrior(io, name), notes }
}
/** x̂₀ of x_t = 0.5 everywhere, at the last time. */
export const estimate = (prior: Prior): number =>
  scope(() => prior.denoise(full([1, ...prior.shape], 0.5), prior.schedule.noisiest).dataSync()[0]!)

/** A refusal before any work: code 2, one line, nothing written. */
export async function refused(argv: readonly string[], message: string | RegExp): Promise<void> {
  const before = readdirSync(root)
  const result = await ran(root, argv)
  expect(result).toMatchObject({ code: 2, out: '' })
  expect(result.err).toMatch(message)
  expect(result.err).toMatch(/^tweedie: [^\n]*\n$/)
  expect(readdirSync(root)).toEqual(before)
}
export const sampled = (prior: string) => [
  'sample',
  '--prior',
  prior,
  '--steps',
  '1',
  '--n',
  '1',
  '--out',
  'no.png',
]
