import { Argument, Command, InvalidArgumentError } from 'commander'
import type { Io } from '../../io.ts'
import type { NewKind, NewOptions } from './new.ts'

const kinds: readonly NewKind[] = ['method', 'operator', 'prior']

function moduleName(text: string): string {
  if (/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(text)) return text
  throw new InvalidArgumentError('It must be lower-case words joined by hyphens, such as my-method.')
}

export function newCommand(io: Io): Command {
  return new Command('new')
    .description('Begins a method, an operator or a prior of your own: a module that works, and its tests.')
    .addArgument(new Argument('<kind>', 'what to begin').choices(kinds))
    .argument('<name>', 'its name, such as my-method', moduleName)
    .option('--out <dir>', 'folder of the two files', '.')
    .addHelpText(
      'after',
      `
Writes NAME.ts and NAME.test.ts; files that are there already are left alone. The module runs at once:

  tweedie new method my-method
  tweedie check ./my-method.ts
  tweedie restore digit.png --operator sr:2 --method ./my-method.ts
  node --test my-method.test.ts           where @tweedie/solvers is installed`,
    )
    .action(async (kind: NewKind, name: string, options: NewOptions) => {
      const { begin } = await import('./new.ts')
      await begin(io, kind, name, options)
    })
}
