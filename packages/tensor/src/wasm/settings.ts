import { DeviceError, OptionError } from '../errors.ts'
import type { TileChoice } from './tile.ts'
import { checkedTile, fixedTile } from './tile.ts'
import { tileRace } from './tile-race.ts'

/** An environment variable of Node, where it is set to something. */
export function environment(name: string): string | undefined {
  const value = globalThis.process?.env?.[name]
  return value === '' ? undefined : value
}

/** Whether to use fused multiply-add, and, for people, why. */
export interface RelaxedPlan {
  readonly relaxedSimd: boolean
  readonly reason: string
}

/**
 * Fused multiply-add as asked for, else by the environment variable TWEEDIE_RELAXED_SIMD (0 or 1), else where there is
 * any. Never by timing, for it changes results.
 * @throws {DeviceError} where it was asked for and is not `available`.
 * @throws {OptionError} for any other value of the variable.
 */
export function planRelaxed(asked: boolean | undefined, available: boolean): RelaxedPlan {
  const variable = environment('TWEEDIE_RELAXED_SIMD')
  const plan = (relaxedSimd: boolean, reason: string): RelaxedPlan => {
    if (relaxedSimd && !available)
      throw new DeviceError(`wasm: relaxed SIMD ${reason}, but this engine has none`)
    return { relaxedSimd, reason }
  }
  if (asked !== undefined) return plan(asked, 'as asked for')
  if (variable === undefined)
    return { relaxedSimd: available, reason: available ? 'the engine has it' : 'not here' }
  if (variable !== '0' && variable !== '1') {
    throw new OptionError('TWEEDIE_RELAXED_SIMD', `must be 0 or 1, got '${variable}'`)
  }
  return plan(variable === '1', `TWEEDIE_RELAXED_SIMD=${variable}`)
}

/**
 * The tile asked for (by name, or a choice that may change between calls), else that of the environment variable TWEEDIE_TILE, else the fastest by timing.
 * @throws {OptionError} for a name that no tile has.
 */
export function planTile(asked: string | TileChoice | undefined, relaxed: boolean): TileChoice {
  if (typeof asked === 'object') return asked
  if (asked !== undefined) return fixedTile(checkedTile('tile', asked), 'as asked for')
  const variable = environment('TWEEDIE_TILE')
  if (variable === undefined) return tileRace(relaxed)
  return fixedTile(checkedTile('TWEEDIE_TILE', variable), `TWEEDIE_TILE=${variable}`)
}

/** Whether Winograd's algorithm may be used, and, for people, why. */
export interface WinogradPlan {
  readonly winograd: boolean
  readonly reason: string
}

/**
 * Winograd's algorithm as asked for, else by the environment variable TWEEDIE_WINOGRAD (0 or 1), else allowed.
 * @throws {OptionError} for any other value of the variable.
 */
export function planWinograd(asked: boolean | undefined): WinogradPlan {
  if (asked !== undefined) return { winograd: asked, reason: 'as asked for' }
  const variable = environment('TWEEDIE_WINOGRAD')
  if (variable === undefined) return { winograd: true, reason: 'by default' }
  if (variable !== '0' && variable !== '1') {
    throw new OptionError('TWEEDIE_WINOGRAD', `must be 0 or 1, got '${variable}'`)
  }
  return { winograd: variable === '1', reason: `TWEEDIE_WINOGRAD=${variable}` }
}
