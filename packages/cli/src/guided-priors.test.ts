import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromData, full, randomKey, scope } from '@tweedie/tensor'
import type { Params } from '@tweedie/unet'
import { admConfig, admConfigToGuided, initAdm } from '@tweedie/unet'
import { afterAll, describe, expect, test } from 'vitest'
import { encodePicture } from './images/png.ts'
import { ddpm, folderOf, loaded, refused, root, sampled, saying } from './priors.test.helper.ts'
import { ran } from './testing.test.helper.ts'

afterAll(() => rmSync(root, { recursive: true }))

describe('networks of guided-diffusion', () => {
  const adm = admConfig({
    imageSize: 8,
    inChannels: 1,
    outChannels: 2,
    modelChannels: 32,
    channelMult: [1, 1],
    numResBlocks: 1,
    numHeads: 2,
  })
  const guided = admConfigToGuided(adm)
  /** A network that says ε = 0.3 and v = 7 everywhere. */
  const params = (): Params => ({
    ...saying(initAdm(adm, randomKey(0)), 0, 'out.2'),
    'out.2.bias': fromData([0.3, 7], [2]),
  })

  test('the half for the noise is used, the default schedule is said', async () => {
    const name = folderOf({ 'config.json': { kwargs: guided } }, 'ema_0.9999_100000.safetensors', params())
    const { prior, notes } = await loaded(name)
    const { schedule } = prior
    const t = 500
    const x0hat = (0.5 - 0.3 * schedule.sigma(t)) / schedule.alpha(t)
    const found = scope(() => prior.denoise(full([1, 1, 8, 8], 0.5), t).dataSync()[0]!)
    expect(found).toBeCloseTo(x0hat, 5)
    expect(schedule.discreteSteps).toBe(1000)
    expect(notes).toMatch(
      /does not say its schedule: taken is guided-diffusion's default, linear βs, T = 1000/,
    )
    expect(notes).toMatch(/ema_0\.9999_100000\.safetensors: taken as the weights/)
  })

  test('from end to end: sample and restore, by folder and by file, with a schedule beside', async () => {
    const files = {
      'config.json': guided,
      'scheduler_config.json': {
        ...ddpm,
        beta_schedule: 'squaredcos_cap_v2',
        variance_type: 'learned_range',
      },
    }
    const name = folderOf(files, 'model.safetensors', initAdm(adm, randomKey(0)))
    const picture = { channels: 1, width: 8, height: 8, data: new Float32Array(64).fill(0.5) } as const
    writeFileSync(join(root, 'b.png'), encodePicture(picture))
    for (const prior of [name, join(name, 'model.safetensors')]) {
      const drawn = await ran(root, [
        'sample',
        '--prior',
        prior,
        '--steps',
        '2',
        '--n',
        '1',
        '--out',
        'adm.png',
      ])
      expect(drawn).toMatchObject({ code: 0, err: expect.stringMatching(/squaredcos_cap_v2, T = 1000/) })
    }
    const restoring = [
      'restore',
      'b.png',
      '--operator',
      'inpaint:box=4',
      '--prior',
      name,
      '--steps',
      '3',
      '--out',
      'r',
    ]
    expect(await ran(root, restoring)).toMatchObject({ code: 0 })
    expect(readdirSync(join(root, 'r'))).toContain('restored.png')
  })

  test('a network with class labels is refused by name, before its weights are looked at', async () => {
    const name = folderOf({ 'config.json': { ...guided, num_classes: 10 } }, 'model.safetensors', params())
    await refused(
      sampled(name),
      /is class-conditional \(num_classes is 10\): a prior is asked without labels/,
    )
  })

  test('weights without config.json say what to write', async () => {
    const name = folderOf({}, 'x/model.safetensors', params())
    await refused(
      sampled(join(name, 'x/model.safetensors')),
      /has no config\.json beside it; its weights tell \{"in_channels":1,"model_channels":32,.*need only say image_size, num_heads/,
    )
    writeFileSync(join(root, name, 'x/config.json'), JSON.stringify({ image_size: 8, num_heads: 2 }))
    expect((await loaded(join(name, 'x'))).prior.shape).toEqual([1, 8, 8])
  })
})
