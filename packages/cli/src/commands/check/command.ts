import { Command } from 'commander'
import { onDevice } from '../../device.ts'
import type { Io } from '../../io.ts'
import { deviceOption } from '../../terminal/options.ts'
import type { CheckOptions } from './check.ts'

export function checkCommand(io: Io): Command {
  return new Command('check')
    .description('Tests a method, an operator or a prior of yours against what holds for all of them.')
    .argument(
      '<module>',
      'a TypeScript or JavaScript file; an operator takes options, as in ./camera.ts:gain=2',
    )
    .option('--shape <CxHxW>', 'image size for an operator', '1x8x8')
    .addOption(deviceOption())
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
      await onDevice(options.device, () => check(io, module, options))
    })
}
