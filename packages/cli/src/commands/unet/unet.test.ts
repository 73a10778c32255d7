import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Tensor } from '@tweedie/tensor'
import { normal, randomKey, scope } from '@tweedie/tensor'
import {
  admConfig,
  admConfigToGuided,
  ddpmConfig,
  ddpmConfigToDiffusers,
  initAdm,
  initDdpm,
  parseNpy,
  parseNpz,
  runNetwork,
  writeNpy,
  writeNpz,
  writeSafetensors,
} from '@tweedie/unet'
import { describe, expect, test } from 'vitest'
import { expectWrongUse, ran, temporaryFolder } from '../../testing.test.helper.ts'

/** Parameters away from the zeros that training begins with, which would hide what comes before them. */
const moved = (params: Readonly<Record<string, Tensor>>) =>
  Object.fromEntries(
    Object.entries(params).map(([name, value], i) => [
      name,
      value.add(normal(randomKey(100 + i), value.shape).mul(0.05)),
    ]),
  )
const config = ddpmConfig({ sampleSize: 8, blockOutChannels: [8, 8], normGroups: 4 })
const params = moved(initDdpm(config, randomKey(1)))
const x = normal(randomKey(2), [2, 1, 8, 8])
const v = normal(randomKey(3), [2, 1, 8, 8])
const array = (values: ArrayLike<number>, shape: readonly number[]) => ({ shape, values })
const io = {
  x: array(x.dataSync(), x.shape),
  t: array(Float64Array.of(3, 90), [2]),
  cotangent: array(v.dataSync(), v.shape),
  other: array([1], [1]),
}
const prefixed = (prefix: string, by = 1) =>
  Object.fromEntries(
    Object.entries(params).map(([name, value]) => [prefix + name, by === 1 ? value : value.mul(by)]),
  )

/** A folder with a network in model/, and inputs beside it. */
function prepared(more: Readonly<Record<string, Uint8Array | string>> = {}) {
  const folder = temporaryFolder()
  mkdirSync(join(folder.path, 'model'))
  const files = {
    'model/config.json': JSON.stringify(ddpmConfigToDiffusers(config)),
    'model/model.safetensors': writeSafetensors(params),
    'io.npz': writeNpz(io),
    'x.npy': writeNpy(io.x),
    'one.npy': writeNpy(array(x.dataSync().slice(0, 64), [1, 8, 8])),
    'v.npy': writeNpy(io.cotangent),
    ...more,
  }
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder.path, file), content)
  return {
    path: folder.path,
    unet: (...argv: string[]) => ran(folder.path, ['unet', ...argv]),
    read: (file: string) => readFileSync(join(folder.path, file)),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  }
}
const wanted = (t: number[]) =>
  scope(() => {
    const { out, vjp } = runNetwork({ config, params }, { x, t, cotangent: v })
    return { out: out.dataSync().slice(), vjp: vjp?.dataSync().slice() }
  })

test('x, t and cotangent of an npz, and all of the result in one', async () => {
  using folder = prepared()
  const { code, out, err } = await folder.unet(
    'model',
    ...'--x io.npz --t io.npz --cotangent io.npz --out r.npz'.split(' '),
  )
  expect([code, err]).toEqual([0, ''])
  expect(out).toMatch(/^Wrote r.npz\nout \[2, 1, 8, 8\], vjp \[2, 1, 8, 8\] by ddpm, /)
  const file = parseNpz(folder.read('r.npz'), 'r')
  expect(file.entries).toMatchObject([
    { name: 'out', shape: [2, 1, 8, 8], dtype: 'F32' },
    { name: 'vjp', shape: [2, 1, 8, 8], dtype: 'F32' },
  ])
  expect({ out: file.values('out'), vjp: file.values('vjp') }).toEqual(wanted([3, 90]))
})

test('npy files, a time on the command line, a file of weights', async () => {
  using folder = prepared()
  const argv =
    'model/model.safetensors --x x.npy --t 3 --cotangent v.npy --out e.npy --vjp g.npy --json'.split(' ')
  const { code, out, err } = await folder.unet(...argv)
  expect([code, err]).toEqual([0, ''])
  expect(JSON.parse(out)).toMatchObject({
    architecture: 'ddpm',
    files: ['e.npy', 'g.npy'],
    shapes: { out: [2, 1, 8, 8] },
  })
  const read = (name: string) => parseNpy(folder.read(name), name).values()
  expect({ out: read('e.npy'), vjp: read('g.npy') }).toEqual(wanted([3]))
  expect(await folder.unet('model', ...'--x one.npy --t 3 --out one-out.npy'.split(' '))).toMatchObject({
    code: 0,
  })
  expect(parseNpy(folder.read('one-out.npy'), 'one').shape).toEqual([1, 1, 8, 8])
})

