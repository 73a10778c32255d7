import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunRecord } from '@tweedie/runs'
import type { Prior } from '@tweedie/solvers'
import { conv2d, fromData, randomKey, scope } from '@tweedie/tensor'
import { ddpm, ddpmConfig, initDdpm, parseNpy, writeNpy, writeSafetensors } from '@tweedie/unet'
import { expect, test } from 'vitest'
import { encodePicture } from '../../images/png.ts'
import { readPicture } from '../../images/read.ts'
import { expectWrongUse, ran, temporaryFolder, whitePrior } from '../../testing.test.helper.ts'

/** A small network of random weights on pictures of 16×16, whose sides are multiples of 4, in a folder. */
function networkIn(path: string, channels: number): void {
  const config = ddpmConfig({
    sampleSize: 16,
    inChannels: channels,
    outChannels: channels,
    blockOutChannels: [8, 8, 8],
    layersPerBlock: 1,
    downAttention: [false, false, false],
    upAttention: [false, false, false],
    normGroups: 4,
  })
  mkdirSync(path)
  writeFileSync(join(path, 'config.json'), JSON.stringify(ddpm.write(config)))
  writeFileSync(join(path, 'model.safetensors'), writeSafetensors(initDdpm(config, randomKey(3))))
  writeFileSync(
    join(path, 'scheduler_config.json'),
    JSON.stringify({
      _class_name: 'DDPMScheduler',
      num_train_timesteps: 1000,
      beta_schedule: 'linear',
      beta_start: 0.0001,
      beta_end: 0.02,
      prediction_type: 'epsilon',
      clip_sample: true,
      clip_sample_range: 1,
      variance_type: 'fixed_small',
    }),
  )
}

const picture = (channels: 1 | 3, height: number, width: number) => {
  const data = Float32Array.from(
    { length: channels * height * width },
    (_, i) => Math.round(127 + 120 * Math.sin(i / 7 + Math.floor(i / width) / 3)) / 255,
  )
  return { channels, height, width, data }
}
const png = (channels: 1 | 3, height: number, width: number) =>
  encodePicture(picture(channels, height, width))

function prepared() {
  const folder = temporaryFolder()
  networkIn(join(folder.path, 'grey'), 1)
  networkIn(join(folder.path, 'rgb'), 3)
  const at = (...names: string[]) => join(folder.path, ...names)
  /** What a command line did, without the notes on how the schedule of the network was read. */
  const quietly = async (...args: Parameters<typeof ran>) => {
    const result = await ran(...args)
    return { ...result, err: result.err.replace(/^Note: .*\n/gm, '') }
  }
  const restore = (file: string, prior: string, ...more: string[]) => {
    const argv = ['restore', file, '--prior', prior, '--steps', '3', '--method', 'ddrm', '--out', 'out']
    return quietly(folder.path, [...argv, ...more])
  }
  const record = (): RunRecord => JSON.parse(readFileSync(at('out/run.json'), 'utf8'))
  const restored = async () => (await readPicture(at('out/restored.png'))).picture
  return { at, restore, quietly, record, restored, [Symbol.dispose]: () => folder[Symbol.dispose]() }
}

test.for([
  [22, 37, [24, 40]],
  [20, 28, undefined],
  [5, 16, [8, 16]],
] as const)('a picture of %i rows and %i columns, at its own size', async ([height, width, padded]) => {
  using folder = prepared()
  writeFileSync(folder.at('p.png'), png(1, height, width))
  const result = await folder.restore('p.png', 'grey', '--operator', 'denoise')
  expect(result).toMatchObject({ code: 0, err: '' })
  const { prior, options, notes } = folder.record()
  expect(prior.shape).toEqual([1, height, width])
  const [tall, wide] = padded ?? [height, width]
  expect(options['prior']).toBe(`grey@${tall}x${wide}`)
  const said = notes.filter((note) => /by reflection/.test(note))
  expect(said).toEqual(
    padded === undefined
      ? []
      : [
          `the network takes sides that are multiples of 4: the prior saw the picture continued by reflection to ${wide}×${tall}`,
        ],
  )
  expect(await folder.restored()).toMatchObject({ channels: 1, height, width })
})

