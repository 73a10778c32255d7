import { Command, Option } from 'commander'
import { onDevice } from '../../device.ts'
import type { Io } from '../../io.ts'
import { deviceOption, integer, list, noise } from '../../terminal/options.ts'
import type { DemoOptions } from './demo.ts'
import { demoMethods, demoNoise, demoTasks } from './plan.ts'

/** An option that takes some of the names of a plan, all of them by default. */
const names = (what: string, plan: Readonly<Record<string, unknown>>) =>
  new Option(`--${what} <names>`, `${what}, separated by commas`)
    .argParser(list)
    .default(Object.keys(plan), Object.keys(plan).join(','))

export function demoCommand(io: Io): Command {
  return new Command('demo')
    .description('Restores held-out handwritten digits by several methods and writes a report.')
    .option('--out <dir>', 'folder for the report, pictures and run.json', 'out/demo')
    .option('--count <n>', 'how many digits', integer(1, 64), 8)
    .option('--seed <n>', 'seed of the noise and of the methods', integer(0), 0)
    .addOption(names('methods', demoMethods))
    .addOption(names('tasks', demoTasks))
    .option('--noise <sigma>', 'σ_y, for the data range [−1, 1]', noise, demoNoise)
    .option('--steps <n>', "steps of every method (default: each method's own)", integer(1, 1000))
    .option('--prior <name>', 'prior, see `tweedie priors`', 'digits')
    .addOption(deviceOption())
    .option('--json', 'print the run as JSON')
    .addHelpText(
      'after',
      `
Writes report.html, contact-sheet.png and run.json. An earlier run in the folder is replaced when the new one
is complete; a folder that holds anything else is refused. Takes up to three minutes on two slow cores.`,
    )
    .action(async (options: DemoOptions, command: Command) => {
      const { demo } = await import('./demo.ts')
      await onDevice(options.device, () => demo(io, options, command.parent?.args ?? []))
    })
}
