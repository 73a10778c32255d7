import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Device, View } from '../../device.ts'
import { DeviceError, OptionError } from '../../errors.ts'
import type { PrimitiveParams } from '../../primitives.ts'
import { createWasmDevice } from '../device.ts'
import { fill } from '../oracle.test.helper.ts'
import { TileRace, winnerOf } from '../product/tile-race.ts'
import { planRelaxed } from '../settings.ts'
import type { TileName } from './tile.ts'
import { tileNames, tiles } from './tile.ts'

// That results do not depend on the tile is checked by every test of products and convolutions: their oracle runs
// each call with all tiles and compares bits.

describe('the race of tiles', () => {
  /** A clock that moves by itself a little, as one does, and that work cannot move. */
  const steadyClock = () => {
    let time = 0
    return () => (time += 0.001)
  }

  test('waits for enough work, takes a few rounds before large primitives, then keeps its choice', () => {
    let time = 0
    const race = new TileRace(false, () => (time += 0.001))
    for (let i = 0; i < 100; i++) race.expect(5e6)
    expect(race.note).toBe('tile 4×8: the default, as long as there is little to multiply')
    race.expect(1e9)
    for (let i = 0; i < 100; i++) {
      race.expect(1000) // Too small to hold a round.
      time += 5
    }
    expect(race.note).toMatch(/as long as/)
    for (let i = 0; i < 11; i++) {
      race.expect(5e6)
      time += 5
    }
    const { note } = race
    expect(note).toMatch(/by timing, GFLOP\/s of one thread: 4×8 [\d.]+, .*8×8 [\d.]+; took 0\.\d ms/)
    for (const name of tileNames) expect(note).toContain(name.replace('x', '×'))
  })

  test('takes no more than a round every few milliseconds, and ends when its time is up', () => {
    const often = new TileRace(false, steadyClock())
    for (let i = 0; i < 50; i++) often.expect(1e9)
    expect(often.note).toMatch(/as long as/)
    let time = 0
    const slow = new TileRace(false, () => (time += 0.004 * (time > 20 ? 1000 : 1)))
    slow.expect(1e9)
    time += 30
    slow.expect(1e9)
    expect(slow.note).toBe('tile 4×8: the default, as times did not settle')
  })

  test('goes on while a tile gets faster, as when the engine optimises its code late', () => {
    // Every reading of the clock is a little less after the one before: measurements get shorter by 3 % a round.
    let [time, step] = [0, 0.004]
    const race = new TileRace(false, () => (time += step))
    race.expect(1e9)
    for (let round = 0; round < 30; round++) {
      race.expect(5e6)
      step *= 0.97
      time += 5
    }
    expect(race.note).toMatch(/as long as/)
    for (let round = 0; round < 7; round++) {
      race.expect(5e6)
      time += 5
    }
    expect(race.note).toMatch(/by timing/)
  })

  test('keeps the default where the clock is coarse, and says so', () => {
    let calls = 0
    const race = new TileRace(false, () => Math.floor(++calls / 50))
    race.expect(2e9)
    expect(race.note).toBe('tile 4×8: the default, as the clock is too coarse here to time others')
  })

  test('changes only for a tile that is clearly faster', () => {
    const speeds = { '4x8': 40, '5x8': 41, '6x8': 25, '3x12': 39, '2x16': 38, '8x8': 30 }
    expect(winnerOf(speeds)).toBe('4x8')
    expect(winnerOf({ ...speeds, '5x8': 42.5, '3x12': 43 })).toBe('3x12')
  })
})

const valid: PrimitiveParams['conv2d'] = {
  ...{ stride: [1, 1], lhsDilation: [1, 1], rhsDilation: [1, 1], groups: 1 },
  padding: [
    [0, 0],
    [0, 0],
  ],
}

/** A matrix of random numbers on a device. */
function matrix(device: Device, rows: number, columns: number): View {
  const buffer = device.allocate('float32', rows * columns)
  device.write(buffer, 'float32', fill('float32', rows * columns, rows))
  return { buffer, dtype: 'float32', shape: [rows, columns], strides: [columns, 1], offset: 0 }
}

/** The product of two matrices, as bits. */
async function product(device: Device, a: View, b: View): Promise<Int32Array> {
  const shape = [a.shape[0]!, b.shape[1]!] as const
  const buffer = device.run({ primitive: 'matmul', inputs: [a, b], params: {}, dtype: 'float32', shape })
  const size = shape[0] * shape[1]
  const values = await device.read(buffer, 'float32', size)
  device.free(buffer, 'float32', size)
  return new Int32Array(values.buffer, values.byteOffset, size)
}

