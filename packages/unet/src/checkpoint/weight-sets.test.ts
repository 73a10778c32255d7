import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { FileFormatError, tensor } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { writeNpz } from './npy-write.ts'
import { parseNpz } from './npz.ts'
import { openCheckpoint } from './open.ts'
import { inTorchOrder, listed } from './parameter-lists.ts'
import { parseSafetensors } from './safetensors.ts'
import { parseTorch } from './torch.ts'
import { chooseWeights } from './weight-sets.ts'
import { writeSafetensors } from './write.ts'
import { parseZip } from './zip.ts'

/** Files that trainings save, made by tests/fixtures/checkpoints/make_legacy_fixtures.py. */
const archive = parseZip(
  readFileSync(join(import.meta.dirname, '../../../../tests/fixtures/checkpoints/torch-legacy.zip')),
  'torch-legacy.zip',
)
const spec = { 'conv.weight': [2, 1, 2, 2], 'conv.bias': [2] }
const wanted = (path: string, key?: string) => ({ landmark: 'conv.weight', spec, path, key })

/** What is taken of a file: its weights' factor (1, or 10 for a moving average), and the notes. */
function taken(name: string, key?: string) {
  const file = openCheckpoint(archive.read(`${name}.pt`), name)
  const { source, notes } = chooseWeights(file, wanted(name, key), { inOrder: true })
  const [weight, bias] = Object.keys(spec).map((name) => [...source.values(name)])
  const factor = (bias?.[0] ?? 0) / 8
  expect(weight).toEqual(Array.from({ length: 8 }, (_, i) => i * factor))
  expect(bias).toEqual([8 * factor, 9 * factor])
  expect(source.entries.filter(({ name }) => Object.hasOwn(spec, name))).toMatchObject(
    Object.entries(spec).map(([name, shape]) => ({ name, shape })),
  )
  return { factor, notes, names: source.entries.map(({ name }) => name) }
}

describe('what is taken where nobody says it', () => {
  test.each<[file: string, factor: number, note: string | undefined]>([
    ['plain', 1, undefined],
    ['state_dict', 1, "the names begin with 'state_dict.', which is taken off; "],
    ['model_and_ema', 10, "under the key 'ema' are taken: the moving average (EMA); there are also 'model'"],
    ['ema_model', 10, "under the key 'ema_model' are taken: the moving average (EMA)"],
    ['ema_state_dict', 10, "under the key 'ema_state_dict' are taken: the moving average (EMA)"],
    [
      'params_ema',
      10,
      "under the key 'params_ema' are taken: the moving average (EMA); there are also 'params'",
    ],
    ['net', 1, "begin with 'net.', which is taken off"],
    ['compiled', 1, "begin with '_orig_mod.', which is taken off"],
    ['parallel_and_ema', 10, "under the key 'ema.module.module' are taken: the moving average (EMA)"],
    ['lightning', 1, "begin with 'state_dict.model.diffusion_model.', which is taken off"],
    ['lightning_and_ema', 10, 'are taken, whose names have lost their dots: the moving average (EMA)'],
    ['lucidrains', 10, "under the key 'ema.ema_model' are taken: the moving average (EMA)"],
    ['shadow', 10, 'a list in the order in which PyTorch gives the parameters: the moving average (EMA)'],
    ['shadow_alone', 10, 'a list in the order in which PyTorch gives the parameters'],
    ['plain_list', 10, 'a list in the order in which PyTorch gives the parameters'],
  ])('%s', (file, factor, note) => {
    const found = taken(file)
    expect(found.factor).toBe(factor)
    expect(found.notes).toEqual(note === undefined ? [] : [expect.stringContaining(note)])
    for (const text of found.notes) expect(text.startsWith(`${file}: `)).toBe(true)
  })
})

describe('a key chooses another', () => {
  test.each([
    ['model_and_ema', 'model', 1],
    ['model_and_ema', 'ema', 10],
    ['params_ema', 'params', 1],
    ['parallel_and_ema', 'state_dict', 1],
    ['parallel_and_ema', 'ema', 10],
    ['lightning_and_ema', 'model', 1],
    ['lightning_and_ema', 'state_dict.model', 1],
    ['lightning_and_ema', 'model_ema', 10],
    ['lightning_and_ema', 'state_dict', 10],
    ['lucidrains', 'ema.online_model', 1],
    ['lucidrains', 'model', 1],
    ['shadow', 'model', 1],
    ['shadow', 'ema', 10],
    ['two_models', 'net_b', 2],
    ['several_ema', 'ema_0.9999', 20],
    ['plain', '.', 1],
  ])('%s: %s', (file, key, factor) => expect(taken(file, key).factor).toBe(factor))

  test.each([
    ['two_models', undefined, "holds 2 sets of weights, under 'net_a', 'net_b'; give the key"],
    ['several_ema', undefined, "holds 2 sets of weights, under 'ema_0.999' (EMA), 'ema_0.9999' (EMA)"],
    [
      'model_and_ema',
      'nothing',
      "no weights of this network under the key 'nothing'; there are 'model', 'ema' (EMA)",
    ],
    ['model_and_ema', '', "under the key ''"],
    ['plain', 'model', "under the key 'model'; there are '.'"],
    ['two_models', '.', "under the key '.'"],
  ])('%s, %s: an error with those there are', (file, key, message) => {
    expect(() => taken(file, key)).toThrow(FileFormatError)
    expect(() => taken(file, key)).toThrow(message)
  })
})