test('--fit crop takes the middle of a picture and of an array', async () => {
  using folder = prepared()
  const whole = picture(1, 22, 37)
  writeFileSync(folder.at('p.png'), encodePicture(whole))
  const values = whole.data.map((value) => 2 * value - 1)
  writeFileSync(folder.at('p.npy'), writeNpy({ shape: [22, 37], values }))
  const expected = Array.from({ length: 20 * 36 }, (_, i) => {
    const [row, column] = [Math.floor(i / 36), i % 36]
    return values[(row + 1) * 37 + column]
  })
  for (const file of ['p.png', 'p.npy']) {
    // Almost without noise, the measurement is the picture.
    const options = ['--operator', 'denoise', '--noise', '1e-6', '--fit', 'crop']
    expect(await folder.restore(file, 'grey', ...options)).toMatchObject({ code: 0, err: '' })
    expect(folder.record().notes).toContain(`of ${file} the middle 36×20 pixels were taken`)
    const y = parseNpy(readFileSync(folder.at('out/measurement.npy')), 'y')
    expect(y.shape).toEqual([1, 20, 36])
    y.values().forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-4))
  }
  // An operator may ask for multiples of its own: of 3 and of 4 the largest is 12·(1, 3).
  expect(await folder.restore('p.png', 'grey', '--operator', 'sr:3', '--fit', 'crop')).toMatchObject({
    code: 0,
  })
  expect(folder.record().prior.shape).toEqual([1, 12, 36])
  writeFileSync(folder.at('s.png'), png(1, 3, 37))
  expectWrongUse(
    await folder.restore('s.png', 'grey', '--operator', 'denoise', '--fit', 'crop'),
    /s\.png: is 37×3 pixels, fewer than the 4/,
  )
  expectWrongUse(
    await folder.restore('p.png', 'grey', '--operator', 'denoise', '--fit', 'crop', '--measured'),
    '--fit: crop is for a truth',
  )
})

test('--tile and --overlap: windows, said in a note and in the record', async () => {
  using folder = prepared()
  writeFileSync(folder.at('p.png'), png(1, 42, 30))
  const options = ['--operator', 'inpaint:box=8', '--method', 'dps', '--tile', '16', '--overlap', '8']
  expect(await folder.restore('p.png', 'grey', ...options)).toMatchObject({ code: 0, err: '' })
  expect(folder.record().notes).toContain('the prior saw windows of 16×16 that overlap by 8')
  expect(folder.record().options).toMatchObject({
    prior: 'grey',
    laid: { prior: 'grey', shape: [1, 42, 30], window: [16, 16], overlap: 8 },
  })
})

test('windows of a picture that has the size of the network are taken all the same', async () => {
  using folder = prepared()
  writeFileSync(folder.at('p.npy'), writeNpy({ shape: [16, 16], values: new Float32Array(256) }))
  for (const more of [[], ['--measured']]) {
    const options = ['--operator', 'denoise', '--tile', '8', '--overlap', '4', ...more]
    expect(await folder.restore('p.npy', 'grey', ...options)).toMatchObject({ code: 0, err: '' })
    expect(folder.record().notes).toContain('the prior saw windows of 8×8 that overlap by 4')
  }
})

test('a run in windows, of colours kept apart, goes on bit for bit', async () => {
  using folder = prepared()
  writeFileSync(folder.at('p.png'), png(3, 41, 30))
  const white = whitePrior()
  /** Raises Ctrl-C in the nth call of the prior. */
  const stopAt = (n: number) => {
    const stop = new AbortController()
    let calls = 0
    const denoise: Prior['denoise'] = (xt, t) => {
      if (++calls === n) stop.abort()
      return white.denoise(xt, t)
    }
    return { signal: stop.signal, priors: { white: async () => ({ ...white, denoise }) } }
  }
  const argv = ['restore', 'p.png', '--prior', 'white', '--steps', '4', '--operator', 'inpaint:box=8']
  const options = ['--tile', '28', '--overlap', '5', '--channels', 'keep', '--samples', '2']
  expect(await ran(folder.at(), [...argv, ...options, '--out', 'whole'])).toMatchObject({ code: 0, err: '' })
  const parts = [...argv, ...options, '--out', 'parts', '--resumable']
  expect((await ran(folder.at(), parts, stopAt(6))).code).toBe(130)
  rmSync(folder.at('p.png'))
  expect(await ran(folder.at(), ['restore', '--resume', 'parts'])).toMatchObject({ code: 0, err: '' })
  const [whole, other] = ['whole', 'parts'].map((out) => readFileSync(folder.at(out, 'restored-2.npy')))
  expect(other?.equals(whole!)).toBe(true)
})

test('what does not fit the network is refused before any work', async () => {
  using folder = prepared()
  writeFileSync(folder.at('p.png'), png(1, 42, 30))
  const refused = async (message: string, ...options: string[]) =>
    expectWrongUse(await folder.restore('p.png', 'grey', '--operator', 'denoise', ...options), message)
  await refused('--tile: must be a multiple of 4, which the network halves to, got 18', '--tile', '18')
  await refused('--overlap: must be a multiple of 4 below the tile of 16', '--tile', '16', '--overlap', '16')
  await refused('--overlap: must be a multiple of 4 below', '--tile', '16', '--overlap', '6')
  await refused('--overlap: is of windows', '--overlap', '8')
  expectWrongUse(
    await folder.restore('p.png', 'grey@16', '--operator', 'denoise'),
    /the picture is 30×42 pixels, the prior 'grey@16' is for 16×16/,
  )
})

