import type { OptionSpec } from '@tweedie/solvers'
import type { Shape } from '@tweedie/tensor'
import { Command } from 'commander'
import { onDevice } from '../../device.ts'
import type { Io } from '../../io.ts'
import { backendOption, deviceOption, specOption } from '../../terminal/options.ts'
import type { CheckOptions } from './check.ts'

const shape: OptionSpec<Shape> = {
  doc: 'image size for an operator',
  range: 'three integers from 1 to 64, such as 1x8x8',
  control: { kind: 'text' },
  parse: (text) => text.split(/[x×]/).map(Number),
  accepts: (value): value is Shape =>
    Array.isArray(value) &&
    value.length === 3 &&
    value.every((side) => Number.isInteger(side) && side >= 1 && side <= 64),
}

export function checkCommand(io: Io): Command {
  return new Command('check')
    .description('Tests a method, an operator or a prior of yours against what holds for all of them.')
    .argument(
      '<module>',
      'a TypeScript or JavaScript file; an operator takes options, as in ./camera.ts:gain=2',
    )
    .addOption(specOption('--shape <CxHxW>', shape).default([1, 8, 8], '1x8x8'))
    .option('--preset <name>', 'check a method with the settings of this preset of its own')
    .addOption(deviceOption())
    .addOption(backendOption())
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
A method: a batch equals its samples one by one, a stopped run goes on bit for bit, the same seed gives the same
result, the prior is evaluated as often as it says, nothing is left in memory, …; an operator: ⟨Ax, y⟩ = ⟨x, Aᵀy⟩,
gradients, A⁺ and SVD where it has them; a prior: shapes, finite values, gradients.

Exit code 1 where a law does not hold.`,
    )
    .action(async (module: string, options: CheckOptions) => {
      const { check } = await import('./check.ts')
      await onDevice(options, () => check(io, module, options))
    })
}
