import { smallSettings } from '@tweedie/calibration'
import type { AnyMethod, Settings } from '@tweedie/solvers'
import { formatSpec } from '@tweedie/solvers'
import { OptionError } from '@tweedie/tensor'
import type { Io } from '../../io.ts'
import { resolveSettings, resolveWithPreset } from '../../resolve.ts'

/** What a command line says of what draws. */
export interface DrawerOptions {
  readonly method: string
  readonly preset?: string
  readonly steps?: number
  readonly set?: Readonly<Record<string, string>>
}

/** What draws: a method with its settings, or the closed form. */
export type Drawer = { readonly words: string } & (
  | { readonly method: AnyMethod; readonly given: Settings; readonly preset: boolean }
  | { readonly method: undefined }
)

/** @throws {OptionError} for no such method, or options that it does not have. */
export async function drawerOf(io: Io, { method: text, preset, set, steps }: DrawerOptions): Promise<Drawer> {
  if (text === 'exact') {
    if ((preset ?? set ?? steps) !== undefined)
      throw new OptionError('--method', 'exact is the closed form: it takes no --preset, --set or --steps')
    return { method: undefined, words: 'exact' }
  }
  const { entry: method, settings } = await resolveWithPreset(io, text, preset)
  const asked = { ...settings, ...set, ...(steps === undefined ? {} : { steps }) }
  for (const name of ['seed', 'firstSample', 'resume'])
    if (Object.hasOwn(asked, name))
      throw new OptionError(
        '--set',
        `${name} is not one to set here${name === 'seed' ? '; give --seed' : ''}`,
      )
  const filled = await resolveSettings(method, asked, '--set')
  const given = Object.fromEntries(Object.keys(asked).map((name) => [name, filled[name]]))
  return { method, given, preset: preset !== undefined, words: formatSpec(method.info.name, given) }
}

/**
 * All settings for a problem of a few numbers: methods whose defaults are meant for pictures have others there, unless a preset
 * was asked for.
 */
export async function forNumbers({
  method,
  given,
  preset,
}: Extract<Drawer, { readonly given: Settings }>): Promise<{
  readonly settings: Settings
  readonly words: string
  readonly notes: readonly string[]
}> {
  const { name } = method.info
  const small = preset ? {} : (smallSettings[name]?.settings ?? {})
  const own = Object.fromEntries(Object.entries(small).filter(([key]) => !Object.hasOwn(given, key)))
  const all = { ...own, ...given }
  const settings = await resolveSettings(method, all, '--set')
  const notes =
    Object.keys(own).length === 0
      ? []
      : [`${formatSpec(name, own)} as for problems of a few numbers, where nothing else is set`]
  return { settings, words: formatSpec(name, all), notes }
}
