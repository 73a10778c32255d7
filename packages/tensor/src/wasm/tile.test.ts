import { afterEach, describe, expect, test, vi } from 'vitest'
import { DeviceError, OptionError } from '../errors.ts'
import { createWasmDevice } from './device.ts'
import { planRelaxed } from './settings.ts'
import { tileNames, tiles } from './tile.ts'
import { TileRace, winnerOf } from './tile-race.ts'

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
    expect(slow.note).toMatch(/by timing/)
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
    expect(winnerOf({ ...speeds, '5x8': 42, '3x12': 43 })).toBe('3x12')
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