describe('a device', () => {
  test('whose tile changes between two calls gives the same bits, on one thread and on more', async () => {
    for (const threads of [1, 2]) {
      let name: TileName = '4x8'
      const tile = {
        get tile() {
          return tiles[name]
        },
        expect: () => undefined,
        note: 'a tile that changes',
      }
      const device = createWasmDevice({ threads, tile })
      expect(device.info().notes).toContain('a tile that changes')
      const [a, b] = [matrix(device, 163, 700), matrix(device, 700, 157)]
      const x = { ...a, shape: [1, 7, 163, 100], strides: [0, 16_300, 100, 1] }
      const w = { ...b, shape: [5, 7, 3, 3], strides: [63, 9, 3, 1] }
      const convolved = async () => {
        const shape = [1, 5, 161, 98]
        const out = device.run({
          primitive: 'conv2d',
          inputs: [x, w],
          params: valid,
          dtype: 'float32',
          shape,
        })
        const values = await device.read(out, 'float32', 5 * 161 * 98)
        return new Int32Array(values.buffer, values.byteOffset, values.length)
      }
      const [multiplied, filtered] = [await product(device, a, b), await convolved()]
      for (name of [...tileNames, '4x8'] as const) {
        expect(await product(device, a, b), `product ${name}`).toEqual(multiplied)
        expect(await convolved(), `convolution ${name}`).toEqual(filtered)
      }
    }
  })

  test('holds the race once it has multiplied enough, says so, and gives the same bits after it', async () => {
    vi.stubEnv('TWEEDIE_TILE', undefined)
    const device = createWasmDevice({ threads: 1 })
    const note = () => device.info().notes.find((line) => line.startsWith('tile'))
    const x = matrix(device, 400, 400)
    const before = await product(device, x, x)
    expect(note()).toBe('tile 4×8: the default, as long as there is little to multiply')
    while (note()!.includes('as long as')) await product(device, x, x)
    // A machine that is busy with something else may keep the times from settling.
    expect(note()).toMatch(
      /^tile (\d×\d+: by timing, GFLOP\/s of one thread: 4×8 [\d.]+, .*; took [\d.]+ ms|4×8: the default, as times did not settle)$/,
    )
    expect(await product(device, x, x)).toEqual(before)
    vi.unstubAllEnvs()
  })
})

describe('settings of the device', () => {
  afterEach(() => vi.unstubAllEnvs())

  test.each(tileNames)('tile %s by option and by variable, with the right product', async (tile) => {
    vi.stubEnv('TWEEDIE_TILE', tile)
    for (const options of [{ tile }, {}]) {
      const device = createWasmDevice({ ...options, threads: 1 })
      const { mr, nr } = tiles[tile]
      expect(device.info().notes.join('; ')).toContain(`tile ${mr}×${nr}: ${options.tile ? 'as' : 'TWEEDIE'}`)
      const x = device.allocate('float32', 33 * 33)
      device.write(x, 'float32', new Float32Array(33 * 33).fill(1))
      const view = { buffer: x, dtype: 'float32', shape: [33, 33], strides: [33, 1], offset: 0 } as const
      const call = { primitive: 'matmul', inputs: [view, view], params: {}, dtype: 'float32' } as const
      const out = device.run({ ...call, shape: [33, 33] })
      expect(new Set(await device.read(out, 'float32', 33 * 33))).toEqual(new Set([33]))
    }
  })

  test('name what is wrong', () => {
    expect(() => createWasmDevice({ tile: '7x7' as '4x8' })).toThrow(OptionError)
    expect(() => createWasmDevice({ tile: '7x7' as '4x8' })).toThrow(/no tile '7x7'; take one of 4x8, 5x8/)
    vi.stubEnv('TWEEDIE_TILE', 'toString')
    expect(() => createWasmDevice()).toThrow(/TWEEDIE_TILE: there is no tile/)
    vi.unstubAllEnvs()
    vi.stubEnv('TWEEDIE_RELAXED_SIMD', 'off')
    expect(() => createWasmDevice()).toThrow(/TWEEDIE_RELAXED_SIMD: must be 0 or 1, got 'off'/)
  })

  test('relaxed SIMD by option, variable, or availability', () => {
    vi.stubEnv('TWEEDIE_RELAXED_SIMD', undefined)
    expect(planRelaxed(undefined, true)).toEqual({ relaxedSimd: true, reason: 'the engine has it' })
    expect(planRelaxed(undefined, false)).toEqual({ relaxedSimd: false, reason: 'not here' })
    expect(() => planRelaxed(true, false)).toThrow(DeviceError)
    vi.stubEnv('TWEEDIE_RELAXED_SIMD', '0')
    expect(planRelaxed(undefined, true)).toEqual({ relaxedSimd: false, reason: 'TWEEDIE_RELAXED_SIMD=0' })
    expect(createWasmDevice().info().notes[0]).toBe(
      'relaxed SIMD (fused multiply-add): off (TWEEDIE_RELAXED_SIMD=0)',
    )
    expect(planRelaxed(true, true).relaxedSimd).toBe(true)
    vi.stubEnv('TWEEDIE_RELAXED_SIMD', '1')
    expect(() => planRelaxed(undefined, false)).toThrow(/TWEEDIE_RELAXED_SIMD=1, but this engine has none/)
  })
})