test('another configuration, and the weights of a key', async () => {
  using folder = prepared({
    'both.safetensors': writeSafetensors({ ...prefixed('model.'), ...prefixed('ema.', 2) }),
    'c.json': JSON.stringify(ddpmConfigToDiffusers(config)),
  })
  const run = async (...argv: string[]) => {
    const line = [
      ...'both.safetensors --config c.json --x x.npy --t 3 --out e.npy --force'.split(' '),
      ...argv,
    ]
    const { code, err } = await folder.unet(...line)
    expect(code).toBe(0)
    return { err, out: parseNpy(folder.read('e.npy'), 'e').values() }
  }
  expect((await run('--key', 'model')).out).toEqual(wanted([3]).out)
  const { err, out } = await run()
  expect(out).not.toEqual(wanted([3]).out)
  expect(err).toMatch(
    /^Note: both.safetensors: the weights under the key 'ema' are taken: the moving average \(EMA\); [^\n]*'model'/,
  )
  expectWrongUse(
    await folder.unet(...'both.safetensors --config c.json --key net --x x.npy --t 3 --out n.npy'.split(' ')),
    "no weights of this network under the key 'net'; there are 'model', 'ema' (EMA)",
  )
})

test('a network that is told classes', async () => {
  const adm = admConfig({
    imageSize: 8,
    modelChannels: 32,
    channelMult: [1, 1],
    outChannels: 6,
    numClasses: 4,
  })
  const weights = moved(initAdm(adm, randomKey(0)))
  const images = normal(randomKey(7), [2, 3, 8, 8])
  using folder = prepared({
    'model/config.json': JSON.stringify(admConfigToGuided(adm)),
    'model/model.safetensors': writeSafetensors(weights),
    'io.npz': writeNpz({
      x: array(images.dataSync(), images.shape),
      t: io.t,
      y: array(Int32Array.of(2, 0), [2]),
    }),
  })
  const out = async (label: string) => {
    const argv = ['model', ...'--x io.npz --t io.npz --out e.npy --force --class'.split(' '), label]
    expect(await folder.unet(...argv)).toMatchObject({ code: 0, err: '' })
    return parseNpy(folder.read('e.npy'), 'e').values()
  }
  const by = (labels: number[]) =>
    scope(() =>
      runNetwork({ config: adm, params: weights }, { x: images, t: [3, 90], labels })
        .out.dataSync()
        .slice(),
    )
  expect(await out('io.npz')).toEqual(by([2, 0]))
  expect(await out('2,0')).toEqual(by([2, 0]))
  expect(await out('1')).toEqual(by([1]))
  expectWrongUse(
    await folder.unet('model', ...'--x io.npz --t 3 --out n.npy'.split(' ')),
    /--class: the network is told one of 4 classes/,
  )
  expectWrongUse(
    await folder.unet('model', ...'--x io.npz --t 3 --class 4 --out n.npy'.split(' ')),
    /--class: must be whole numbers 0 … 3, got 4/,
  )
})

describe('what does not fit is refused, and nothing is written', () => {
  test.each<[string, RegExp | string]>([
    ['model --x x.npy --t 3 --out e.png', "--out: 'e.png' should end in .npy or .npz"],
    ['model --x x.npy --t 3 --out x.npy', /--out: \S*x.npy is the file that is read/],
    ['model --x x.npy --t 3 --out v.npy', /--out: \S*v.npy is there already; --force replaces it/],
    [
      'model --x x.npy --t 3 --out e.npy --vjp g.npy',
      '--vjp: is the product with a cotangent: give --cotangent too',
    ],
    ['model --x x.npy --t 3 --out e.npy --cotangent v.npy', '--cotangent: its product needs a file'],
    ['model --x x.npy --t 3 --out e.npy --cotangent v.npy --vjp e.npy', '--vjp: is the same file'],
    ['model --x none.npy --t 3 --out e.npy', "--x: there is no file 'none.npy'"],
    ['model --x x.npy --t none.npy --out e.npy', "--t: there is no file 'none.npy'"],
    ['model --x x.npy --t 1,2,3 --out e.npy', '--t: has 3 times for 2 images'],
    ['model --x x.npy --t x.npy --out e.npy', "--t: 'x.npy' is [2, 1, 8, 8]"],
    ['model --x x.npy --t 3 --class 1 --out e.npy', '--class: the network is told no classes'],
    [
      'model --x x.npy --t 3 --cotangent one.npy --out e.npz',
      '--cotangent: is [1, 1, 8, 8]; the output is [2, 1, 8, 8]',
    ],
    ['none --x x.npy --t 3 --out e.npy', "MODEL: 'none': no such file or folder"],
    ['model --config c.json --x x.npy --t 3 --out e.npy', '--config: is for a file of weights'],
    ['lone.safetensors --x x.npy --t 3 --out e.npy', /lone.safetensors: has no config.json beside it/],
    ['pointer.pt --config model/config.json --x x.npy --t 3 --out e.npy', 'is a git-lfs pointer'],
  ])('%s', async (line, message) => {
    using folder = prepared({
      'lone.safetensors': writeSafetensors({ w: x }),
      'pointer.pt': 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n',
    })
    const before = readdirSync(folder.path).sort()
    expectWrongUse(await folder.unet(...line.split(' ')), message)
    expect(readdirSync(folder.path).sort()).toEqual(before)
  })
})