test('a prior of a fixed size is given windows of that size, and no others', async () => {
  using folder = prepared()
  writeFileSync(folder.at('p.png'), png(1, 60, 41))
  const tiled = await folder.restore('p.png', 'white', '--operator', 'denoise', '--tile', '28')
  expect(tiled).toMatchObject({ code: 0, err: '' })
  expect(folder.record().notes).toContain('the prior saw windows of 28×28 that overlap by 3')
  expectWrongUse(
    await folder.restore('p.png', 'white', '--operator', 'denoise', '--tile', '24'),
    "--tile: 'white' is for 28×28 pixels alone, got 24×24",
  )
  expectWrongUse(
    await folder.restore('p.png', 'white', '--operator', 'denoise', '--overlap', '4'),
    '--overlap: is of windows',
  )
  const cropped = await folder.restore('p.png', 'white', '--operator', 'denoise', '--fit', 'crop')
  expect(cropped).toMatchObject({ code: 0, err: '' })
  expect(folder.record().notes).toEqual(['of p.png the middle 28×28 pixels were taken'])
})

test.for([
  ['sr:4', 9, 7, [1, 36, 28]],
  ['sr:2', 9, 7, [1, 18, 14]],
  ['blur', 18, 14, [1, 18, 14]],
  ['inpaint:box=6', 18, 14, [1, 18, 14]],
] as const)(
  '--measured by %s: the picture has the size that measures so',
  async ([operator, rows, columns, shape]) => {
    using folder = prepared()
    writeFileSync(folder.at('y.png'), png(1, rows, columns))
    const result = await folder.restore('y.png', 'grey', '--operator', operator, '--measured')
    expect(result).toMatchObject({ code: 0, err: '' })
    expect(folder.record().prior.shape).toEqual(shape)
  },
)

test('channels: converted with a note that names the other way, or kept', async () => {
  using folder = prepared()
  writeFileSync(folder.at('rgb.png'), png(3, 16, 16))
  writeFileSync(folder.at('grey.png'), png(1, 16, 16))
  const channels = async (file: string, prior: string, ...more: string[]) => {
    const result = await folder.restore(file, prior, '--operator', 'denoise', ...more)
    expect(result).toMatchObject({ code: 0, err: '' })
    const { tasks, notes, prior: of } = folder.record()
    return { measured: tasks[0]?.measured, notes, shape: of.shape }
  }
  const told = [expect.stringContaining('--channels keep')]
  expect(await channels('rgb.png', 'grey')).toEqual({ measured: 256, notes: told, shape: [1, 16, 16] })
  expect(await channels('grey.png', 'rgb')).toEqual({ measured: 768, notes: told, shape: [3, 16, 16] })
  const keep = ['--channels', 'keep']
  expect(await channels('rgb.png', 'grey', ...keep)).toEqual({ measured: 768, notes: [], shape: [3, 16, 16] })
  expect(await channels('grey.png', 'rgb', ...keep)).toEqual({
    measured: 256,
    notes: [],
    shape: [1, 16, 16],
  })
  // Of a prior of a fixed size as well, and resumed.
  writeFileSync(folder.at('fixed.png'), png(3, 28, 28))
  expect(await channels('fixed.png', 'white', ...keep)).toMatchObject({ measured: 3 * 784 })
})

test('--depth: 16 bits of a picture of 16 bits stay, 8 of others; either where it is asked for', async () => {
  using folder = prepared()
  writeFileSync(folder.at('deep.png'), encodePicture(picture(1, 16, 16), { depth: 16 }))
  writeFileSync(folder.at('flat.png'), png(1, 16, 16))
  const depth = async (file: string, ...more: string[]) => {
    expect(await folder.restore(file, 'grey', '--operator', 'denoise', ...more)).toMatchObject({ code: 0 })
    return readFileSync(folder.at('out/restored.png'))[24]
  }
  expect(await depth('deep.png')).toBe(16)
  expect(await depth('flat.png')).toBe(8)
  expect(await depth('deep.png', '--depth', '8')).toBe(8)
  expect(await depth('flat.png', '--depth', '16')).toBe(16)
  expect((await folder.restore('flat.png', 'grey', '--operator', 'denoise', '--depth', '12')).err).toContain(
    'must be 8 or 16',
  )
})

test('the operator acts on the picture: a method sees no more than its pixels', async () => {
  using folder = prepared()
  const seen: number[][] = []
  const spy: Prior = {
    ...whitePrior([1, 28, 28]),
    denoise: (xt) =>
      scope(() => {
        seen.push([...xt.shape])
        const kernel = fromData([1], [1, 1, 1, 1], {})
        return conv2d(xt, kernel)
      }),
  }
  writeFileSync(folder.at('p.png'), png(1, 30, 33))
  const argv = ['restore', 'p.png', '--prior', 'spy', '--steps', '2', '--method', 'ddrm', '--out', 'out']
  const result = await ran(folder.at(), [...argv, '--operator', 'sr:3', '--tile', '28'], {
    priors: { spy: async () => spy },
  })
  expect(result).toMatchObject({ code: 0, err: '' })
  expect(new Set(seen.map(String))).toEqual(new Set(['1,1,28,28']))
  expect(folder.record().tasks[0]?.measured).toBe(110)
})
