import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomKey } from '@tweedie/tensor'
import { ddpmConfig, ddpmConfigToDiffusers, initDdpm, writeNpy, writeSafetensors } from '@tweedie/unet'
import { describe, expect, test } from 'vitest'
import { readPicture } from '../../images/read.ts'
import { ran, temporaryFolder, whitePrior } from '../../testing.test.helper.ts'

describe('sample', () => {
  test('writes a grid, replaces its own, tells what it did', async () => {
    using folder = temporaryFolder()
    const argv = ['sample', '--prior', 'white', '--n', '5', '--steps', '3', '--out', 'new/grid.png']
    expect(await ran(folder.path, argv)).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/^Wrote 5 samples to new\/grid.png/),
    })
    const json = await ran(folder.path, [...argv, '--sampler', 'ddim', '--json'])
    expect(JSON.parse(json.out)).toMatchObject({ count: 5, steps: 3, eta: 0, seed: 0, file: 'new/grid.png' })
    const more = ['--sampler', 'heun:noise=1', '--spacing', 'log-snr', '--json']
    const heun = JSON.parse((await ran(folder.path, [...argv, ...more])).out)
    expect(heun).toMatchObject({ sampler: 'heun:noise=1', spacing: 'log-snr' })
    expect(heun).not.toHaveProperty('eta')
    expect(readdirSync(join(folder.path, 'new'))).toEqual(['grid.png'])
  })

  test('any sampler of the list draws', async () => {
    using folder = temporaryFolder()
    const { denoise, ...rest } = whitePrior()
    const calls = new Map<string, number>()
    for (const sampler of ['heun', 'dpm++2m:form=sde', 'ddim:0.5']) {
      const white = async () => ({
        ...rest,
        denoise: (...args: Parameters<typeof denoise>) => {
          calls.set(sampler, (calls.get(sampler) ?? 0) + 1)
          return denoise(...args)
        },
      })
      const argv = [
        'sample',
        '--prior',
        'white',
        '--steps',
        '4',
        '--sampler',
        sampler,
        '--out',
        'a.png',
        '--json',
      ]
      const { code, out } = await ran(folder.path, argv, { priors: { white } })
      expect(code).toBe(0)
      expect(JSON.parse(out)).toMatchObject({ sampler, steps: 4 })
    }
    // Heun looks twice, but in the step to the clean image.
    expect(Object.fromEntries(calls)).toEqual({ heun: 7, 'dpm++2m:form=sde': 4, 'ddim:0.5': 4 })
  })

  test('--key chooses among the weights of a file', async () => {
    using folder = temporaryFolder()
    const config = ddpmConfig({ sampleSize: 8, blockOutChannels: [8, 8], normGroups: 4 })
    const sets = [initDdpm(config, randomKey(1)), initDdpm(config, randomKey(2))]
    const named = (prefix: string, at: number) =>
      Object.entries(sets[at] ?? {}).map(([name, value]) => [prefix + name, value] as const)
    const save = (name: string, tensors: Parameters<typeof writeSafetensors>[0]) => {
      mkdirSync(join(folder.path, name))
      const files = {
        'config.json': JSON.stringify(ddpmConfigToDiffusers(config)),
        'scheduler_config.json': JSON.stringify({ _class_name: 'DDPMScheduler', num_train_timesteps: 1000 }),
        'model.safetensors': writeSafetensors(tensors),
      }
      for (const [file, content] of Object.entries(files))
        writeFileSync(join(folder.path, name, file), content)
    }
    save('both', Object.fromEntries([...named('model.', 0), ...named('ema.', 1)]))
    save('alone', sets[0] ?? {})
    const drawn = async (...argv: string[]) => {
      const line = ['sample', '--n', '1', '--steps', '2', '--out', 'a.png', '--prior', ...argv]
      const { code, err } = await ran(folder.path, line)
      expect(code).toBe(0)
      // Without what the file says of itself.
      return { err, pixels: (await readPicture(join(folder.path, 'a.png'))).picture.data }
    }
    const model = await drawn('both', '--key', 'model')
    expect(model.pixels).toEqual((await drawn('alone')).pixels)
    expect(model.err).toContain("under the key 'model' are taken; there are also 'ema' (EMA)")
    expect((await drawn('both')).err).toContain("under the key 'ema' are taken: the moving average (EMA)")
    const refused = await ran(folder.path, 'sample --out b.png --prior both --key net'.split(' '))
    expect(refused).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining("there are 'model', 'ema' (EMA)"),
    })
    const module = await ran(folder.path, 'sample --out b.png --prior ./prior.ts --key net'.split(' '))
    expect(module).toMatchObject({ code: 2, err: expect.stringContaining('--key: is for files of weights') })
    // In restore too; elsewhere in the name of the prior.
    writeFileSync(
      join(folder.path, 'x.npy'),
      writeNpy({ shape: [1, 8, 8], values: Float32Array.from({ length: 64 }, (_, i) => Math.sin(i)) }),
    )
    const restored = async (...argv: string[]) => {
      const line = 'restore x.npy --operator denoise --method ddrm --steps 2 --out r --prior'.split(' ')
      expect(await ran(folder.path, [...line, ...argv])).toMatchObject({ code: 0 })
      return readFileSync(join(folder.path, 'r/restored.npy'))
    }
    const alone = await restored('alone')
    expect((await restored('both', '--key', 'model')).equals(alone)).toBe(true)
    expect((await restored('both:key=model')).equals(alone)).toBe(true)
    expect((await restored('both')).equals(alone)).toBe(false)
  })

  test('an interrupt leaves nothing', async () => {
    using folder = temporaryFolder()
    const stop = new AbortController()
    const { denoise, ...rest } = whitePrior()
    let calls = 0
    const priors = {
      white: async () => ({
        ...rest,
        denoise: (...args: Parameters<typeof denoise>) => {
          if (++calls === 3) stop.abort()
          return denoise(...args)
        },
      }),
    }
    const argv = ['sample', '--prior', 'white', '--steps', '50', '--out', 'new/grid.png']
    const result = await ran(folder.path, argv, { signal: stop.signal, priors })
    expect(result).toMatchObject({ code: 130, out: '', err: 'tweedie: interrupted; nothing was written\n' })
    expect(calls).toBe(3)
    expect(existsSync(join(folder.path, 'new'))).toBe(false)
  })
})
