import { integer } from '@tweedie/solvers'
import { Command } from 'commander'
import { onDevice } from '../../device.ts'
import type { Io } from '../../io.ts'
import { backendOption, deviceOption, names, noiseOption, specOption } from '../../terminal/options.ts'
import type { DemoOptions } from './demo.ts'
import { demoMethods, demoSets, demoTasks } from './plan.ts'

/** An option that takes some of the names of a plan, all of them by default. */
const namesOption = (what: string, plan: Readonly<Record<string, unknown>>) =>
  specOption(`--${what} <names>`, names(`${what}, separated by commas`, { default: Object.keys(plan) }))

const digitMethods = Object.keys(demoMethods).join(',')
const photographMethods = Object.keys(demoSets.photographs.methods).join(',')

export function demoCommand(io: Io): Command {
  return new Command('demo')
    .description(
      'Restores held-out handwritten digits and photographs by several methods and writes a report.',
    )
    .option('--out <dir>', 'folder for the report, pictures and run.json', 'out/demo')
    .addOption(specOption('--count <n>', integer('how many digits', { default: 8, min: 1, max: 64 })))
    .addOption(
      specOption('--seed <n>', integer('seed of the noise and of the methods', { default: 0, min: 0 })),
    )
    .addOption(namesOption('pictures', demoSets))
    .addOption(
      specOption(
        '--methods <names>',
        names('methods, separated by commas', {
          otherwise: `${digitMethods} for digits, ${photographMethods} for photographs`,
        }),
      ),
    )
    .addOption(namesOption('tasks', demoTasks))
    .addOption(
      noiseOption(`${demoSets.digits.noise} for digits, ${demoSets.photographs.noise} for photographs`),
    )
    .addOption(
      specOption(
        '--steps <n>',
        integer('steps of every method', { min: 1, max: 1000, otherwise: "each method's own" }),
      ),
    )
    .option('--prior <name>', 'prior of the digits, see `tweedie priors`', demoSets.digits.prior)
    .addOption(deviceOption())
    .addOption(backendOption())
    .option('--json', 'print the run as JSON')
    .addHelpText(
      'after',
      `
Writes report.html, contact-sheet.png and run.json. An earlier run in the folder is replaced when the new one
is complete; a folder that holds anything else is refused. Takes up to three minutes on two slow cores.`,
    )
    .action(async (options: DemoOptions, command: Command) => {
      const { demo } = await import('./demo.ts')
      await onDevice(options, () => demo(io, options, command.parent?.args ?? []))
    })
}
