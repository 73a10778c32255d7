import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { encodePicture } from './images/png.ts'
import { estimate, folderOf, json, loaded, pipeline, refused, root, sampled } from './priors.test.helper.ts'
import { ran } from './testing.test.helper.ts'

afterAll(() => rmSync(root, { recursive: true }))

describe('what does not say all that is needed is refused', () => {
  test.each<[string, object, RegExp]>([
    [
      'flow matching',
      { use_flow_sigmas: true },
      /scheduler_config\.json: use_flow_sigmas: must be false or null, got true/,
    ],
    [
      'another class',
      { _class_name: 'LCMScheduler' },
      /_class_name: 'LCMScheduler' is no scheduler that is read/,
    ],
    ['an unknown field', { use_magic: 'zero' }, /use_magic: 'zero' is not known here/],
    ['a billion steps', { num_train_timesteps: 1e9 }, /num_train_timesteps: must be .*got 1000000000/],
    [
      'variance that is not there',
      { variance_type: 'learned_range' },
      /'m\d+' has 1 output channels for 1 input channels, but by its scheduler's variance_type the variance is learned/,
    ],
  ])('a pipeline with %s', async (_, scheduler, message) => {
    await refused(sampled(pipeline(scheduler)), message)
  })

  test('a folder with neither record nor scheduler', async () => {
    const name = folderOf({ 'config.json': json }, 'model.safetensors')
    await refused(
      sampled(name),
      /--prior: 'm\d+' does not say which schedule .* neither record\.json nor scheduler_config\.json\. Tell it with --scheduler/,
    )
    // What the message says to tell does it.
    const example = /such as (DDPMScheduler:\S+);/.exec((await ran(root, sampled(name))).err)?.[1] ?? ''
    expect(estimate((await loaded(`${name}:scheduler=${example}`)).prior)).toBe(1)
    const { code, err } = await ran(root, [...sampled(name), '--scheduler', example, '--out', 'told.png'])
    expect(code).toBe(0)
    expect(err).toMatch(/^Note: .*m\d+, as told: DDPMScheduler: linear βs from 0\.0001 to 0\.02/)
  })

  test.each<[string, unknown, RegExp]>([
    ['{}', {}, /record\.json: config must be a JSON object, got undefined/],
    ['null', null, /record\.json: the whole must be a JSON object, got null/],
    ['[]', [], /record\.json: the whole must be a JSON object, got \[\]/],
    [
      'a billion steps',
      { config: { timesteps: 1e9 } },
      /timesteps: must be a whole number from 1 to 100000, got 1000000000/,
    ],
  ])('a record that is %s', async (_, record, message) => {
    await refused(
      sampled(folderOf({ 'config.json': json, 'record.json': record }, 'model.safetensors')),
      message,
    )
  })

  test.each<[string, object, RegExp]>([
    [
      'a billion layers',
      { layers_per_block: 1e9 },
      /layers_per_block: must be a whole number from 1 to 64, got 1000000000/,
    ],
    ['a million layers', { layers_per_block: 1e6 }, /layers_per_block: .*got 1000000/],
    ['sides of 1e5', { sample_size: 1e5 }, /sample_size: must be .*got 100000/],
    ['sides of 2³⁰', { sample_size: 2 ** 30 }, /sample_size: must be .*got 1073741824/],
    [
      'class labels',
      { num_class_embeds: 10 },
      /has to be told a class 0 … 9: a prior is asked without labels/,
    ],
    [
      'two channels',
      { in_channels: 2, out_channels: 2 },
      /is for images of 2 channels; pictures have 1 or 3/,
    ],
    [
      'three outputs',
      { out_channels: 3 },
      /has 3 output channels for 1 input channels; 1 would fit, or 2 where the variance is learned/,
    ],
  ])('a configuration of %s', async (_, change, message) => {
    const record = { config: { timesteps: 1000 } }
    const name = folderOf(
      { 'config.json': { ...json, ...change }, 'record.json': record },
      'model.safetensors',
    )
    await refused(sampled(name), message)
  })

  test.each(['digits@100000', 'digits@0', 'digits@28x1000000', 'digits@99999999999999999999'])(
    '%s',
    async (name) => {
      await refused(sampled(name), /--prior: a side must be a whole number from 1 to 4096, got/)
      writeFileSync(
        join(root, 'a.png'),
        encodePicture({ channels: 1, width: 28, height: 28, data: new Float32Array(784) }),
      )
      await refused(['restore', 'a.png', '--operator', 'denoise', '--prior', name], /--prior: a side must be/)
    },
  )

  test('what is neither a folder nor a file', async () => {
    await refused(
      sampled('/dev/null'),
      /--prior: '\/dev\/null' is neither a folder nor a file; there are digits/,
    )
    await refused(sampled('nowhere'), /--prior: 'nowhere' is no prior; there are digits/)
  })

  test('a size that the device has no memory for', async () => {
    await refused(
      sampled('digits@4096'),
      /--prior: at 4096×4096 pixels the network needs more than 9\.0 GiB at once; the device wasm has \d/,
    )
    const wide = { ...json, sample_size: 4096, block_out_channels: [64, 64] }
    const files = { 'config.json': wide, 'record.json': { config: { timesteps: 1000 } } }
    await refused(
      sampled(folderOf(files, 'model.safetensors')),
      /at 4096×4096 pixels the network needs more than 16\.0 GiB/,
    )
  })

  test('a side that the network cannot halve', async () => {
    await refused(sampled('digits@28x30'), /a side of 30 is no multiple of 4/)
  })
})
