import { Command, CommanderError } from 'commander'
import { benchCommand } from './commands/bench/command.ts'
import { checkCommand } from './commands/check/command.ts'
import { convertCommand } from './commands/convert/command.ts'
import { demoCommand } from './commands/demo/command.ts'
import { inspectCommand } from './commands/inspect.ts'
import { listCommands, priorsCommand } from './commands/lists.ts'
import { methodsCommand } from './commands/methods.ts'
import { newCommand } from './commands/new/command.ts'
import { posteriorCommand } from './commands/posterior/command.ts'
import { restoreCommand } from './commands/restore/command.ts'
import { runCommand } from './commands/run/command.ts'
import { sampleCommand } from './commands/sample/command.ts'
import { studioCommand } from './commands/studio.ts'
import { trainCommand } from './commands/train/command.ts'
import { tuneCommand } from './commands/tune/command.ts'
import { unetCommand } from './commands/unet/command.ts'
import { exitCodes, explain } from './errors.ts'
import type { Io } from './io.ts'
import { version } from './version.ts'

function program(io: Io): Command {
  const root = new Command('tweedie')
    .description('Diffusion models for inverse problems, in TypeScript, all the way down.')
    .version(version, '-V, --version')
    .addHelpText(
      'after',
      `
Examples:
  tweedie demo                            restore held-out digits by several methods; writes out/demo
  tweedie restore IMG.png --operator inpaint:box=14 --noise 0.05 --out out/mine
  tweedie convert photo.jpg photo.npy     pictures, arrays of numbers, checkpoints
  tweedie methods                         what each method needs
  tweedie studio --open                   see methods at work, in a page on this machine
  tweedie new method my-method            begins a method of your own, to be used by --method ./my-method.ts

Exit codes: 0 done, 1 failed, 2 wrong use or bad input, 130 interrupted (nothing is left half-written).`,
    )
  for (const make of [
    demoCommand,
    restoreCommand,
    posteriorCommand,
    runCommand,
    sampleCommand,
    trainCommand,
    tuneCommand,
    methodsCommand,
    ...listCommands,
    priorsCommand,
    newCommand,
    checkCommand,
    inspectCommand,
    convertCommand,
    unetCommand,
    benchCommand,
    studioCommand,
  ]) {
    root.addCommand(make(io))
  }
  // Every command throws instead of leaving the process, and writes where we are told to.
  for (const command of [root, ...root.commands, ...root.commands.flatMap((child) => child.commands)]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      outputError: (text, write) =>
        write(
          `tweedie: ${text
            .replace(/^error: /, '')
            .trim()
            .replace(/\s*\n\s*/g, ' ')}\n`,
        ),
      getOutHasColors: () => io.color,
      getErrHasColors: () => io.terminal !== undefined,
    })
  }
  return root
}

/**
 * Runs one `tweedie` command line and returns its exit code: 0 done, 1 failed, 2 wrong use or bad input,
 * 130 interrupted. Errors are written to `io.err`, one line each unless they are bugs.
 * @param argv - What follows `tweedie`.
 */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  const root = program(io)
  if (argv.length === 0) {
    io.err(root.helpInformation())
    return exitCodes.wrongUse
  }
  try {
    await root.parseAsync([...argv], { from: 'user' })
    return exitCodes.done
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.wrongUse
    const { code, message } = explain(error)
    io.err(`tweedie: ${message}\n`)
    return code
  }
}