describe('is refused', () => {
  test.each(['optimizer_alone', 'optimizer_within'])('%s: moments are no weights', (name) => {
    expect(() => taken(name)).toThrow(FileFormatError)
    expect(() => taken(name)).toThrow(
      /is the file of an optimiser: it holds moments such as '\S*exp_avg', not weights/,
    )
  })

  test('a list that is not that of the network', () => {
    const file = openCheckpoint(archive.read('shadow_alone.pt'), 'f')
    const of = (shapes: Record<string, number[]>) => () =>
      chooseWeights(file, { landmark: 'a', spec: shapes, path: 'f' }).source
    expect(of({ a: [2, 1, 2, 2], b: [2], c: [1] })).toThrow('has 2 tensors, the network 3 parameters')
    expect(of({ a: [2, 1, 2, 2], b: [3] })).toThrow(
      "number 1 of the list under 'shadow_params.' is [2], but 'b', which is number 1 of the network's parameters, is [3]",
    )
  })
})

test('every reader of one format has its weights to choose from', () => {
  const tensors = { 'model.w': tensor([1]), 'ema.w': tensor([2]) }
  const arrays = { 'model.w': { shape: [1], values: [1] }, 'ema.w': { shape: [1], values: [2] } }
  for (const file of [parseSafetensors(writeSafetensors(tensors), 'f'), parseNpz(writeNpz(arrays), 'f')])
    expect([...(file.choose?.(file, { landmark: 'w', path: 'f' }).source.values('w') ?? [])]).toEqual([2])
  for (const name of ['model_and_ema.pt', 'model_and_ema.zip.pt']) {
    const file = parseTorch(archive.read(name), name)
    const { source } = file.choose?.(file, wanted(name)) ?? expect.fail()
    expect([...source.values('conv.bias')]).toEqual([80, 90])
  }
})

test('names in the order of the alphabet say nothing on the order of a list', () => {
  const [a, b] = [tensor([1, 2]), tensor([3, 4])]
  // The network has b before a; safetensors may have them in any order.
  const bytes = writeSafetensors({
    'model.a': a,
    'model.b': b,
    'ema.shadow_params.0': b,
    'ema.shadow_params.1': a,
  })
  const file = openCheckpoint(bytes, 'f')
  const { source } =
    file.choose?.(file, { landmark: 'b', spec: { b: [2], a: [2] }, path: 'f' }) ?? expect.fail()
  expect([[...source.values('b')], [...source.values('a')]]).toEqual([
    [3, 4],
    [1, 2],
  ])
})

test('of weights under no key and their average the average is taken', () => {
  const one = tensor([1, 2])
  const file = openCheckpoint(writeSafetensors({ 'c.w': one, 'ema.c.w': one.mul(2) }), 'f')
  const of = (key?: string) => [
    ...chooseWeights(file, { landmark: 'c.w', path: 'f', key }).source.values('c.w'),
  ]
  expect([of(), of('.'), of('ema')]).toEqual([
    [2, 4],
    [1, 2],
    [2, 4],
  ])
})

test('weights with others beside them under keys: the others are left out', () => {
  const one = tensor([1, 2])
  const file = openCheckpoint(writeSafetensors({ 'c.w': one, 'old.c.w': one.mul(2), 'old.c.b': one }), 'f')
  const { source, notes } = chooseWeights(file, { landmark: 'c.w', path: 'f' })
  expect(source.entries.map(({ name }) => name)).toEqual(['c.w'])
  expect(notes).toEqual(["f: the weights under the key '.' are taken; there are also 'old'"])
  expect([...source.values('c.w')]).toEqual([1, 2])
})

test('a list of very many', () => {
  const names = Array.from({ length: 300_000 }, (_, i) => `ema.${i}`)
  expect(listed([...names, 'ema.300001', 'x.1', 'w'])).toEqual([])
  expect(listed([...names, 'w.0'])).toEqual([
    { prefix: 'ema.', count: 300_000, most: 299_999 },
    { prefix: 'w.', count: 1, most: 0 },
  ])
})

test("the parameters of diffusers' UNet2DModel in the order of PyTorch", () => {
  // As diffusers 0.42 gives them, one of each kind.
  const order = [
    'conv_in.weight',
    'time_embedding.linear_1.weight',
    'down_blocks.0.resnets.0.norm1.weight',
    'down_blocks.0.downsamplers.0.conv.weight',
    'down_blocks.1.attentions.0.to_q.weight',
    'down_blocks.1.attentions.1.to_q.weight',
    'down_blocks.1.resnets.0.norm1.weight',
    'down_blocks.1.resnets.0.conv1.weight',
    'down_blocks.1.resnets.1.norm1.weight',
    'up_blocks.0.attentions.0.to_q.weight',
    'up_blocks.0.resnets.0.norm1.weight',
    'up_blocks.0.upsamplers.0.conv.weight',
    'mid_block.attentions.0.to_q.weight',
    'mid_block.resnets.0.norm1.weight',
    'mid_block.resnets.1.norm1.weight',
    'conv_norm_out.weight',
    'conv_out.weight',
  ]
  const ours = [0, 1, 2, 3, 6, 7, 4, 8, 5, 13, 12, 14, 10, 9, 11, 15, 16].map((i) => order[i] ?? '')
  expect(inTorchOrder(ours)).toEqual(order)
})
