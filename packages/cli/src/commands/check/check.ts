import { InterruptedError } from '@tweedie/runs'
import { breathe } from '@tweedie/solvers'
import type { Law } from '@tweedie/solvers/laws'
import { methodLaws, operatorLaws, priorLaws } from '@tweedie/solvers/laws'
import type { Shape } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import type { DeviceOptions } from '../../device.ts'
import { LawsBrokenError } from '../../errors.ts'
import type { Io } from '../../io.ts'
import { ownAny, ownModule } from '../../own/index.ts'
import { ownSettings, resolvePreset } from '../../resolve.ts'
import { formatTable } from '../../terminal/table.ts'

/** The options of `tweedie check`, defaults filled in. */
export interface CheckOptions extends DeviceOptions {
  /** [C, H, W] of what an operator measures. */
  readonly shape: Shape
  /** Of the method. */
  readonly preset?: string
  readonly json?: boolean
}

async function lawsOf(
  io: Io,
  text: string,
  options: CheckOptions,
): Promise<{ what: string; laws: readonly Law[] }> {
  const module = ownModule(text)
  if (module === undefined)
    throw new OptionError(
      'check',
      `'${text}' is no TypeScript or JavaScript file; name one, such as ./mine.ts`,
    )
  const own = await ownAny(io, module, 'check')
  const { preset } = options
  if (preset !== undefined && own.kind !== 'method')
    throw new OptionError(
      '--preset',
      `presets are of methods; '${module.file}' exports a kind of ${own.kind}`,
    )
  if (own.kind === 'prior') return { what: `prior '${own.value.name}'`, laws: priorLaws(own.value) }
  const { info } = own.value
  const given = ownSettings(own.kind, own.value, module.settings)
  if (own.kind === 'method') {
    const settings =
      preset === undefined ? given : { ...(await resolvePreset(own.value, preset)).settings, ...given }
    return { what: `method '${info.name}'`, laws: methodLaws(own.value, { settings }) }
  }
  const operator = own.value.make(options.shape, given)
  return { what: `operator '${info.name}'`, laws: operatorLaws(operator) }
}

/**
 * Tests a module of the user's against the laws of its kind, and prints which hold.
 * @throws {LawsBrokenError} where one does not.
 */
export async function check(io: Io, text: string, options: CheckOptions): Promise<void> {
  const { what, laws } = await lawsOf(io, text, options)
  const rows: { law: string; holds: boolean; why: string }[] = []
  for (const { name, holds } of laws) {
    await breathe()
    if (io.signal.aborted) throw new InterruptedError('interrupted')
    const why = await holds().then(
      () => undefined,
      (error: unknown) => {
        return error instanceof Error
          ? `${error.name === 'LawError' ? '' : `${error.name}: `}${error.message}`
          : String(error)
      },
    )
    rows.push({ law: name, holds: why === undefined, why: why ?? '' })
  }
  const broken = rows.filter(({ holds }) => !holds).length
  io.out(
    options.json === true
      ? `${JSON.stringify({ what, laws: rows }, null, 2)}\n`
      : `${formatTable(
          rows,
          [
            {
              title: '',
              value: ({ holds }) => (holds ? '✓' : '✗'),
              tint: ({ holds }, c) => (holds ? c.green : c.red),
            },
            { title: what, least: 20, value: ({ law }) => law },
            { title: 'found', least: 20, value: ({ why }) => why },
          ],
          io,
        )}${broken === 0 ? `\nAll ${rows.length} laws hold.\n` : ''}`,
  )
  if (broken > 0) throw new LawsBrokenError(broken, rows.length)
}
