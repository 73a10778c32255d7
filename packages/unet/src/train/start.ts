import { existsSync } from 'node:fs'
import { getDevice, OptionError } from '@tweedie/tensor'
import type { Arithmetic } from './arithmetic.ts'
import { arithmeticDifference, arithmeticOf } from './arithmetic.ts'
import type { Init } from './init-from.ts'
import type { TrainCommand } from './options.ts'
import { names } from './out-folder.ts'
import type { RunIdentity } from './run-difference.ts'
import { loadTrainState } from './state-file.ts'
import type { TrainState } from './train.ts'
import { initialState } from './train.ts'

/** The state to start from, and the settings that it, and what comes, are computed with. */
export interface Start {
  /** Undefined for fresh parameters. */
  readonly state: TrainState | undefined
  readonly arithmetic: readonly Arithmetic[]
}

/**
 * The state to start from: that in the folder, where it may be continued, or parameters of a checkpoint.
 * @throws {FileFormatError} where the state is damaged.
 * @throws {OptionError} where it is of another run, or of other rounding.
 */
export function startingPoint(
  options: TrainCommand,
  path: string,
  identity: RunIdentity,
  init: Init | undefined,
): Start {
  const now = arithmeticOf(getDevice())
  if (!existsSync(path)) {
    if (options.resume === true) options.onMessage?.(`no ${names.state} in ${options.out}: starting anew`)
    const state =
      init === undefined
        ? undefined
        : { ...initialState(options.config), params: init.params, ema: init.params.slice() }
    return { state, arithmetic: [now] }
  }
  const { state, provenance } = loadTrainState(path, identity)
  const before = provenance.arithmetic
  const difference = arithmeticDifference(before.at(-1) ?? {}, now)
  if (difference !== undefined) {
    if (options.allowOtherRounding !== true) {
      throw new OptionError(
        'resume',
        `${path} was computed with other settings, so the result would not be that of one go: ${difference}; go on under the same settings, or allow other rounding (--allow-other-rounding)`,
      )
    }
    options.onMessage?.(`the result will not be that of one go, bit for bit: ${difference}`)
  }
  options.onMessage?.(`continuing after step ${state.step}`)
  options.onState?.(state.step)
  return { state, arithmetic: difference === undefined ? before : [...before, now] }
}
