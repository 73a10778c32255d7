import { DeviceError } from '../errors.ts'
import { tileRace } from './product/tile-race.ts'
import { environment, environmentSwitch } from './runtime/environment.ts'
import type { TileChoice } from './runtime/tile.ts'
import { checkedTile, fixedTile } from './runtime/tile.ts'

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
  const fallback = [available, available ? 'the engine has it' : 'not here'] as const
  const [relaxedSimd, reason] = switched(asked, 'TWEEDIE_RELAXED_SIMD', fallback)
  if (relaxedSimd && !available)
    throw new DeviceError(`wasm: relaxed SIMD ${reason}, but this engine has none`)
  return { relaxedSimd, reason }
}

/** What is on and why: as asked for, else by an environment variable (0 or 1), else as it is. */
function switched(
  asked: boolean | undefined,
  variable: string,
  fallback: readonly [on: boolean, reason: string],
): readonly [on: boolean, reason: string] {
  if (asked !== undefined) return [asked, 'as asked for']
  const set = environmentSwitch(variable)
  return set === undefined ? fallback : [set, `${variable}=${Number(set)}`]
}

/**
 * The tile asked for (by name, or a choice that may change between calls), else that of the environment variable
 * TWEEDIE_TILE, else the fastest by timing.
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
  const [winograd, reason] = switched(asked, 'TWEEDIE_WINOGRAD', [true, 'by default'])
  return { winograd, reason }
}
